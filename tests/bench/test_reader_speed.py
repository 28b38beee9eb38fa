"""Reading: JSON lines to Arrow columns on one thread, beside msgspec and beside reading the bytes alone."""

import gc
import json
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tunegate import _core

from . import corpus
from .conftest import ROUNDS
from .peers import msgspec_validate as peer
from .processes import Command

MUTATED = 200
MEGABYTES = corpus.BYTES / 1e6


def flagged_lines(tunegate: Command, path: Path) -> list[int]:
    """Return the lines that the checks which the peer copies name."""
    run = tunegate.run("check", path, "--gates", "Q101,Q103,Q104,Q105,Q106", "--format", "json")
    assert run.code in (0, 1), run.errors
    gates = json.loads(run.output)["gates"]
    return sorted({found["line"] for gate in gates for check in gate["checks"] for found in check["evidence"]})


@pytest.fixture(scope="module")
def peer_in_agreement(mix: Path, tunegate: Command, tmp_path_factory: pytest.TempPathFactory) -> None:
    """The peer gives our verdict on the corpus and on its mutations, and there it is the right one."""
    mutations = corpus.mutations(mix, count=MUTATED, seed=7)
    mutated = tmp_path_factory.mktemp("mutated") / "mutated.jsonl"
    mutated.write_bytes(b"".join(mutation.line + b"\n" for mutation in mutations))
    unsound = [line for line, mutation in enumerate(mutations, 1) if not mutation.sound]
    assert len(mutations) == MUTATED
    assert flagged_lines(tunegate, mutated) == unsound
    assert peer.unsound_lines(mutated) == unsound
    flagged = flagged_lines(tunegate, mix)
    assert len(flagged) == corpus.EMPTY_TURNS
    assert peer.unsound_lines(mix) == flagged


def read_columns(path: Path) -> tuple[int, int, int]:
    """Read a file into Arrow columns; return the numbers of records, samples and messages."""
    reader = _core.SourceReader(str(path), lines=True, threads=1)
    records = samples = messages = 0
    while (batch := reader.next()) is not None:
        records += batch.record_count
        samples += batch.sample_count
        messages += len(batch.messages)
    return records, samples, messages


def read_bytes(path: Path) -> int:
    """Read a file in pieces of 1 MiB; return its size."""
    size = 0
    with path.open("rb", buffering=0) as file:
        while piece := file.read(1 << 20):
            size += len(piece)
    return size


class Stopwatch:
    """CPU seconds of the same work, done several times by one thread that waits for nothing."""

    def __init__(self) -> None:
        self.seconds: list[float] = []

    def time(self, work: Callable[[Path], Any], path: Path) -> Any:
        """Do the work once, note how long it took, and return what it answered."""
        begin = time.process_time()
        answer = work(path)
        self.seconds.append(time.process_time() - begin)
        return answer


PEERS: dict[str, tuple[Callable[[Path], Any], object]] = {
    "msgspec, with our verdict": (lambda path: len(peer.unsound_lines(path)), corpus.EMPTY_TURNS),
    "msgspec, keys may stand twice": (lambda path: len(peer.loosely_unsound_lines(path)), corpus.EMPTY_TURNS),
    "msgspec, typed decode alone": (lambda path: len(peer.undecodable_lines(path)), 0),
    "plain reading in pieces of 1 MiB": (read_bytes, corpus.BYTES),
}


@pytest.mark.usefixtures("peer_in_agreement")
@pytest.mark.benchmark(timer=time.process_time)
def test_reader_fills_columns_with_every_record_of_the_corpus(benchmark, mix: Path, figure: Callable[[str], None]):
    watches = {name: Stopwatch() for name in PEERS}

    def run_the_peers() -> None:
        gc.collect()
        gc.disable()  # the peers make objects, and would pay for it
        for name, (work, answer) in PEERS.items():
            assert watches[name].time(work, mix) == answer
        gc.enable()

    answer = benchmark.pedantic(read_columns, args=(mix,), setup=run_the_peers, rounds=ROUNDS)
    assert answer == (corpus.RECORDS, corpus.RECORDS, corpus.MESSAGES)
    ours = benchmark.stats.stats.median
    figure(f"one thread reads {MEGABYTES:.0f} MB, {corpus.RECORDS:,} records: CPU seconds, medians of {ROUNDS}")
    figure(f"  {'tunegate reader, into Arrow columns':<36} {ours:7.3f} s {MEGABYTES / ours:8,.0f} MB/s")
    for name, watch in watches.items():
        theirs = statistics.median(watch.seconds)
        ratio = f"{theirs / ours:.2f} times ours" if theirs > 0.1 * ours else f"ours is {ours / theirs:.0f} times that"
        figure(f"  {name:<36} {theirs:7.3f} s {MEGABYTES / theirs:8,.0f} MB/s   {ratio}")
