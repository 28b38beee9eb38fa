"""Output files that appear by rename, all at once when everything is written, or not at all."""

import fcntl
import glob
import itertools
import os
import re
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from tunegate import _core
from tunegate.errors import ReportError

NEW_MODE = 0o666  # of a file that was not there before, less what the user's umask takes
PRIVATE = 0o600
COMPRESSED = (".gz", ".zst")
_PARTIAL = re.compile(r"\.partial-\d+\.\d+")


@dataclass
class _Partial:
    """A file being written: the output as the user named it, and the descriptor that holds the lock, once it is there.

    It is known before it is there, so that an interrupt at any moment leaves no file behind.
    """

    path: Path
    written: Path
    lock: int | None = None


class Place(Protocol):
    """From the path of an output to the path to write it to."""

    def __call__(self, path: Path, new_mode: int = NEW_MODE) -> Path: ...


@contextmanager
def output_files() -> Iterator[Place]:
    """Give a function from the path of an output to the path to write it to; rename all at the end.

    When the block raises, or the process is interrupted, the partial files are removed and the outputs are as they
    were. What a killed run left beside an output is removed by the next. A link is followed; a file that is there
    already keeps its mode. Raises ReportError for an output that cannot be written, also for what the core says of it.
    """
    partial: dict[Path, _Partial] = {}

    def place(path: Path, new_mode: int = NEW_MODE) -> Path:
        require_place(path)
        target = Path(os.path.realpath(path))
        with _named(path):
            sweep(target.parent, glob.escape(target.name))
            for written in _free_names(target):
                partial[target] = _Partial(path, written)
                if _create(partial[target], new_mode):
                    break
            _keep_mode(partial[target], target)
        return partial[target].written

    try:
        with _core_named(partial):
            yield place
        for made in partial.values():
            _require_ours(made)
        _rename(partial)
    finally:
        for made in partial.values():
            with suppress(OSError):
                made.written.unlink(missing_ok=True)
            _unlock(made)


def _rename(partial: dict[Path, _Partial]) -> None:
    try:
        for target, made in partial.items():
            with _named(made.path):
                os.replace(made.written, target)
    except KeyboardInterrupt:
        raise KeyboardInterrupt("some outputs were written already") from None


def require_place(path: Path) -> None:
    """Raise ReportError unless `path` is a regular file that can be replaced, or absent where one can be made."""
    if os.fspath(path) == "-":
        raise ReportError("`-` is no place for records: standard output is for the summary; name a file")
    if path.suffix.lower() in COMPRESSED:
        raise ReportError(f"{path}: what is written is not compressed; name a file without {path.suffix}")
    try:
        status = os.stat(path)
    except OSError:
        status = None
    if status is not None and stat.S_ISDIR(status.st_mode):
        raise ReportError(f"{path} is a folder, expected the name of a file")
    if status is not None and not _is_replaceable(status):
        raise ReportError(f"{path} is a device, a pipe or standard output, expected a file; name another")
    if status is not None and not os.access(path, os.W_OK):
        raise ReportError(f"{path} is read-only, expected a file that can be written; name another")
    if not os.access(Path(os.path.realpath(path)).parent, os.W_OK | os.X_OK):
        raise ReportError(f"{path}: expected the name of a file in a folder that exists and can be written")


def _is_replaceable(status: os.stat_result) -> bool:
    """Tell whether a file is a regular one, and not what a stream of this process was redirected to."""
    streams = []
    for number in (1, 2):
        with suppress(OSError):
            streams.append(os.fstat(number))
    return stat.S_ISREG(status.st_mode) and not any(os.path.samestat(status, stream) for stream in streams)


def sweep(folder: Path, names: str) -> None:
    """Remove what killed runs left beside outputs; `names` is a pattern of their names.

    A partial file is locked as long as its run lives, on whatever machine; one that cannot be locked stays.
    """
    for left in folder.glob(f"{names}.partial-*"):
        if _PARTIAL.fullmatch(left.name[left.name.rindex(".partial-") :]):
            with suppress(OSError):  # another run may sweep at the same time
                _remove_unlocked(left)


def _remove_unlocked(left: Path) -> None:
    descriptor = os.open(left, os.O_RDWR | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        left.unlink()
    finally:
        os.close(descriptor)


def _free_names(target: Path) -> Iterator[Path]:
    """Yield names beside the target that no file has."""
    for number in itertools.count():
        written = target.with_name(f"{target.name}.partial-{os.getpid()}.{number}")
        if not os.path.lexists(written):
            yield written


def _create(made: _Partial, new_mode: int) -> bool:
    """Create the file, empty and locked; tell whether it is ours, and not of a process of another machine."""
    try:
        made.lock = os.open(made.written, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, new_mode)
    except FileExistsError:
        return False
    with suppress(OSError):  # where files cannot be locked, none is swept
        fcntl.flock(made.lock, fcntl.LOCK_EX)
    if not _is_ours(made):  # it was swept before it was locked
        _unlock(made)
    return made.lock is not None


def _unlock(made: _Partial) -> None:
    if made.lock is not None:
        os.close(made.lock)
        made.lock = None


def _keep_mode(made: _Partial, target: Path) -> None:
    if made.lock is not None:
        with suppress(OSError):  # there is no such file yet, or files have no mode there
            os.fchmod(made.lock, stat.S_IMODE(target.stat().st_mode) & 0o777)


def _is_ours(made: _Partial) -> bool:
    with suppress(OSError):
        return made.lock is not None and os.path.samestat(os.stat(made.written), os.fstat(made.lock))
    return False


def _require_ours(made: _Partial) -> None:
    if not _is_ours(made):
        raise ReportError(
            f"{made.path}: what was written was removed or replaced before it was complete; run again. "
            "Nothing was written"
        )


@contextmanager
def _named(path: Path) -> Iterator[None]:
    """Make a ReportError, with the output's name, of what the system says about its partial file."""
    try:
        yield
    except OSError as error:
        raise ReportError(f"{path}: {error.strerror}; make room or name a file elsewhere, and run again") from error


@contextmanager
def _core_named(partial: dict[Path, _Partial]) -> Iterator[None]:
    """Make a ReportError, with the output's name, of what the core says about a partial file."""
    try:
        yield
    except _core.ReadError as error:
        for made in partial.values():
            start, text = f"{made.written}: ", str(error)
            if text.startswith(start):
                reason = text.removeprefix(start)
                raise ReportError(
                    f"{made.path}: {reason}; make room or name a file elsewhere. Nothing was written"
                ) from error
        raise


def is_alive(process: int) -> bool:
    """Tell whether a process of this machine runs."""
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
