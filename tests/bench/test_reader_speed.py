"""Reading on one thread: JSON lines to Arrow columns, and validation without columns, beside msgspec and beside reading
the bytes alone."""

import gc
import json
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
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
    assert unsound_lines(mutated) == unsound
    flagged = flagged_lines(tunegate, mix)
    assert len(flagged) == corpus.EMPTY_TURNS
    assert peer.unsound_lines(mix) == flagged
    assert unsound_lines(mix) == flagged


def unsound_lines(path: Path) -> list[int]:
    """Return the lines that the same checks name, without columns."""
    return pl.DataFrame(_core.unsound_chat_lines(str(path), threads=1))["line"].to_list()


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
    "msgspec, decode, order, empty turns": (lambda path: len(peer.loosely_unsound_lines(path)), corpus.EMPTY_TURNS),
    "msgspec, typed decode alone": (lambda path: len(peer.undecodable_lines(path)), 0),
    "plain reading in pieces of 1 MiB": (read_bytes, corpus.BYTES),
}


OURS: dict[str, tuple[Callable[[Path], Any], object]] = {
    "tunegate validation, no columns": (lambda path: len(unsound_lines(path)), corpus.EMPTY_TURNS),
    "tunegate reader, into Arrow columns": (read_columns, (corpus.RECORDS, corpus.RECORDS, corpus.MESSAGES)),
}


@pytest.mark.usefixtures("peer_in_agreement")
@pytest.mark.benchmark(timer=time.process_time)
@pytest.mark.parametrize("name", OURS)
def test_reader_gives_the_right_answer_for_the_whole_corpus(benchmark, mix: Path, figure: Callable[[str], None], name):
    work, right_answer = OURS[name]
    watches = {peer_name: Stopwatch() for peer_name in PEERS}

    def run_the_peers() -> None:
        gc.collect()
        gc.disable()  # the peers make objects, and would pay for it
        for peer_name, (peer_work, answer) in PEERS.items():
            assert watches[peer_name].time(peer_work, mix) == answer
        gc.enable()

    assert benchmark.pedantic(work, args=(mix,), setup=run_the_peers, rounds=ROUNDS) == right_answer
    ours = benchmark.stats.stats.median
    figure(f"one thread reads {MEGABYTES:.0f} MB, {corpus.RECORDS:,} records: CPU seconds, medians of {ROUNDS}")
    figure(f"  {name:<38} {ours:7.3f} s {MEGABYTES / ours:8,.0f} MB/s")
    for peer_name, watch in watches.items():
        theirs = statistics.median(watch.seconds)
        ratio = f"{theirs / ours:.2f} times ours" if theirs > 0.5 * ours else f"ours is {ours / theirs:.1f} times that"
        figure(f"  {peer_name:<38} {theirs:7.3f} s {MEGABYTES / theirs:8,.0f} MB/s   {ratio}")
