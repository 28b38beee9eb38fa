"""Near-duplicates: from JSON lines to verified pairs and clusters on one thread, beside three libraries.

TUNEGATE_BENCH_FULL=1 adds 500,000 records, which takes half an hour: most of it goes to the peers, and to the truth.
"""

import hashlib
import json
import os
import shutil
import statistics
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tunegate import _core

from . import corpus, dedup_corpus, dedup_truth
from .conftest import ROUNDS
from .processes import Command, Run

BENCH = Path(__file__).parent
CORPORA = BENCH.parents[1] / "build/bench"
PEERS_PYTHON = BENCH.parents[1] / "build/peers/bin/python"
PEERS = {"daft": "daft_minhash.py", "rensa": "rensa_pairs.py", "datasketch": "datasketch_lsh.py"}
THRESHOLD, RECALL = Fraction(4, 5), 0.9999
SMALL, LARGE, CROWD = 50_000, 500_000, 20_000
ONE_THREAD = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "POLARS_MAX_THREADS", "RAYON_NUM_THREADS")
SILENT = {"DAFT_ANALYTICS_ENABLED": "0", "DO_NOT_TRACK": "1"}

pytestmark = pytest.mark.skipif(
    not hasattr(_core, "NearDuplicates"), reason="tunegate._core has no NearDuplicates: reinstall it"
)
large = pytest.mark.skipif(
    not os.environ.get("TUNEGATE_BENCH_FULL"), reason="takes half an hour: TUNEGATE_BENCH_FULL=1"
)


@dataclass(frozen=True)
class Measured:
    """What scripts printed about themselves in several runs, and how the runs were."""

    figures: list[dict[str, Any]] = field(default_factory=list)
    runs: list[Run] = field(default_factory=list)

    def add(self, run: Run) -> None:
        """Take a run that went well."""
        assert run.code == 0, run.errors
        self.runs.append(run)
        self.figures.append(json.loads(run.output or "{}"))

    @property
    def seconds(self) -> float:
        """The median of the seconds that the scripts measured, imports left out."""
        return statistics.median(figures["seconds"] for figures in self.figures)

    @property
    def cpu_seconds(self) -> float:
        """The median of their CPU seconds, which a busy machine changes less."""
        return statistics.median(figures["cpu_seconds"] for figures in self.figures)

    @property
    def wall_seconds(self) -> float:
        """The median of the processes' seconds."""
        return statistics.median(run.seconds for run in self.runs)

    @property
    def peak_bytes(self) -> int:
        """The greatest private memory beyond that of the imports."""
        return max(
            run.peak_bytes - of["private_bytes_of_imports"] for run, of in zip(self.runs, self.figures, strict=True)
        )


@pytest.fixture(scope="module", autouse=True)
def _environment() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        for name in ONE_THREAD:
            patch.setenv(name, "1")
        for name, value in SILENT.items():
            patch.setenv(name, value)
        yield


@pytest.fixture(scope="module")
def peer() -> Command:
    """The Python that has the peers."""
    if not PEERS_PYTHON.exists():
        pytest.skip(f"the peers are not installed: make {os.path.relpath(PEERS_PYTHON.parents[1])}/ready")
    return Command(str(PEERS_PYTHON))


@pytest.fixture(scope="module")
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


def find(path: Path, *options: str | Path, threads: int = 1) -> Run:
    """Find near-duplicates with our core, on as many processors as threads."""
    script = BENCH / "dedup_core.py"
    return Command(sys.executable).run(script, path, "--threads", str(threads), *options, cpus=threads)


def assert_is_true(answer: Path, truth: np.ndarray, recall: float) -> None:
    """Assert that every pair is a true one with its exact similarity, hardly one is missing, and clusters are stars."""
    arrays = np.load(answer)
    found, true = (set(map(tuple, _reduced(pairs).tolist())) for pairs in (arrays["pairs"], truth))
    assert found <= true
    assert len(found) >= recall * len(true)
    record, keeper = arrays["clusters"][:, 0], arrays["clusters"][:, 1]
    assert dedup_truth.misplaced(record, keeper, arrays["pairs"]) == 0


