"""What the records that were read must be like: some to compare with, and all of a list to copy it."""

from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby

from tunegate import _core
from tunegate.errors import SourceError

BROKEN_OFF = "the list was not read beyond"  # how the core ends the fault of a list that it gave up


@dataclass(frozen=True)
class _File:
    """The records of one file, read as one or in stretches: those from `first` on, and the unreadable of them."""

    name: str
    first: int
    records: int
    is_lines: bool
    fault: str
    unreadable: list[int]


def require_readable(engine: "_core.NearDuplicates", known: int) -> None:
    """Raise SourceError for a file with nothing to compare with, or of which the rest was not read.

    known: how many of the engine's sources are not looked at; for the rest of a list, see BROKEN_OFF.
    """
    for file in _files(engine, known):
        _require_records(file)
        if len(file.unreadable) == file.records:
            first = f"the first, at line {engine.line(file.first):,}: {file.fault or 'it is unreadable'}"
            raise SourceError(f"{file.name} has not one readable record in {file.records:,}; {first}")
        if file.fault.endswith(BROKEN_OFF):
            line = engine.line(file.unreadable[0])
            raise SourceError(f"{file.name} line {line:,}: {file.fault}; repair it. Nothing was written")


def require_copyable(engine: "_core.NearDuplicates", known: int) -> None:
    """Raise SourceError for a file that holds no record, or a record that cannot be copied as JSON.

    known: how many of the engine's sources are not looked at.
    """
    for file in _files(engine, known):
        _require_records(file)
        if file.fault and not file.is_lines:
            line = engine.line(file.unreadable[0])
            raise SourceError(
                f"{file.name} line {line:,}: the record cannot be copied as JSON: {file.fault}; "
                "repair it, or turn the file into JSON lines. Nothing was written"
            )


def _require_records(file: _File) -> None:
    if file.records == 0:
        raise SourceError(f"{file.name} holds no record; expected at least one")


def _files(engine: "_core.NearDuplicates", known: int) -> Iterator[_File]:
    """Yield the files from the known-th source on; the stretches of one stand together."""
    unreadable = engine.unreadable()
    for name, group in groupby(engine.sources[known:], key=lambda source: source[0]):
        parts = list(group)
        first, records = parts[0][1], sum(part[2] for part in parts)
        wrong = unreadable[bisect_left(unreadable, first) : bisect_left(unreadable, first + records)]
        yield _File(name, first, records, parts[0][3], parts[0][4], wrong)
