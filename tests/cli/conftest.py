"""The command line as its users meet it: a folder of their own, a temporary folder, and what a command left behind."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from tunegate.cli import main

IMPORT_PATH = os.pathsep.join(map(os.path.abspath, os.environ.get("PYTHONPATH", ".").split(os.pathsep)))


@dataclass(frozen=True)
class Said:
    """What a command answered."""

    code: int
    out: str
    err: str


@dataclass(frozen=True)
class Workplace:
    """The working directory of a user and the folder for temporary files."""

    folder: Path
    temporary: Path

    def write(self, name: str, content: str | bytes) -> Path:
        """Write a file of the user's, with the folders it needs."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    def listing(self) -> dict[str, tuple[int, int, bytes]]:
        """Return every file and folder there is: its inode, its mode, its bytes."""
        places = sorted(path for top in (self.folder, self.temporary) for path in top.rglob("*"))
        return {str(path): self._entry(path) for path in places}

    def _entry(self, path: Path) -> tuple[int, int, bytes]:
        status = path.lstat()
        is_plain = path.is_file() and not path.is_symlink() and bool(status.st_mode & 0o400)
        return status.st_ino, status.st_mode, path.read_bytes() if is_plain else b""


@pytest.fixture
def workplace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workplace:
    """An empty working directory, and an empty folder for temporary files."""
    place = Workplace(tmp_path / "work", tmp_path / "temporary")
    for folder in (place.folder, place.temporary):
        folder.mkdir()
    monkeypatch.chdir(place.folder)
    monkeypatch.setattr(tempfile, "tempdir", str(place.temporary))
    monkeypatch.setenv("TMPDIR", str(place.temporary))
    return place


@pytest.fixture
def tunegate(workplace: Workplace, capsys: pytest.CaptureFixture[str]) -> Callable[..., Said]:
    """Run a command in this process: tunegate("check", "a.jsonl")."""

    def run(*arguments: str) -> Said:
        code = main(arguments)
        said = capsys.readouterr()
        return Said(code, said.out, said.err)

    return run


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-P", "-m", "tunegate", *arguments]


@pytest.fixture
def environment(workplace: Workplace) -> dict[str, str]:
    """This process's, where output is buffered as usual and relative import paths still hold elsewhere."""
    known = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
    if "PYTHONPATH" in known:
        known["PYTHONPATH"] = IMPORT_PATH
    return known


# Root loses CAP_DAC_OVERRIDE and CAP_DAC_READ_SEARCH for good, by PR_CAPBSET_DROP, so that file modes count for it too.
_LAUNCH = """
import ctypes, os, sys
cores, *command = sys.argv[1:]
if os.geteuid() == 0 and any(ctypes.CDLL(None).prctl(24, right, 0, 0, 0) for right in (1, 2)):
    sys.exit("the right to read any file cannot be dropped")
if cores != "all":
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[: int(cores)])
os.execv(command[0], command)
"""


@pytest.fixture
def process(workplace: Workplace, environment: dict[str, str]) -> Callable[..., Said]:
    """Run a command in a process of its own, without root's right to any file.

    process("check", "-", stdin=b"...", cores=1, PYTHONHASHSEED="1")
    """

    def run(
        *arguments: str, stdin: bytes = b"", cwd: Path | None = None, cores: int | str = "all", **more: str
    ) -> Said:
        done = subprocess.run(
            [sys.executable, "-I", "-S", "-c", _LAUNCH, str(cores), *command(*arguments)],
            input=stdin,
            capture_output=True,
            timeout=60,
            cwd=cwd or workplace.folder,
            env=environment | more,
        )
        return Said(done.returncode, done.stdout.decode(), done.stderr.decode())

    return run


@pytest.fixture
def start(workplace: Workplace, environment: dict[str, str]) -> Iterator[Callable[..., subprocess.Popen[bytes]]]:
    """Start a command and return its process, which is ended with the test."""
    started: list[subprocess.Popen[bytes]] = []

    def run(*arguments: str, **streams: int) -> subprocess.Popen[bytes]:
        process = subprocess.Popen(
            command(*arguments),
            cwd=workplace.folder,
            env=environment,
            **({"stdout": subprocess.PIPE, "stderr": subprocess.PIPE} | streams),
        )
        started.append(process)
        return process

    yield run
    for process in started:
        process.kill()
        process.communicate()
