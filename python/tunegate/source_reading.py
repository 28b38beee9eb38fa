"""Reading sources: batches of records, errors that name the source, and that it stays as it is meanwhile."""

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from tunegate import _core
from tunegate.errors import SourceError
from tunegate.sources import Source

FileState = tuple[int, ...]


def file_state(path: Path) -> FileState:
    """Return what changes when a file is written or replaced; nothing for a file that is gone."""
    try:
        status = path.stat()
    except OSError:
        return ()
    return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns


def require_unchanged(sources: Sequence[Source], before: Sequence[FileState]) -> None:
    """Raise SourceError for a source that is not what it was: what was read of it would not belong together."""
    for source, state in zip(sources, before, strict=True):
        if file_state(source.path) != state:
            raise changed(source.name)


def read_batches(
    source: Source, fields: Mapping[str, str], *, first_record_id: int, threads: int
) -> Iterator[tuple["_core.Batch", int]]:
    """Yield the batches of a source in reading order, each with the file's bytes consumed so far.

    `fields` maps category, difficulty and split to the keys that hold them, where they have other names. Raises
    SourceError when the file cannot be read on.
    """
    with explained(source.name):
        reader = _core.SourceReader(
            os.fspath(source.path),
            compression=source.compression,
            lines=source.lines,
            default_split=source.split,
            first_record_id=first_record_id,
            threads=threads,
            category=fields.get("category", "category"),
            difficulty=fields.get("difficulty", "difficulty"),
            split=fields.get("split", "split"),
        )
        while (batch := reader.next()) is not None:
            yield batch, reader.consumed


@contextmanager
def explained(name: str) -> Iterator[None]:
    """Make a SourceError, with the source's name, of what the core says about a file."""
    try:
        yield
    except _core.ReadError as error:
        text = str(error)
        raise SourceError(f"{name} {text}" if text.startswith("ends") else f"{name}: {text}") from error


@contextmanager
def unchanged(sources: Sequence[Source]) -> Iterator[None]:
    """Raise SourceError at the end of the block for a source that is not what it was at its beginning."""
    before = [file_state(source.path) for source in sources]
    yield
    require_unchanged(sources, before)


def changed(name: str) -> SourceError:
    """Return the error for a file of which one reading does not fit the other."""
    return SourceError(f"{name} changed while it was read; run again when it is written completely")


def total_bytes(sources: Iterable[Source]) -> int:
    """Return the bytes of all sources, as they lie on the disk."""
    return sum(source.path.stat().st_size for source in sources)
