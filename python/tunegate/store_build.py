"""A measured store for some sources: a temporary one, or a named file that is reused while nothing changed."""

import glob
import os
import shutil
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from tunegate.errors import StoreError
from tunegate.output_files import is_alive
from tunegate.sources import Progress, Source
from tunegate.store import Store


def measured_store(
    sources: Sequence[Source],
    fields: Mapping[str, str],
    signals: Iterable[str],
    file: Path | None,
    scratch: Path,
    progress: Progress | None = None,
) -> Store:
    """Return a store with the sources read and the per-sample signals measured.

    `file` None builds it in `scratch`. A named file that holds these very bytes is reused; else a new one is
    built beside it and renamed over it, so that the file is the old one or the new one at any moment.
    """
    if file is None:
        return _filled(scratch / "store.duckdb", sources, fields, signals, progress)
    file = Path(os.path.abspath(file))  # DuckDB reads `:memory:` and words before a colon as no file
    _require_place(file)
    _sweep(file)
    if file.exists():
        store = Store(file)
        if store.holds(sources, fields):
            return store
        store.close()
    partial = file.with_name(f"{file.name}.partial-{os.getpid()}")
    try:
        store = _filled(partial, sources, fields, signals, progress)
        store.rename(file)
    except OSError as error:
        raise StoreError(f"{file}: {error.strerror}; the store cannot be written there") from error
    finally:
        _remove(partial)
    return store


def _require_place(file: Path) -> None:
    """Raise StoreError unless `file` is a DuckDB file, or absent in a folder that can be written.

    The look at the first bytes keeps DuckDB from taking a data file, by its name, for something it can query.
    """
    if not file.exists():
        if not os.access(file.parent, os.W_OK | os.X_OK):
            raise StoreError(f"{file}: the folder is missing or cannot be written; name a file elsewhere")
        return
    if not file.is_file() or not _is_duckdb(file):
        raise StoreError(f"{file} is no store of tunegate; name another file")


def _is_duckdb(file: Path) -> bool:
    try:
        with open(file, "rb") as stream:
            return stream.read(12)[8:] == b"DUCK"
    except OSError as error:
        raise StoreError(f"{file}: {error.strerror}; name another file") from error


def _sweep(file: Path) -> None:
    """Remove what killed runs left beside the file."""
    start = f"{file.name}.partial-"
    for left in file.parent.glob(f"{glob.escape(start)}*"):
        process = left.name.removeprefix(start).partition(".")[0]
        if process.isdecimal() and not is_alive(int(process)):
            _remove(left)


def _remove(partial: Path) -> None:
    """Remove a half-made store, its write-ahead log and what it spilled."""
    for left in (partial, Path(f"{partial}.wal")):
        if not left.is_dir():
            left.unlink(missing_ok=True)
    for folder in (partial, Path(f"{partial}.spill")):
        shutil.rmtree(folder, ignore_errors=True)


def _filled(
    path: Path,
    sources: Sequence[Source],
    fields: Mapping[str, str],
    signals: Iterable[str],
    progress: Progress | None,
) -> Store:
    store = Store(path)
    try:
        store.ingest(sources, fields, signals, progress=progress)
    except BaseException:
        store.close()
        raise
    return store
