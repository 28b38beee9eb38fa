"""Pieces of text as the library tokenizers cuts them, by the regular expressions of published tokenizer.json files."""

import json
import random
import sys
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import Regex
from tokenizers.pre_tokenizers import ByteLevel, Split
from tunegate import _core

GPT2 = r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"
LLAMA3 = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}|"
    r" ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
QWEN2 = LLAMA3.replace("{1,3}", "")
UPPER, LOWER = r"[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]", r"[\p{Ll}\p{Lm}\p{Lo}\p{M}]"
CONTRACTION = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)?"
O200K = (
    rf"[^\r\n\p{{L}}\p{{N}}]?{UPPER}*{LOWER}+{CONTRACTION}|[^\r\n\p{{L}}\p{{N}}]?{UPPER}+{LOWER}*{CONTRACTION}|"
    r"\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
RULES = {
    "gpt2": GPT2,
    "llama3": LLAMA3,
    "qwen2": QWEN2,
    "qwen3.5": QWEN2.replace(r"\p{L}+", r"[\p{L}\p{M}]+").replace(r"\s\p{L}", r"\s\p{L}\p{M}"),
    "o200k": O200K,
    "tekken": O200K.replace(CONTRACTION, "").replace("{1,3}", ""),
    "tiktoken r50k_base": r"'(?:[sdmt]|ll|ve|re)| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+",
    "tiktoken cl100k_base": r"'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}+|\p{N}{1,3}|"
    r" ?[^\s\p{L}\p{N}]++[\r\n]*|\s*[\r\n]|\s+(?!\S)|\s+",
    "LLaDA": r"'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}+|\p{N}|"
    r" ?[^\s\p{L}\p{N}]++[\r\n]*|\s*[\r\n]|\s+(?!\S)|\s+",
}
SPLITS = {name: Split(Regex(regex), "isolated") for name, regex in RULES.items()}
each_rule = pytest.mark.parametrize("rule", RULES)

ALPHABET = "aaabestrlvdmASTRELVDM1187 \t\n\r    '''’.,-/!\x00\x0b\x85\u00a0\u2028\u3000éÉßſıİǅʰªα\u0301\u0345\u0903\u20dd中あ한ㄱ٣½Ⅷ²𝒳𐐀𐐨🙂\u200d\ufe0f\U000e0041\ufffd"
CHARACTERS = [chr(code) for code in range(sys.maxunicode + 1) if not 0xD800 <= code <= 0xDFFF]
# Beyond them nearly all is private or unassigned; of that a sample will do.
TELLING = [c for c in CHARACTERS if c < "\U00033480" or "\U000e0000" <= c < "\U000e1000" or ord(c) % 64 == 0]
CONTEXTS = {  # which together tell all classes apart, and find what folds to a letter of a contraction
    "gpt2": ("'{}",),
    "llama3": (" {}", "a'{}a"),
    "o200k": ("A{}Aa", "a{}A", "!!{}a", "a'{}"),
}


def expected(rule: str, text: str) -> list[str]:
    return [piece for piece, _ in SPLITS[rule].pre_tokenize_str(text)]


def differing(rule: str, texts: list[str]) -> list[str]:
    return [text for text in texts if _core.split_pieces(RULES[rule], text) != expected(rule, text)]


def random_texts(seed: int, count: int) -> Iterator[str]:
    source = random.Random(seed)
    return ("".join(source.choices(ALPHABET, k=source.randint(1, 24))) for _ in range(count))


@pytest.mark.parametrize(
    ("rule", "pieces"),
    [
        ("gpt2", ["I", "'ll", " go", ",", " ", " 42", "\t", "x", "\n\n"]),
        ("llama3", ["I", "'LL", " go", ",", " ", " ", "421", "7", "\tx", ".\n\n", " ", " y"]),
        ("qwen2", ["it", "'S", " ", "4", "2", " \n\n", " y"]),
        ("o200k", ["I'LL", " go", "To", "HTMLText", " ", "421", "7", " //\n/", "x", " 中", "AB"]),
    ],
)
def test_text_is_cut_as_written_here(rule, pieces):
    text = "".join(pieces)
    assert _core.split_pieces(RULES[rule], text) == pieces == expected(rule, text)


def test_only_regular_expressions_that_are_known_are_taken():
    assert _core.split_pieces(r"\s+", "a b") is None
    assert _core.split_pieces(GPT2 + "|x", "a b") is None


def test_byte_level_cuts_by_the_rule_of_gpt2():
    splits = ByteLevel(add_prefix_space=False, use_regex=True)
    for text in random_texts(seed=1, count=2000):
        ends = [end for _, (_, end) in splits.pre_tokenize_str(text)]
        pieces = _core.split_pieces(GPT2, text)
        assert ends == [sum(map(len, pieces[: i + 1])) for i in range(len(pieces))]


@pytest.mark.parametrize(("rule", "context"), [(rule, context) for rule in CONTEXTS for context in CONTEXTS[rule]])
def test_every_character_is_of_the_class_that_the_library_gives_it(rule, context):
    lines = [context.format(character) for character in TELLING]
    texts = ["1\n".join(lines[first : first + 4096]) for first in range(0, len(lines), 4096)]
    assert not differing(rule, texts)


@each_rule
def test_random_texts_are_cut_as_the_library_cuts_them(rule):
    assert not differing(rule, list(random_texts(seed=len(rule), count=12_000)))


@each_rule
def test_long_random_texts_are_cut_as_the_library_cuts_them(rule):
    source = random.Random(7)
    ascii_text = [c for c in ALPHABET if c.isascii()]
    texts = ["".join(source.choices(ascii_text, k=500)) for _ in range(200)]
    mixed = ["".join(source.choices(ascii_text * 8 + list(ALPHABET), k=500)) for _ in range(200)]
    assert not differing(rule, texts + mixed)


@each_rule
@settings(max_examples=300, deadline=None)
@given(text=st.text())
def test_any_text_is_cut_as_the_library_cuts_it(rule, text):
    assert not differing(rule, [text])


@each_rule
def test_real_text_is_cut_as_the_library_cuts_it(rule, shared_data):
    path = shared_data / "neardup-exact/bfcl-questions.texts.jsonl"
    with path.open(encoding="utf-8") as lines:
        texts = [json.loads(line)["text"] for line, _ in zip(lines, range(1500), strict=False)]
    assert not differing(rule, texts)
