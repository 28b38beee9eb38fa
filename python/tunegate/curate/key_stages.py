"""The keys of large files, made stretch by stretch as stages that do not know who runs them.

A stage is a function of one stretch of a file to one key file, written under a temporary name and renamed; one that is
there with the same digest is not made again. Borders come from the file and STRETCH_BYTES alone, never from the number
of cores, so the stage files are the same on every machine, and a run that was stopped goes on where it was.
"""

import hashlib
import json
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from tunegate import _core
from tunegate.errors import SourceError
from tunegate.near_duplicates import Comparison
from tunegate.output_files import PRIVATE, output_files, sweep
from tunegate.source_reading import explained, unchanged
from tunegate.sources import Progress, Source

VERSION = 1  # raise it whenever the same bytes would give other keys
STRETCH_BYTES = 64 << 20
STAGED_BYTES = 1 << 30  # what is smaller is compared in memory


@dataclass(frozen=True)
class Stretch:
    """Whole lines of a plain file: bytes [begin, end)."""

    source: Source
    begin: int
    end: int

    def digest(self, comparison: Comparison) -> str:
        """Return what the keys depend on, as hexadecimal digits.

        Also the time of the file's last change of any kind, which nobody can set back as the time of its last writing.
        """
        status = self.source.path.stat()
        file = [
            os.path.realpath(self.source.path),
            status.st_size,
            status.st_mtime_ns,
            status.st_ctime_ns,
            status.st_ino,
        ]
        by = [comparison.field, comparison.unit, comparison.ngram, str(comparison.threshold)]
        parts = [VERSION, file, self.begin, self.end, *by, comparison.recall, comparison.mode]
        return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:32]


def stretches(source: Source) -> list[Stretch]:
    """Cut a file of lines into stretches of about STRETCH_BYTES."""
    size = source.path.stat().st_size
    borders = [0]
    with source.path.open("rb") as file:
        for wanted in range(STRETCH_BYTES, size, STRETCH_BYTES):
            file.seek(max(wanted, borders[-1]))
            file.readline()
            if borders[-1] < file.tell() < size:
                borders.append(file.tell())
    return [Stretch(source, begin, end) for begin, end in zip(borders, [*borders[1:], size], strict=True)]


def make_keys(stretch: Stretch, comparison: Comparison, folder: Path) -> tuple[Path, int]:
    """Make the key file of a stretch, or find it made; return its path and the number of records.

    The stage: reads the stretch, writes `<digest>.keys` in `folder` by rename. Raises SourceError.
    """
    made = folder / f"{stretch.digest(comparison)}.keys"
    if made.exists():
        return made, 0
    engine = comparison.engine(threads=1)
    path = os.fspath(stretch.source.path)
    with explained(stretch.source.name):
        engine.open_source(path, lines=True, name=stretch.source.name, begin=stretch.begin, end=stretch.end)
        while engine.read_more():
            pass
    with output_files() as place:
        engine.write_keys(os.fspath(place(made, PRIVATE)))
    return made, engine.records


def read_staged(
    engine: "_core.NearDuplicates",
    sources: Sequence[Source],
    comparison: Comparison,
    folder: Path,
    threads: int,
    progress: Progress | None = None,
) -> None:
    """Fill the engine with the records of files of lines, through key files in `folder`.

    What killed runs left in the folder half-written is removed. A key file that is damaged is made again, once.
    Raises SourceError for a file that cannot be read, ReportError for a key file that cannot be written.
    """
    sweep(folder, "*.keys")
    with unchanged(sources):
        wanted = [stretch for source in sources for stretch in stretches(source)]
        made = _in_pool(lambda stretch: make_keys(stretch, comparison, folder), wanted, threads, progress)
        for stretch, keys in zip(wanted, made, strict=True):
            if _fault_of(engine, stretch, keys):
                _remove(keys)
                make_keys(stretch, comparison, folder)
                if fault := _fault_of(engine, stretch, keys):
                    raise SourceError(f"{keys}, made a second time: {fault}; name another folder by --work")


def _fault_of(engine: "_core.NearDuplicates", stretch: Stretch, keys: Path) -> str:
    """Add the keys to the engine; return why they could not be read, "" when they could."""
    try:
        engine.open_keys(os.fspath(keys), name=stretch.source.name, path=os.fspath(stretch.source.path))
    except (_core.KeyFileError, _core.ReadError) as error:
        return str(error)
    return ""


def _remove(keys: Path) -> None:
    try:
        keys.unlink(missing_ok=True)
    except OSError as error:
        raise SourceError(f"{keys}: {error.strerror}; remove it, or name another folder by --work") from error


def _in_pool(
    stage: Callable[[Stretch], tuple[Path, int]],
    wanted: Sequence[Stretch],
    threads: int,
    progress: Progress | None,
) -> list[Path]:
    """Run the stage for all stretches, a window of them at a time; the core does not hold the interpreter's lock."""
    made: dict[Stretch, Path] = {}
    consumed = records = 0
    left = iter(wanted)
    with ThreadPoolExecutor(max_workers=threads) as pool:
        try:
            running = dict(_submitted(pool, stage, left, 2 * threads))
            while running:
                done, _ = wait(running, return_when=FIRST_COMPLETED)
                for future in done:
                    stretch = running.pop(future)
                    made[stretch], count = future.result()
                    consumed, records = consumed + stretch.end - stretch.begin, records + count
                running |= dict(_submitted(pool, stage, left, len(done)))
                if progress:
                    progress(consumed, records)
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise
    return [made[stretch] for stretch in wanted]


def _submitted(
    pool: ThreadPoolExecutor, stage: Callable[[Stretch], tuple[Path, int]], left: Iterator[Stretch], count: int
) -> Iterator[tuple["Future[tuple[Path, int]]", Stretch]]:
    for stretch in islice(left, count):
        yield pool.submit(stage, stretch), stretch
