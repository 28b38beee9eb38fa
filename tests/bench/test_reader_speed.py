"""Reading: JSON lines to Arrow columns on one thread, beside msgspec and beside reading the bytes alone."""

import gc
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from tunegate import _core

from . import corpus
from .conftest import ROUNDS, Stopwatch
from .peers import msgspec_validate as peer
from .processes import Command

MUTATED = 200
MEGABYTES = corpus.BYTES / 1e6


def flagged_lines(tunegate: Command, path: Path) -> list[int]:
    """Return the lines that the checks which the peer copies name."""
    run = tunegate.run("check", path, "--gates", "Q101,Q103,Q104,Q105,Q106", "--format", "json")
    assert run.returncode in (0, 1), run.stderr
    gates = json.loads(run.stdout)["gates"]
    return sorted({found["line"] for gate in gates for check in gate["checks"] for found in check["evidence"]})


@pytest.fixture(scope="module")
def peer_in_agreement(mix: Path, tunegate: Command, tmp_path_factory: pytest.TempPathFactory) -> None:
    """The peer gives our verdict on every record of the corpus and of its mutations, and it is the right one."""
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


@pytest.mark.usefixtures("peer_in_agreement")
def test_reader_fills_columns_with_every_record_of_the_corpus(
    benchmark, mix: Path, stopwatch: Callable[[], Stopwatch], figure: Callable[[str], None]
):
    equal, loose, decode, plain = (stopwatch() for _ in range(4))

    def run_the_others() -> None:
        gc.collect()
        gc.disable()  # the peer would spend its time there
        assert len(equal.time(lambda: peer.unsound_lines(mix))) == corpus.EMPTY_TURNS
        assert len(loose.time(lambda: peer.loosely_unsound_lines(mix))) == corpus.EMPTY_TURNS
        assert decode.time(lambda: peer.undecodable_lines(mix)) == []
        assert plain.time(lambda: read_bytes(mix)) == corpus.BYTES
        gc.enable()

    answer = benchmark.pedantic(read_columns, args=(mix,), setup=run_the_others, rounds=ROUNDS)
    assert answer == (corpus.RECORDS, corpus.RECORDS, corpus.MESSAGES)
    assert benchmark.stats is None or len(plain.seconds) == ROUNDS
    ours = Stopwatch()
    ours.seconds = benchmark.stats.stats.data
    figure(f"reading {MEGABYTES:.0f} MB, {corpus.RECORDS:,} records, on one thread; medians of {ROUNDS} alternating rounds")
    for name, watch in {
        "tunegate reader, into Arrow columns": ours,
        "msgspec, with our verdict": equal,
        "msgspec, blind to keys that stand twice": loose,
        "msgspec, typed decode alone": decode,
        "plain reading in 1 MiB pieces": plain,
    }.items():
        rate, ratio = MEGABYTES / watch.median, watch.median / ours.median
        figure(f"  {name:<40} {watch.median:7.3f} s {rate:8,.0f} MB/s   tunegate is {ratio:.2f} times as fast")
