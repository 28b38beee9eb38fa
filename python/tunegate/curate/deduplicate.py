"""Remove near-duplicates from the records of sources: keep one of each cluster, byte for byte."""

import importlib
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tunegate import _core
from tunegate.curate.contaminated import contaminated
from tunegate.curate.copyable import require_copyable, require_readable
from tunegate.curate.key_stages import STAGED_BYTES, read_staged
from tunegate.errors import SourceError, UsageError
from tunegate.machine import available_cores
from tunegate.near_duplicates import Comparison, read_sources
from tunegate.output_files import PRIVATE, output_files, require_place
from tunegate.source_reading import total_bytes, unchanged
from tunegate.sources import Progress, Source

Say = Callable[[str], None]  # what is being done now, for a watcher
WRITTEN = "finishing"  # said when all outputs are in place


@dataclass(frozen=True)
class Request:
    """What to compare, with what, and where the records go. None: no such output."""

    sources: Sequence[Source]
    kept: Path
    comparison: Comparison
    keep: str = "first"
    against: Sequence[Source] = ()
    eval_files: Sequence[Source] = ()
    removed: Path | None = None
    pairs: Path | None = None
    index: Path | None = None
    work: Path | None = None  # a folder for stage files, kept for a run that goes on

    @property
    def why(self) -> Path | None:
        """The file that says of each removed record why."""
        return self.removed and self.removed.with_name(f"{self.removed.name}.why.jsonl")

    @property
    def outputs(self) -> list[Path]:
        """All files that are written."""
        return [path for path in (self.kept, self.removed, self.why, self.pairs, self.index) if path is not None]


@dataclass(frozen=True)
class Outcome:
    """What became of the records: a funnel that adds up."""

    records: int
    kept: int
    removed: int
    contaminated: int
    unreadable: int  # kept as they are
    old: int  # records compared against, of other files or of an index
    old_unreadable: int  # of these, compared with nothing
    pairs: int | None
    banding: tuple[int, int]
    crowded: int = 0
    items: int = field(default=0)


def deduplicate(
    request: Request, scratch: Path, progress: Progress | None = None, say: Say = lambda _: None
) -> Outcome:
    """Read, compare and write. Outputs appear by rename, all at the end.

    Raises SourceError for an input that cannot be read or copied, UsageError for an index that does not fit,
    ReportError for an output that cannot be written.
    """
    for path in request.outputs:
        require_place(path)
    engine = request.comparison.engine(available_cores())
    with _told():
        with unchanged([*request.against, *request.sources]):
            items = _fill(engine, request, scratch, progress)
            say("comparing")
            order = _keeper_order(engine, request, scratch)
            engine.find(scope="keepers" if request.pairs is None else "all", order=order)
        say("writing")
        pairs = _write(engine, request)
    say(WRITTEN)
    return _outcome(engine, pairs, items)


def _fill(engine: "_core.NearDuplicates", request: Request, scratch: Path, progress: Progress | None) -> int:
    """Read all records and set those aside that hold a benchmark item; return the number of items looked for."""
    _open_old(engine, request, scratch, progress)
    known = len(engine.sources)
    _read(engine, request.sources, request, scratch, progress)
    require_copyable(engine, known)
    _require_new(engine, request.index)
    return contaminated(engine, request.sources, request.eval_files)


def _open_old(engine: "_core.NearDuplicates", request: Request, scratch: Path, progress: Progress | None) -> None:
    """Fill the engine with what the sources are compared with."""
    if request.index is not None and request.index.exists():
        _open_index(engine, request.index)
    known = len(engine.sources)
    _read(engine, request.against, request, scratch, progress)
    require_readable(engine, known)
    engine.end_old()


def _open_index(engine: "_core.NearDuplicates", index: Path) -> None:
    try:
        engine.open_index(os.fspath(index))
    except _core.KeyFileError as error:
        raise UsageError(f"{index} {error}; name another index, or remove it to make it again") from error
    except _core.ReadError as error:
        raise SourceError(f"{index}: {error}") from error


def _read(
    engine: "_core.NearDuplicates",
    sources: Sequence[Source],
    request: Request,
    scratch: Path,
    progress: Progress | None,
) -> None:
    are_lines = all(source.lines and source.compression == "none" for source in sources)
    if sources and are_lines and (request.work is not None or total_bytes(sources) >= STAGED_BYTES):
        folder = request.work or scratch
        read_staged(engine, sources, request.comparison, folder, available_cores(), progress)
    else:
        read_sources(engine, sources, scratch, progress)


def _keeper_order(engine: "_core.NearDuplicates", request: Request, scratch: Path) -> list[int] | None:
    """Return the new records, those to keep first; None for the order of reading."""
    if request.keep == "first":
        return None
    if request.keep == "longest":
        return engine.longest_first()
    by_signal = importlib.import_module("tunegate.curate.signal_order")
    first = engine.first_new
    order = by_signal.order_by_signal(request.keep, request.sources, engine.records - first, scratch)
    return [first + record for record in order]


def _require_new(engine: "_core.NearDuplicates", index: Path | None) -> None:
    """Raise UsageError for a source whose records the index has: they would all be copies of themselves."""
    for name, known in engine.known_again():
        named = "" if name == known else f", as {known}"
        raise UsageError(f"{name} is in the index {index} already{named}; name new files only")


@contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except _core.ReadError as error:
        raise SourceError(f"{error}; nothing was written") from error


def _write(engine: "_core.NearDuplicates", request: Request) -> int | None:
    pairs = None
    with output_files() as place:
        kept, removed, why = (
            os.fspath(place(path)) if path else "" for path in (request.kept, request.removed, request.why)
        )
        engine.write_records(kept, removed, why)
        if request.pairs is not None:
            pairs = engine.write_pairs(os.fspath(place(request.pairs)))
        if request.index is not None:
            engine.write_index(os.fspath(place(request.index, PRIVATE)))
    return pairs


def _outcome(engine: "_core.NearDuplicates", pairs: int | None, items: int) -> Outcome:
    funnel = engine.funnel()
    return Outcome(
        **funnel,
        old=engine.first_new,
        old_unreadable=sum(record < engine.first_new for record in engine.unreadable()),
        pairs=pairs,
        banding=engine.banding,
        crowded=engine.counts()["crowded"],
        items=items,
    )
