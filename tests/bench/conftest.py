"""Benchmarks print medians and ratios taken in one run on the machine at hand; only their answers are asserted."""

import os
import platform
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from . import corpus
from .processes import Command

ROUNDS = 5
FIGURES: pytest.StashKey[list[str]] = pytest.StashKey()


@pytest.fixture(scope="session")
def mix(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The corpus as a plain file, removed afterwards."""
    if not corpus.ARCHIVE.exists():
        pytest.skip(f"the corpus is absent: expected {os.path.relpath(corpus.ARCHIVE)}")
    if shutil.which("zstd") is None:
        pytest.skip("the command zstd, which unpacks the corpus, is absent: apt-get install zstd")
    path = corpus.unpack(tmp_path_factory.mktemp("corpus"))
    yield path
    path.unlink()


@pytest.fixture(scope="session")
def tunegate() -> Command:
    """Run the installed command."""
    found = shutil.which("tunegate", path=os.path.dirname(sys.executable)) or shutil.which("tunegate")
    if found is None:
        pytest.skip("the command tunegate is not installed: pip install .")
    return Command(found)


@pytest.fixture
def figure(request: pytest.FixtureRequest) -> Callable[[str], None]:
    """Print a line at the end of the run."""
    return request.config.stash.setdefault(FIGURES, []).append


class Stopwatch:
    """Seconds of the same work done several times."""

    def __init__(self) -> None:
        self.seconds: list[float] = []

    def time(self, work: Callable[[], object]) -> object:
        """Do the work once and note how long it took."""
        begin = time.perf_counter()
        answer = work()
        self.seconds.append(time.perf_counter() - begin)
        return answer

    @property
    def median(self) -> float:
        """The middle one, in seconds."""
        return statistics.median(self.seconds)


@pytest.fixture
def stopwatch() -> Callable[[], Stopwatch]:
    """Make a stopwatch."""
    return Stopwatch


def target(value: float, limit: float) -> str:
    """Say whether a value stays within its target; benchmarks report this, and never fail on it."""
    return "ok" if value <= limit else "missed"


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Print the machine, how busy it was, and the figures."""
    lines = config.stash.get(FIGURES, [])
    if not lines:
        return
    terminalreporter.section("figures")
    terminalreporter.line(_machine())
    for line in lines:
        terminalreporter.line(line)


def _machine() -> str:
    load = os.getloadavg()[0]
    return (
        f"{_processor()}, {os.cpu_count()} CPUs, load {load:.1f} (1 min), {platform.system()} {platform.release()}, "
        f"Python {platform.python_version()}"
    )


def _processor() -> str:
    if shutil.which("lscpu") is None:
        return platform.machine()
    listing = subprocess.run(["lscpu"], capture_output=True, text=True, check=True, env={"LC_ALL": "C"}).stdout
    names = [line.partition(":")[2].strip() for line in listing.splitlines() if line.startswith("Model name:")]
    return names[0] if names else platform.machine()
