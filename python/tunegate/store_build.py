"""A measured store for some sources: a temporary one, or a named file that is reused while nothing changed."""

import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from tunegate.errors import StoreError
from tunegate.sources import Source
from tunegate.store import Progress, Store


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
    if file.exists():
        store = Store(file)
        if store.holds(sources, fields):
            return store
        store.close()
    partial = file.with_name(f"{file.name}.partial-{os.getpid()}")
    try:
        _filled(partial, sources, fields, signals, progress).close()
        os.replace(partial, file)
    except OSError as error:
        raise StoreError(f"{file}: {error.strerror}; the store cannot be written there") from error
    finally:
        partial.unlink(missing_ok=True)
    return Store(file)


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
