"""The private temporary folder of a run, removed at its end, or by a later run when this one was killed."""

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

_PREFIX = "tunegate-run-"
_LOCK = "lock"


@contextmanager
def scratch_folder() -> Iterator[Path]:
    """Give a folder that only this user can enter (mode 0700) and that is gone afterwards.

    A lock in it, which the kernel drops with the process, tells later runs that it is still in use.
    """
    _sweep(Path(tempfile.gettempdir()))
    folder = Path(tempfile.mkdtemp(prefix=_PREFIX))
    with open(folder / _LOCK, "wb", opener=_private) as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _sweep(parent: Path) -> None:
    """Remove this user's folders whose run is over."""
    for folder in parent.glob(f"{_PREFIX}*"):
        with suppress(OSError):  # another run may sweep at the same time
            if folder.lstat().st_uid == os.getuid() and not folder.is_symlink():
                _remove_unlocked(folder)


def _remove_unlocked(folder: Path) -> None:
    with open(folder / _LOCK, "rb") as lock:
        if _can_lock(lock):
            shutil.rmtree(folder, ignore_errors=True)


def _can_lock(lock: BinaryIO) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
