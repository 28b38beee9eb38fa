"""Near-duplicates: from JSON lines to verified pairs and clusters on one thread, beside three libraries.

TUNEGATE_BENCH_FULL=1 adds 500,000 records, which takes a quarter of an hour: most of it goes to the peers, and to the truth.
"""

import statistics
import sys
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from tunegate import _core

from . import dedup_truth
from .conftest import BENCH, ROUNDS, large
from .measured import Measured, line
from .processes import Command, Run

PEERS = {"daft": "daft_minhash.py", "rensa": "rensa_pairs.py", "datasketch": "datasketch_lsh.py"}
THRESHOLD, RECALL = Fraction(4, 5), 0.9999
SMALL, LARGE, CROWD = 50_000, 500_000, 20_000

pytestmark = pytest.mark.skipif(
    not hasattr(_core, "NearDuplicates"), reason="tunegate._core has no NearDuplicates: reinstall it"
)


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
