"""Tokens are those of the library `tokenizers`, for real vocabularies and small ones of every kind."""

import json
import random
from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest
from tokenizers import Tokenizer
from tunegate import _core

from .trained import KINDS, train

DATA = Path(__file__).parents[3] / "shared/data"
REAL = [
    "tok-built/gpt-2/tokenizer.json",
    "tok-built/qwen2/tokenizer.json",
    "tok-onnxruntime-ext/test/data/phi-3-mini/tokenizer.json",
    "tok-pythia/utils/20B_tokenizer.json",
]
ODD = (
    "bY18 \t\n\r'’sSTdDlLreEvm中文あ한🙂👩‍👩‍👧\u200d\u00a0\u3000\u2028ﬁ½Ⅷ٣-_.,!?()[]{}<|endoftext|>#/\\\"İıß\u0301\u0345𝒳▁"
    "éèŠ\u0327\u0338Ωǅſ१二\u0085\ufeff\x00\x1c"
)
WORDS = [
    "<|endoftext|>",
    "<mask>",
    "word",
    "words",
    "  ",
    "I'll",
    "DON'T",
    "12345",
    "    ",
    "\n\n",
    "zyxwv",
    "▁▁",
    "<0x41>",
]
FUZZED = 10_000  # for each of the ten small ones; more together than a hundred thousand with the real ones


@pytest.fixture(scope="session")
def sentences() -> list[str]:
    path = DATA / "neardup-exact/bfcl-questions.texts.jsonl"
    if not path.exists():
        pytest.skip("the texts are absent")
    return [json.loads(line)["text"] for line in path.read_text("utf-8").splitlines()[:1_500]]


def odd_texts(seed: int, count: int) -> Iterator[str]:
    picker = random.Random(seed)
    for _ in range(count):
        parts = picker.choices(ODD, k=picker.randint(1, 40))
        for _ in range(picker.randint(0, 3)):
            parts.insert(picker.randint(0, len(parts)), picker.choice(WORDS))
        yield "".join(parts)


def long_texts() -> list[str]:
    return ["a" * 20_000, " " * 5_000, "\n" * 999, "1" * 3_000, "=" * 4_096, "ab" * 3_000, "é" * 3_000, "", " ", "a"]


def assert_same(path: Path, texts: list[str]) -> None:
    reference, tokenizer = Tokenizer.from_file(str(path)), _core.Tokenizer(path.read_bytes())
    wanted = [encoding.ids for encoding in reference.encode_batch(texts, add_special_tokens=False)]
    counted = pl.DataFrame(tokenizer.count(pl.Series(texts)))["tokens"].to_list()
    wrong = [text for text, ids in zip(texts, wanted, strict=True) if tokenizer.encode(text) != ids]
    assert not wrong, f"{len(wrong)} texts, first {wrong[0]!r}"
    assert counted == [len(ids) for ids in wanted]


@pytest.mark.parametrize("file", REAL)
def test_real_vocabularies_give_the_tokens_of_the_library(file, sentences):
    if not (DATA / file).exists():
        pytest.skip("the tokenizer is absent")
    assert_same(DATA / file, [*sentences, *odd_texts(1, 5_000), *long_texts()])


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_gives_the_tokens_of_the_library(kind, sentences, tmp_path):
    path = train(kind, sentences, tmp_path / "tokenizer.json")
    assert_same(path, [*sentences[:300], *odd_texts(2, FUZZED), *long_texts()])


@pytest.mark.parametrize("name", ["gpt-2", "qwen2"])
def test_published_vectors_are_met(name):
    """The texts and ids that llama.cpp publishes with its vocabularies."""
    folder = DATA / "tok-llama.cpp/models"
    if not folder.exists():
        pytest.skip("the vectors are absent")
    tokenizer = _core.Tokenizer((DATA / f"tok-built/{name}/tokenizer.json").read_bytes())
    texts = (folder / f"ggml-vocab-{name}.gguf.inp").read_text("utf-8").split("\n__ggml_vocab_test__\n")
    lines = (folder / f"ggml-vocab-{name}.gguf.out").read_text("utf-8").split("\n")
    wanted = [[int(number) for number in line.split()] for line in lines[: len(texts)]]
    assert len(texts) > 40
    assert [tokenizer.encode(text) for text in texts] == wanted


def test_a_model_that_is_no_bpe_is_refused_by_its_name():
    path = DATA / "tok-onnxruntime-ext/test/data/tokenizer/t5-small/tokenizer.json"
    if not path.exists():
        pytest.skip("the tokenizer is absent")
    with pytest.raises(_core.UnsupportedTokenizer, match="Unigram"):
        _core.Tokenizer(path.read_bytes())


def test_a_null_has_no_tokens(sentences, tmp_path):
    tokenizer = _core.Tokenizer(train("GPT-2", sentences, tmp_path / "t.json").read_bytes())
    assert pl.DataFrame(tokenizer.count(pl.Series(["a", None, ""])))["tokens"].to_list() == [1, 0, 0]
