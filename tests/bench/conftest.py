"""Benchmarks print medians and ratios of one run on the machine at hand; only their answers are asserted."""

import os
import platform
import shutil
import subprocess
import sys
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
    system = f"{platform.system()} {platform.release()}, Python {platform.python_version()}"
    return f"{_processor()}, {os.cpu_count()} CPUs, load {load:.1f} over the last minute, {system}"


def _processor() -> str:
    if shutil.which("lscpu") is None:
        return platform.machine()
    listing = subprocess.run(["lscpu"], capture_output=True, text=True, check=True, env={"LC_ALL": "C"}).stdout
    names = [line.partition(":")[2].strip() for line in listing.splitlines() if line.startswith("Model name:")]
    return names[0] if names else platform.machine()
