"""The private temporary folder of a run, removed at its end, or by a later run when this one was killed."""

import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_PREFIX = "tunegate-run-"
_NAME = re.compile(rf"{_PREFIX}(\d+)-")


@contextmanager
def scratch_folder() -> Iterator[Path]:
    """Give a folder that only this user can enter (mode 0700) and that is gone afterwards."""
    _sweep(Path(tempfile.gettempdir()))
    folder = Path(tempfile.mkdtemp(prefix=f"{_PREFIX}{os.getpid()}-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _sweep(parent: Path) -> None:
    """Remove this user's folders whose process is gone."""
    for folder in parent.glob(f"{_PREFIX}*"):
        match = _NAME.match(folder.name)
        if match and _is_ours(folder) and not is_alive(int(match[1])):
            shutil.rmtree(folder, ignore_errors=True)


def _is_ours(folder: Path) -> bool:
    try:
        status = folder.lstat()
    except OSError:
        return False
    return folder.is_dir() and not folder.is_symlink() and status.st_uid == os.getuid()


def is_alive(process: int) -> bool:
    """Tell whether a process of this machine runs."""
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
