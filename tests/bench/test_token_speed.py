"""Token counts: from JSON lines to the tokens of every record on one thread, beside two libraries.

TUNEGATE_BENCH_FULL=1 adds 500,000 records.
"""

import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from tokenizers import Tokenizer
from tunegate import _core

from .conftest import BENCH, ROUNDS, large
from .measured import Measured, line
from .processes import Command

DATA = Path(__file__).parents[3] / "shared/data"
TOKENIZERS = {
    "GPT-NeoX": DATA / "tok-pythia/utils/20B_tokenizer.json",
    "Qwen2": DATA / "tok-built/qwen2/tokenizer.json",
    "Phi-3": DATA / "tok-onnxruntime-ext/test/data/phi-3-mini/tokenizer.json",
}
LONG = 100_000
PEERS = {"gigatoken and orjson": "gigatoken_counts.py", "tokenizers": "tokenizers_counts.py"}


@pytest.mark.parametrize("count", [50_000, pytest.param(500_000, marks=large)])
@pytest.mark.parametrize("name", TOKENIZERS)
def test_core_counts_the_tokens_of_chats(
    benchmark,
    peer: Command,
    records: Callable[[str, int], Path],
    tmp_path: Path,
    figure: Callable[[str], None],
    name: str,
    count: int,
):
    path, tokenizer = records("chats", count), TOKENIZERS[name]
    if not tokenizer.exists():
        pytest.skip("the tokenizer is absent")
    ours, two = Measured(), Measured()
    peers = {peer_name: Measured() for peer_name in PEERS}
    answers = {peer_name: tmp_path / f"{place}.npy" for place, peer_name in enumerate([*PEERS, "ours"])}

    def run_the_others() -> None:
        for peer_name, script in PEERS.items():
            if not peers[peer_name].runs or peer_name != "tokenizers" or count < 500_000:  # minutes each
                arguments = (path, tokenizer, "--answer", answers[peer_name])
                peers[peer_name].add(peer.run(BENCH / "peers" / script, *arguments, cpus=1))
        two.add(counted(path, tokenizer, tmp_path / "two.npy", threads=2))

    benchmark.pedantic(lambda: ours.add(counted(path, tokenizer, answers["ours"])), setup=run_the_others, rounds=ROUNDS)
    wanted = np.load(answers["tokenizers"])
    for other in (answers["ours"], answers["gigatoken and orjson"], tmp_path / "two.npy"):
        assert (np.load(other) == wanted).all()
    figure(f"tokens of {count:,} records, {path.stat().st_size / 1e6:.0f} MB, by {name}, medians of {ROUNDS}")
    figure(line(f"tunegate, SIMD level {ours.figures[0]['simd_level']}", ours, ours, f"{wanted.sum():,} tokens"))
    figure(line("tunegate on two threads", two, ours))
    for peer_name, measured in peers.items():
        figure(line(peer_name, measured, ours))


@pytest.mark.parametrize("name", TOKENIZERS)
def test_a_long_piece_takes_milliseconds(benchmark, figure: Callable[[str], None], name: str):
    if not TOKENIZERS[name].exists():
        pytest.skip("the tokenizer is absent")
    tokenizer, reference = _core.Tokenizer(TOKENIZERS[name].read_bytes()), Tokenizer.from_file(str(TOKENIZERS[name]))
    texts = {character: pl.Series([LONG * character]) for character in ("a", " ", "=", "漢")}
    seconds: dict[str, list[float]] = {character: [] for character in texts}

    def count_all() -> None:
        for character, text in texts.items():
            begin = time.perf_counter()
            (count,) = pl.DataFrame(tokenizer.count(text))["tokens"]
            seconds[character].append(time.perf_counter() - begin)
            assert count == wanted[character]

    wanted = {
        character: len(reference.encode(text[0], add_special_tokens=False).ids) for character, text in texts.items()
    }
    benchmark.pedantic(count_all, rounds=ROUNDS)
    shown = ", ".join(f"{character!r} {statistics.median(took) * 1e3:.1f} ms" for character, took in seconds.items())
    figure(f"{LONG:,} times one character, {name}, medians of {ROUNDS}: {shown}")


def counted(path: Path, tokenizer: Path, answer: Path, *, threads: int = 1):
    """Count with our core, on as many processors as threads."""
    script = BENCH / "token_core.py"
    return Command(sys.executable).run(
        script, path, tokenizer, "--answer", answer, "--threads", str(threads), cpus=threads
    )
