"""What the verbs that judge a dataset share: their arguments, the settings of a run, the measured store."""

import argparse
import dataclasses
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import duckdb

from tunegate.check import Gate, apply_limits, load_gates, packaged_gates, select
from tunegate.cli._progress import progress_bar
from tunegate.config import MOST_TOKENS, Config, load_config
from tunegate.errors import StoreError, UsageError, did_you_mean
from tunegate.judge_child import database_fault
from tunegate.scratch import scratch_folder
from tunegate.sources import AGAINST, EVAL, Source, find_compared, find_sources, require_utf8
from tunegate.store import Store
from tunegate.store_build import measured_store
from tunegate.tokens.tokenizer import Tokenizer, load_tokenizer
from tunegate.verdict import Scalar

FIELDS = ("category", "difficulty", "split")
_SETTINGS = {AGAINST: "against", EVAL: "against_eval"}
LONGEST_SECONDS = 1_000_000  # eleven days


@dataclass(frozen=True)
class Run:
    """The settings of a run, after the command line has overruled the config file."""

    config: Config
    gates: tuple[Gate, ...]
    fields: Mapping[str, str]
    option: Mapping[str, str | int]
    config_file: Path | None = None  # as named on the command line
    compared: Mapping[str, tuple[str, ...]] = dataclasses.field(default_factory=dict)  # role -> files, as named
    tokenizer: Tokenizer | None = None

    @property
    def signals(self) -> list[str]:
        """The signals that the checks read."""
        return sorted({name for gate in self.gates for check in gate.checks for name in check.signals})

    @property
    def parameters(self) -> Mapping[str, object]:
        """What the signals are measured with."""
        axes: dict[str, object] = {"axes": list(self.config.balance)} if self.config.balance else {}
        return {**axes, "tokenizer": self.tokenizer} if self.tokenizer else axes

    @property
    def report_settings(self) -> Mapping[str, Scalar | list[Scalar]]:
        """The settings that a reader of the report needs to repeat the run."""
        config = {"config": str(self.config_file)} if self.config_file else {}
        tokenizer = {"tokenizer_sha256": self.tokenizer.sha256} if self.tokenizer else {}
        if self.tokenizer and self.tokenizer.reason:
            tokenizer["tokenizer_not_native"] = self.tokenizer.reason
        if self.tokenizer and self.tokenizer.template:
            tokenizer["chat_template"] = self.tokenizer.template.origin
        compared: dict[str, list[Scalar]] = {
            _SETTINGS[role]: [*names] for role, names in self.compared.items() if names
        }
        return {**config, **tokenizer, **{f"field {field}": name for field, name in self.fields.items()}, **compared}


def add_dataset_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the sources, the config and the store."""
    parser.add_argument("sources", nargs="+", metavar="SOURCE", help="file, directory, pattern, or - for stdin")
    add_run_arguments(parser)


def add_run_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what a run is settled by beside its sources."""
    parser.add_argument(
        "-c", "--config", type=Path, metavar="FILE", help="settings (default: tunegate.yaml, when there is one)"
    )
    parser.add_argument(
        "--field",
        action="append",
        default=[],
        metavar="FIELD=NAME",
        help="the key that holds category, difficulty or split",
    )
    parser.add_argument(
        "--against",
        action="append",
        default=[],
        metavar="FILE",
        help="records that the samples must not repeat, such as held-out data; also a directory or a pattern",
    )
    parser.add_argument(
        "--against-eval",
        action="append",
        default=[],
        metavar="FILE",
        help="benchmark items that the samples must not hold (.jsonl, .json, .csv, .tsv); also a folder or a pattern",
    )
    parser.add_argument(
        "--store", type=Path, metavar="FILE", help="keep the measurements in this DuckDB file and reuse them"
    )


