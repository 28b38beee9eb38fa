"""Count tokens, exactly: of prompts, responses, whole samples, and of these as a chat template renders them.

Exit codes: 0 counted, 2 could not count.
"""

import argparse
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from functools import partial
from itertools import islice
from pathlib import Path
from typing import BinaryIO

import polars as pl

from tunegate.cli._progress import progress_bar
from tunegate.cli._token_report import MOST_NAMED, Counts, SourceCounts, Unreadable, as_json, as_text
from tunegate.errors import ReportError, SourceError, TokenizerError, UsageError
from tunegate.machine import available_cores
from tunegate.output_files import output_files, require_place
from tunegate.scratch import scratch_folder
from tunegate.source_reading import read_batches, total_bytes, unchanged
from tunegate.sources import Progress, Source, find_sources, require_utf8
from tunegate.tokens.chat_template import ChatTemplate, template_from_file
from tunegate.tokens.counts import Counting, count_source
from tunegate.tokens.statistics import TokenStatistics
from tunegate.tokens.tokenizer import Tokenizer, load_tokenizer

LONGEST = (1 << 31) - 1
MOST_DIGITS = len(str(LONGEST))
FORMATS = {"text": as_text, "json": as_json}
PER_SAMPLE = ("line", "prompt", "response", "tokens", "rendered")
Take = Callable[[pl.DataFrame], None]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what `tunegate tokens` takes."""
    parser.add_argument("sources", nargs="+", metavar="SOURCE", help="file, directory, pattern, or - for stdin")
    parser.add_argument(
        "--tokenizer",
        required=True,
        metavar="PATH",
        help="a tokenizer.json, a model folder that has one, or the id of a model on the Hugging Face hub",
    )
    parser.add_argument(
        "--per-sample", type=Path, metavar="OUT", help="write the counts of every sample here, one JSON object a line"
    )
    parser.add_argument("--format", choices=tuple(FORMATS), default="text", help="of the summary (default: text)")
    parser.add_argument(
        "--rendered", action="store_true", help="also count the samples as the model's chat template renders them"
    )
    parser.add_argument(
        "--chat-template", type=Path, metavar="FILE", help="the same by the template in this file (Jinja)"
    )
    parser.add_argument(
        "--max-length", type=_length, metavar="N", help="tell what is longer than N tokens, and what truncation cuts"
    )


def run(options: argparse.Namespace) -> int:
    """Count, write the counts of the samples where asked for, and print the summary."""
    require_utf8([*options.sources, *(str(path) for path in (options.per_sample,) if path)])
    tokenizer = load_tokenizer(options.tokenizer)
    counting = Counting(tokenizer, _template(options, tokenizer), options.max_length)
    with scratch_folder() as scratch:
        sources = find_sources(options.sources, scratch)
        require_utf8(source.name for source in sources)
        _require_separate(options, sources, tokenizer)
        counts = _counted(counting, sources, options.per_sample)
    sys.stdout.writelines(f"{line}\n" for line in FORMATS[options.format](counts))
    return 0


def _template(options: argparse.Namespace, tokenizer: Tokenizer) -> ChatTemplate | None:
    if options.chat_template is not None:
        return template_from_file(options.chat_template, tokenizer.files)
    if not options.rendered:
        return None
    if tokenizer.template is None:
        raise TokenizerError(f"{tokenizer.path} has no chat template; name the file of one with --chat-template")
    return tokenizer.template


def _require_separate(options: argparse.Namespace, sources: Sequence[Source], tokenizer: Tokenizer) -> None:
    """Raise an error when the counts cannot be written, or would overwrite what is read."""
    if options.per_sample is None:
        return
    require_place(options.per_sample)
    read = [*(source.path for source in sources), *tokenizer.files.paths, options.chat_template]
    if any(_is_same(options.per_sample, path) for path in read if path is not None):
        raise UsageError(f"{options.per_sample} would be overwritten, which this run reads; name another file")


def _is_same(one: Path, other: Path) -> bool:
    with suppress(OSError):
        return os.path.samefile(one, other)
    return False


def _counted(counting: Counting, sources: Sequence[Source], per_sample: Path | None) -> Counts:
    statistics = TokenStatistics(counting.max_length)
    read: list[SourceCounts] = []
    with _writer(per_sample) as write, unchanged(sources), progress_bar(total_bytes(sources)) as progress:
        done = records = 0
        for source in sources:
            onward = _onward(progress, done, records)
            read.append(_read(counting, source, [statistics.add, partial(write, source.name)], onward))
            done, records = done + source.path.stat().st_size, records + read[-1].records
    return Counts(counting, statistics, read, per_sample)


def _onward(progress: Progress | None, done: int, records: int) -> Progress:
    """Return what tells of one source how far all are read."""
    if progress is None:
        return lambda consumed, read: None
    return lambda consumed, read: progress(done + consumed, records + read)


def _read(counting: Counting, source: Source, takers: Sequence[Take], progress: Progress) -> SourceCounts:
    """Count one source and give the counts to the takers. Raises SourceError when it has no readable record."""
    records = samples = 0
    # Closed by name: polars and Python each raise an interrupt, and the second would be printed as ignored.
    with closing(count_source(counting, source)) as stretches:
        for counted in stretches:
            for take in takers:
                take(counted.samples)
            records, samples = counted.records, samples + len(counted.samples)
            progress(counted.consumed, records)
    unreadable = list(islice(_unreadable(source), min(records - samples, MOST_NAMED))) if records > samples else []
    if samples == 0:
        raise SourceError(_why_none(source, records, unreadable))
    return SourceCounts(source.name, records, samples, unreadable)


def _unreadable(source: Source) -> Iterator[Unreadable]:
    """Read the source again for the records that cannot be read: only then they are looked at one by one."""
    for batch, _ in read_batches(source, {}, first_record_id=0, threads=available_cores()):
        records = pl.DataFrame(batch.records).filter(pl.col("reason").is_not_null())
        for line, reason in records.select("line", "reason").iter_rows():
            yield Unreadable(source.name, line, reason)


def _why_none(source: Source, records: int, unreadable: Sequence[Unreadable]) -> str:
    if not unreadable:
        return f"{source.name} holds no record; expected at least one"
    first = f"the first, at line {unreadable[0].line:,}: {unreadable[0].reason}"
    return f"{source.name} has not one readable record in {records:,}; {first}"


@contextmanager
def _writer(path: Path | None) -> Iterator[Callable[[str, pl.DataFrame], None]]:
    """Give what writes the counts of samples of the source named; the file is there when the block is left."""
    if path is None:
        yield lambda name, samples: None
        return
    with output_files() as place, open(place(path), "wb") as file:
        yield lambda name, samples: _write(file, path, name, samples)


def _write(file: BinaryIO, path: Path, name: str, samples: pl.DataFrame) -> None:
    columns = [column for column in PER_SAMPLE if column in samples.columns]
    lines = samples.select(pl.lit(name).alias("source"), *columns).write_ndjson()
    try:
        file.write(lines.encode())
        file.flush()
    except OSError as error:
        raise ReportError(f"{path}: {error.strerror}; make room or name a file elsewhere, and run again") from error


def _length(text: str) -> int:
    if not (text.isdecimal() and text.isascii() and len(text) <= MOST_DIGITS and 0 < int(text) <= LONGEST):
        raise argparse.ArgumentTypeError(f'"{text[:40]}" is no number of tokens, expected one from 1 to {LONGEST:,}')
    return int(text)
