"""Check and Gate: load from YAML files, validate, select by id prefix, apply a user's limits.

A gate is a folder of check files; its gate.yaml holds id, name and summary. A folder without gate.yaml adds
its checks to the gate whose id their ids begin with (Q103 belongs to Q1), or makes that gate.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

from pydantic import Field

from tunegate.check_file import (
    RUN_OPTIONS,
    SHARED_TABLES,
    CheckFile,
    Example,
    Examples,
    GateFile,
    Scalar,
    checked_bound,
)
from tunegate.config import Config, Limit, leads_inside
from tunegate.errors import CheckError, ConfigError, TunegateError, UsageError, did_you_mean
from tunegate.verdict import Bound
from tunegate.yaml_source import read_yaml, shown_key

__all__ = [
    "Case",
    "Check",
    "Example",
    "Examples",
    "Gate",
    "apply_limits",
    "load_gates",
    "packaged_gates",
    "select",
]

_GATE_FILE = "gate.yaml"
_LETTERS = "QDPTRF"  # the order of the gate families in every listing: data first, checkpoints last


class Check(CheckFile):
    """A check as loaded: the keys of its file, where they stand, and what the user changed.

    file: name of the file. lines: file line on which the text of `rows`, `value` and `population` begins.
    severity: None, or the user's "fail" (a warning fails), "warn" (a failure warns), "off" (not run).
    overrides: parameters set by the user; they win over `params` and over every case.
    """

    file: str
    lines: Mapping[str, int]
    severity: str | None = None
    overrides: Mapping[str, Scalar] = Field(default_factory=dict)

    @property
    def digest(self) -> str:
        """SHA-256 (hex) of all that can change the verdict: not the texts for people, not the examples."""
        silent = {"name", "summary", "why", "source", "remedy", "empty", "examples", "file", "lines"}
        content = self.model_dump(mode="json", exclude=silent)
        return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()

    @property
    def signals(self) -> tuple[str, ...]:
        """The names of the signals this check reads."""
        own = [table.removeprefix("signal_") for table in self.reads if table.startswith("signal_")]
        return tuple(dict.fromkeys([*own, *(SHARED_TABLES[table] for table in self.reads if table in SHARED_TABLES)]))

    def case(self, option: Mapping[str, str | int]) -> "Case | None":
        """Return the parameters and bounds for the run's options; None when an option it needs is not set.

        Raises UsageError for a value that names no case.
        """
        chosen: Mapping[str, Scalar | None] = {}
        if self.option is not None and (name := option.get(self.option)) is not None:
            if name not in self.cases:
                raise UsageError(_no_such_case(self, self.option, str(name)))
            chosen = self.cases[str(name)]
        if any(name not in option for name in self.run_options):
            return None
        return _case(self, {**chosen, **{name: option[name] for name in self.needs if RUN_OPTIONS[name]}})

    @property
    def run_options(self) -> tuple[str, ...]:
        """The options of the run without which it is a skip."""
        return self.needs if self.option is None else (self.option, *self.needs)


@dataclass(frozen=True)
class Case:
    """A check with its parameters filled in; a parameter may be null."""

    params: Mapping[str, Scalar | None]
    warn: Bound | None
    fail: Bound | None
    note: str | None


@dataclass(frozen=True)
class Gate:
    """A named group of checks, ordered by id."""

    id: str
    name: str
    summary: str
    checks: tuple[Check, ...]


def packaged_gates() -> Traversable:
    """Return the folder of the gates that ship with tunegate; beside python/ in a source tree."""
    packaged = files("tunegate") / "gates"
    return packaged if packaged.is_dir() else Path(__file__).parents[2] / "gates"


def load_gates(folders: Iterable[Traversable]) -> tuple[Gate, ...]:
    """Load every gate in `folders`: in the folder itself and one level below. A link may not lead out of it.

    Raises CheckError with file and line for a malformed file, an id used twice, or a check outside its gate.
    """
    gates: dict[str, Gate] = {}
    for folder in folders:
        for part in _parts(folder):
            for gate in _gates_in(part):
                gates[gate.id] = _merged(gates.get(gate.id), gate)
    _require_unique(gates.values())
    return tuple(sorted((_ordered(gate) for gate in gates.values()), key=_gate_order))


def select(gates: Sequence[Gate], prefixes: Iterable[str]) -> tuple[Gate, ...]:
    """Keep the checks whose id begins with one of `prefixes`; no prefix keeps all.

    Raises UsageError, with a suggestion, for a prefix that selects nothing.
    """
    wanted = tuple(prefixes)
    if not wanted:
        return tuple(gates)
    ids = [check.id for gate in gates for check in gate.checks]
    for prefix in wanted:
        if not prefix or not any(check_id.startswith(prefix) for check_id in ids):
            known = [*ids, *(gate.id for gate in gates)]
            raise UsageError(f'no gate or check begins with "{shown_key(prefix)}".{did_you_mean(prefix, known)}')
    kept = (replace(gate, checks=_matching(gate.checks, wanted)) for gate in gates)
    return tuple(gate for gate in kept if gate.checks)


def apply_limits(gates: Sequence[Gate], config: Config) -> tuple[Gate, ...]:
    """Return the gates with the limits, severities and parameters of `config`.

    Raises ConfigError, with file and line, for an unknown check id or parameter and for a malformed bound.
    """
    ids = {check.id for gate in gates for check in gate.checks}
    for check_id in config.limits:
        if check_id not in ids:
            place = config.place("limits", check_id)
            raise ConfigError(f'{place}: unknown check "{shown_key(check_id)}" in limits.{did_you_mean(check_id, ids)}')
    return tuple(replace(gate, checks=tuple(_limited(check, config) for check in gate.checks)) for gate in gates)


def _limited(check: Check, config: Config) -> Check:
    limit = config.limits.get(check.id)
    if limit is None:
        return check
    place = ("limits", check.id)
    known = {*check.params, *(name for case in check.cases.values() for name in case)} - {"note"}
    for name in limit.params:
        if name not in known:
            at = config.place(*place, "params", name)
            raise ConfigError(f'{at}: {check.id} has no parameter "{shown_key(name)}".{did_you_mean(name, known)}')
    try:
        return _with_limit(check, limit)
    except TunegateError as fault:
        raise ConfigError(f"{config.place(*place)}: {check.id}: {fault}") from None


def _with_limit(check: Check, limit: Limit) -> Check:
    warn = check.warn if limit.warn is None else limit.warn
    fail = check.fail if limit.fail is None else limit.fail
    one_way = warn is None or fail is None or warn.lstrip()[:1] == fail.lstrip()[:1]
    if limit.severity == "fail" and one_way:
        warn, fail = None, fail if warn is None else warn
    if limit.severity == "warn" and one_way:  # limits on both sides stay, and the gatekeeper turns the outcome
        warn, fail = fail if warn is None else warn, None
    changed = check.model_copy(
        update={"warn": warn, "fail": fail, "severity": limit.severity, "overrides": dict(limit.params)}
    )
    if changed.report_only and (warn or fail):
        changed = changed.model_copy(update={"report_only": False})
    for option in changed.cases or [""]:
        changed.case({changed.option or "": option, **dict.fromkeys(changed.needs, 1)})
    return changed


def _case(check: Check, chosen: Mapping[str, Scalar | None]) -> Case:
    note = chosen.get("note")
    params = {**check.params, **chosen, **check.overrides}
    return Case(
        params={name: value for name, value in params.items() if name != "note"},
        warn=checked_bound(check.warn, params, check.confidence),
        fail=checked_bound(check.fail, params, check.confidence),
        note=None if note is None else str(note),
    )


def _no_such_case(check: Check, option: str, chosen: str) -> str:
    known = ", ".join(check.cases)
    return (
        f'{option} "{shown_key(chosen)}" is not known to {check.id}: one of {known}.{did_you_mean(chosen, check.cases)}'
    )


def _parts(folder: Traversable) -> Iterator[Traversable]:
    if not folder.is_dir():
        raise CheckError(f"no folder {str(folder)!r} of checks")
    parts = [folder, *sorted((item for item in folder.iterdir() if item.is_dir()), key=_name)]
    for part in parts:
        files = _yaml_files(part)
        for item in (part, *files) if files else ():
            _require_inside(item, folder)
        if files:
            yield part


def _yaml_files(folder: Traversable) -> list[Traversable]:
    found = [item for item in folder.iterdir() if item.name.endswith((".yaml", ".yml")) and not item.is_dir()]
    return sorted((item for item in found if not item.name.startswith(".")), key=_name)


def _require_inside(item: Traversable, folder: Traversable) -> None:
    if isinstance(item, Path) and isinstance(folder, Path) and not leads_inside(item, folder):
        raise CheckError(f"{item} leads outside {folder}; put the file itself there")


def _name(item: Traversable) -> str:
    return item.name


def _gates_in(folder: Traversable) -> Iterator[Gate]:
    found = _yaml_files(folder)
    checks = [_load_check(file) for file in found if file.name != _GATE_FILE]
    if len(checks) < len(found):
        yield _declared(folder / _GATE_FILE, checks)
        return
    for gate_id in sorted({check.gate_id for check in checks}):
        members = tuple(check for check in checks if check.gate_id == gate_id)
        yield Gate(gate_id, folder.name.lower().replace("_", "-"), "", members)


def _declared(file: Traversable, checks: list[Check]) -> Gate:
    gate, _ = read_yaml(file, str(file), GateFile, CheckError)
    for check in checks:
        if check.gate_id != gate.id:
            raise CheckError(f"{check.file}: id {check.id} does not belong to gate {gate.id} of {file}")
    return Gate(gate.id, gate.name, gate.summary, tuple(checks))


def _load_check(file: Traversable) -> Check:
    content, source = read_yaml(file, str(file), CheckFile, CheckError)
    if file.name != f"{content.id}-{content.name}.yaml":
        expected = f"{content.id}-{content.name}.yaml"
        raise CheckError(f"{source.place(('id',))}: the file holds {content.id} {content.name}: name it {expected}")
    lines = {key: source.starts[(key,)] for key in ("rows", "value", "population") if (key,) in source.starts}
    fields = {name: getattr(content, name) for name in CheckFile.model_fields}
    return Check.model_construct(**fields, file=file.name, lines=lines)


def _merged(first: Gate | None, second: Gate) -> Gate:
    if first is None:
        return second
    if first.summary and second.summary:
        raise CheckError(f"gate {first.id} is declared twice: as {first.name} and as {second.name}")
    named = first if first.summary or not second.summary else second
    return replace(named, checks=first.checks + second.checks)


def _require_unique(gates: Iterable[Gate]) -> None:
    seen: dict[str, str] = {}
    for check in (check for gate in gates for check in gate.checks):
        if check.id in seen:
            raise CheckError(f"id {check.id} is used by {seen[check.id]} and by {check.file}; an id is used once")
        seen[check.id] = check.file


def _ordered(gate: Gate) -> Gate:
    return replace(gate, checks=tuple(sorted(gate.checks, key=lambda check: check.id)))


def _gate_order(gate: Gate) -> tuple[int, str]:
    position = _LETTERS.find(gate.id[0])
    return (len(_LETTERS) if position < 0 else position, gate.id)


def _matching(checks: Iterable[Check], prefixes: tuple[str, ...]) -> tuple[Check, ...]:
    return tuple(check for check in checks if check.id.startswith(prefixes))
