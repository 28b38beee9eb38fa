"""Output files that appear by rename, all at once when everything is written, or not at all."""

import glob
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tunegate.errors import ReportError


@contextmanager
def output_files() -> Iterator[Callable[[Path], Path]]:
    """Give a function from the path of an output to the path to write it to; rename all at the end.

    When the block raises, or the process is interrupted, the partial files are removed and the outputs are as they
    were. What a killed run left beside an output is removed by the next. A link is followed. Raises ReportError for a
    folder that is missing or cannot be written.
    """
    partial: dict[Path, Path] = {}

    def place(path: Path) -> Path:
        target = Path(os.path.realpath(path))
        if not os.access(target.parent, os.W_OK | os.X_OK) or target.is_dir():
            raise ReportError(f"{path}: expected the name of a file in a folder that exists and can be written")
        sweep(target)
        partial[target] = target.with_name(f"{target.name}.partial-{os.getpid()}")
        return partial[target]

    try:
        yield place
        for target, written in partial.items():
            if written.exists():
                os.replace(written, target)
    finally:
        for written in partial.values():
            written.unlink(missing_ok=True)


def sweep(target: Path) -> None:
    """Remove what killed runs left beside an output."""
    start = f"{target.name}.partial-"
    for left in target.parent.glob(f"{glob.escape(start)}*"):
        process = left.name.removeprefix(start).partition(".")[0]
        if process.isdecimal() and not is_alive(int(process)) and left.is_file():
            left.unlink(missing_ok=True)


def is_alive(process: int) -> bool:
    """Tell whether a process of this machine runs."""
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