def add_gate_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare which checks run and how."""
    parser.add_argument(
        "--gates", action="append", default=[], metavar="IDS", help="only these gates and checks, such as Q1,Q5,Q103"
    )
    parser.add_argument(
        "--method", metavar="NAME", help="how the model will be tuned: lora, qlora, full, dpo, distillation"
    )
    parser.add_argument(
        "--tokenizer", metavar="PATH", help="the model's tokenizer.json, or its folder; nothing is counted without one"
    )
    parser.add_argument(
        "--max-length",
        type=_tokens,
        metavar="N",
        help="how many tokens of a sample training takes, as the trainer has it",
    )
    parser.add_argument(
        "--check-timeout",
        type=_seconds,
        default=60.0,
        metavar="S",
        help="seconds before a check is stopped (default: 60)",
    )


def settled(options: argparse.Namespace) -> Run:
    """Return the settings of the run. Raises UsageError, ConfigError, CheckError."""
    config = load_config(options.config)
    loaded = load_gates([packaged_gates(), *config.check_folders])
    wanted = chosen(options.gates)
    if options.gates and not wanted:
        raise UsageError("--gates names no gate or check, expected ids such as Q1,Q5,Q103")
    gates = select(apply_limits(loaded, config), wanted or config.gates)
    option = _run_option(options, config)
    fields = config.fields.mapping() | dict(map(_field, options.field))
    compared = {
        AGAINST: tuple(options.against) or config.beside(config.against),
        EVAL: tuple(options.against_eval) or config.beside(config.against_eval),
    }
    tokenizer = load_tokenizer(str(option["tokenizer"])) if "tokenizer" in option else None
    return Run(config, gates, fields, option, options.config, compared, tokenizer)


def _run_option(options: argparse.Namespace, config: Config) -> dict[str, str | int]:
    """Return the run options that are set: what a check's case is picked by, and what a check may need."""
    named = config.beside((config.tokenizer,))[0] if config.tokenizer else None
    configured = named if named and Path(named).exists() else config.tokenizer
    option = {
        "method": options.method or config.method,
        "tokenizer": configured if options.tokenizer is None else options.tokenizer,
        "max_length": options.max_length or config.max_length,
    }
    return {name: value for name, value in option.items() if value is not None}


@contextmanager
def measured(options: argparse.Namespace, run: Run, shown: Sequence[str] | None = None) -> Iterator[Store]:
    """Read and measure the sources into a store, which goes away afterwards unless the user named its file.

    shown: the files to read instead of the sources, some of which may be what the data is compared with.
    """
    with scratch_folder() as scratch:
        found = _sources(options.sources, run, scratch) if shown is None else _shown_sources(shown, run, scratch)
        require_utf8(source.name for source in found)
        total = sum(source.path.stat().st_size for source in found)
        with explained(f"{options.store or 'the temporary store'}"):
            with progress_bar(total) as progress:
                store = measured_store(found, run.fields, run.signals, options.store, scratch, progress)
            with closing(store):
                _require_fields(store, run.fields)
                yield store


def _sources(named: Sequence[str], run: Run, scratch: Path) -> tuple[Source, ...]:
    data = find_sources(named, scratch)
    return data + find_compared(run.compared, data)


def _shown_sources(named: Sequence[str], run: Run, scratch: Path) -> tuple[Source, ...]:
    """Return the files named that are data with all they are compared with; the files as they are when none is."""
    compared = {source.name for source in find_compared(run.compared, ())}
    data = [name for name in named if name not in compared]
    return _sources(data, run, scratch) if data else find_sources(named, scratch)


@contextmanager
def explained(store: str) -> Iterator[None]:
    """Make an error of ours of what DuckDB raises, such as on a full disk, and an interrupt of what was one."""
    try:
        yield
    except duckdb.InterruptException as error:
        raise KeyboardInterrupt from error
    except duckdb.Error as error:
        reason = database_fault(error)
        raise StoreError(f"{store} cannot be used: {reason}; name another file or make room") from error
    except RuntimeError as error:
        if str(error) == "Query interrupted":  # what DuckDB makes of a KeyboardInterrupt
            raise KeyboardInterrupt from error
        raise


def _require_fields(store: Store, fields: Mapping[str, str]) -> None:
    """Raise UsageError for a field mapped to a key that no sample has: nothing would be judged by it, silently."""
    for field, name in fields.items():
        if not store.has_values(field):
            raise UsageError(f'{field}={name}: no sample has the key "{name}", at its top level or in its metadata')


def chosen(texts: Iterable[str]) -> list[str]:
    """Return the ids of `Q1,Q5` and repeated options as one list."""
    return [word.strip() for text in texts for word in text.split(",") if word.strip()]


def _field(text: str) -> tuple[str, str]:
    field, separator, name = text.partition("=")
    if not separator or not name:
        raise UsageError(f'--field is "{text}", expected FIELD=NAME such as category=topic')
    if field not in FIELDS:
        known = ", ".join(FIELDS)
        raise UsageError(f'--field maps "{field}", expected one of {known}.{did_you_mean(field, FIELDS)}')
    return field, name


def _tokens(text: str) -> int:
    tokens = int(text) if re.fullmatch(r"[0-9]{1,10}", text) else 0
    if not 1 <= tokens <= MOST_TOKENS:
        raise argparse.ArgumentTypeError(f'"{text[:20]}" is no whole number of tokens from 1 to {MOST_TOKENS:,}')
    return tokens


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds <= LONGEST_SECONDS:
        limit = f"{LONGEST_SECONDS:,}"
        raise argparse.ArgumentTypeError(f'"{text}" is no number of seconds above 0 and up to {limit}')
    return seconds