def _reduced(pairs: np.ndarray) -> np.ndarray:
    """Return the pairs with their similarity as a fraction in lowest terms: of copies, ours counts no shingles."""
    divisor = np.gcd(pairs[:, 2], pairs[:, 3])
    return np.column_stack([pairs[:, :2], pairs[:, 2:] // divisor[:, None]])


def line(name: str, measured: Measured, ours: Measured, note: str = "") -> str:
    """Say how long it took, how many times ours that is, and its memory."""
    ratio = "" if measured is ours else f"{measured.seconds / ours.seconds:6.1f} times ours"
    memory = f"{measured.peak_bytes / 1e6:6,.0f} MB"
    seconds = f"{measured.seconds:8.3f} s (CPU {measured.cpu_seconds:.3f})"
    return f"  {name:<26} {seconds} {memory} {ratio:>18}  {note}".rstrip()


@pytest.mark.parametrize(("count", "rounds"), [(SMALL, ROUNDS), pytest.param(LARGE, 3, marks=large)])
def test_core_finds_the_true_pairs_of_chats(
    benchmark,
    peer: Command,
    records: Callable[[str, int], Path],
    tmp_path: Path,
    figure: Callable[[str], None],
    count: int,
    rounds: int,
):
    path = records("chats", count)
    truth, answer = dedup_truth.cached_pairs(path, THRESHOLD), tmp_path / "answer.npz"
    true_pairs = tmp_path / "truth.npy"
    np.save(true_pairs, truth)
    ours, exact, two = Measured(), Measured(), Measured()
    peers = {name: Measured() for name in PEERS}

    def run_the_others() -> None:
        for name, script in PEERS.items():
            peers[name].add(peer.run(BENCH / "peers" / script, path, "--truth", true_pairs, cpus=1))
        exact.add(find(path, "--mode", "exact", "--answer", answer))
        assert_is_true(answer, truth, 1.0)
        two.add(find(path, "--answer", answer, threads=2))
        assert_is_true(answer, truth, RECALL)

    benchmark.pedantic(lambda: ours.add(find(path, "--answer", answer)), setup=run_the_others, rounds=rounds)
    assert_is_true(answer, truth, RECALL)
    level = ours.figures[0]["simd_level"]
    megabytes = path.stat().st_size / 1e6
    figure(f"near-duplicates of {count:,} records, {megabytes:.0f} MB, imports left out, medians of {rounds}")
    found = f"recall {len(np.load(answer)['pairs']) / len(truth):.4f}, precision 1, {len(truth):,} true pairs"
    figure(line(f"tunegate, SIMD level {level}", ours, ours, found))
    figure(line("tunegate, exact", exact, ours, "recall 1, precision 1"))
    figure(line("tunegate on two threads", two, ours))
    for name, measured in peers.items():
        of = measured.figures[0]
        quality = (
            f"recall {of['recall']:.3f}, precision {of['precision']:.3f}, wrong records {of['wrongly_clustered']:,}"
        )
        figure(line(name, measured, ours, quality))


@pytest.mark.parametrize(("count", "rounds"), [(SMALL, ROUNDS), pytest.param(LARGE, 3, marks=large)])
def test_command_keeps_or_removes_every_record(
    benchmark,
    tunegate: Command,
    peer: Command,
    records: Callable[[str, int], Path],
    tmp_path: Path,
    figure: Callable[[str], None],
    count: int,
    rounds: int,
):
    path, kept, removed = records("chats", count), tmp_path / "kept.jsonl", tmp_path / "removed.jsonl"
    arguments = ("dedup", path, "-o", kept, "--removed", removed)
    ours, two, daft = [], [], Measured()

    def run_the_others() -> None:
        daft.add(peer.run(BENCH / "peers" / PEERS["daft"], path, "--write", tmp_path / "theirs.jsonl", cpus=1))
        two.append(tunegate.run(*arguments, cpus=2))

    benchmark.pedantic(lambda: ours.append(tunegate.run(*arguments, cpus=1)), setup=run_the_others, rounds=rounds)
    assert {run.code for run in ours + two} == {0}, ours[0].errors
    truth = dedup_truth.cached_pairs(path, THRESHOLD)
    kept_lines, removed_lines = (written.read_bytes().count(b"\n") for written in (kept, removed))
    assert kept_lines + removed_lines == count
    assert removed_lines <= len(np.unique(truth[:, :2]))
    assert len(dedup_truth.near_pairs(dedup_truth.texts_of(kept), THRESHOLD)) <= (1 - RECALL) * len(truth)
    seconds = statistics.median(run.seconds for run in ours)
    figure(f"tunegate dedup of {count:,} records in a fresh process, medians of {rounds}")
    for name, wall, peak in (
        ("on one CPU", seconds, max(run.peak_bytes for run in ours)),
        ("on two CPUs", statistics.median(run.seconds for run in two), max(run.peak_bytes for run in two)),
        ("daft and writing, one CPU", daft.wall_seconds, max(run.peak_bytes for run in daft.runs)),
    ):
        figure(f"  {name:<26} {wall:8.3f} s  peak RssAnon {peak / 1e6:6,.0f} MB {wall / seconds:6.1f} times the first")


def test_what_records_share_does_not_slow_the_core_down(
    benchmark, records: Callable[[str, int], Path], tmp_path: Path, figure: Callable[[str], None]
):
    paths = {kind: records(kind, CROWD) for kind in ("chats", "boilerplate", "template")}
    answer, other = tmp_path / "answer.npz", tmp_path / "other.npz"
    measured = {kind: Measured() for kind in paths}

    def run_the_others() -> None:
        measured["chats"].add(find(paths["chats"]))
        measured["template"].add(find(paths["template"], "--clusters-only", "--answer", other))

    benchmark.pedantic(
        lambda: measured["boilerplate"].add(find(paths["boilerplate"], "--answer", answer)),
        setup=run_the_others,
        rounds=ROUNDS,
    )
    assert_is_true(answer, dedup_truth.cached_pairs(paths["boilerplate"], THRESHOLD), RECALL)
    record, keeper = np.load(other)["clusters"][:, :2].T
    assert len(np.unique(keeper)) == 1  # any two are similar: all belong to one
    assert (record != keeper).sum() == CROWD - 1
    figure(f"near-duplicates of {CROWD:,} records, imports left out, medians of {ROUNDS}")
    for kind, of in measured.items():
        per_record, per_byte = of.seconds / CROWD * 1e6, of.seconds / paths[kind].stat().st_size * 1e9
        memory = f"{of.peak_bytes / 1e6:6,.0f} MB"
        figure(f"  {kind:<26} {of.seconds:8.3f} s {memory}  {per_record:7.2f} us a record {per_byte:7.2f} ns a byte")
