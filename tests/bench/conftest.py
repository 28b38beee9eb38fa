"""Benchmarks print medians and ratios of one run on the machine at hand; only their answers are asserted."""

import hashlib
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from . import corpus, dedup_corpus, dedup_truth
from .processes import Command

BENCH = Path(__file__).parent
CORPORA = BENCH.parents[1] / "build/bench"
PEERS_PYTHON = BENCH.parents[1] / "build/peers/bin/python"
ONE_THREAD = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "POLARS_MAX_THREADS",
    "RAYON_NUM_THREADS",
)
SILENT = {"DAFT_ANALYTICS_ENABLED": "0", "DO_NOT_TRACK": "1"}
ROUNDS = 5
large = pytest.mark.skipif(
    not os.environ.get("TUNEGATE_BENCH_FULL"), reason="takes a quarter of an hour: TUNEGATE_BENCH_FULL=1"
)
FIGURES: pytest.StashKey[list[str]] = pytest.StashKey()


@pytest.fixture(scope="session", autouse=True)
def _environment() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        for name in ONE_THREAD:
            patch.setenv(name, "1")
        for name, value in SILENT.items():
            patch.setenv(name, value)
        yield


@pytest.fixture(scope="session")
def peer() -> Command:
    """The Python that has the peers."""
    if not PEERS_PYTHON.exists():
        pytest.skip(f"the peers are not installed: make {os.path.relpath(PEERS_PYTHON.parents[1])}/ready")
    return Command(str(PEERS_PYTHON))


@pytest.fixture(scope="session")
def records() -> Callable[[str, int], Path]:
    """Return a corpus of a kind; it is made once and kept, its truth beside it, until the programs change."""
    if not corpus.ARCHIVE.exists() or shutil.which("zstd") is None:
        pytest.skip(f"the sentences are absent: expected {os.path.relpath(corpus.ARCHIVE)} and the command zstd")
    sources = b"".join(Path(str(module.__file__)).read_bytes() for module in (dedup_corpus, dedup_truth))
    made_by = hashlib.sha256(sources).hexdigest()[:8]

    def made(kind: str, count: int) -> Path:
        path = CORPORA / f"{kind}-{count}-{made_by}.jsonl"
        if not path.exists():
            CORPORA.mkdir(parents=True, exist_ok=True)
            for old in CORPORA.glob(f"{kind}-{count}-*"):
                old.unlink()
            dedup_corpus.write(kind, count, path.with_suffix(".part")).rename(path)
        return path

    return made


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
