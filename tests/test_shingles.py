"""Shingles by Python's own lower case, regular expressions and sets."""

import json
import os
import re
import subprocess
import sys
import unicodedata
from collections.abc import Iterable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tunegate import _core

CORPUS = "neardup-exact/bfcl-questions.texts.jsonl"  # questions of the Berkeley function calling leaderboard
UNITS = ("words", "characters")
MASK = 2**64 - 1
LENGTH_FACTOR = 0x9E3779B97F4A7C15

# An interpreter with another Unicode may know other words; what Unicode 3.2 had has not changed since.
KNOWN = unicodedata if unicodedata.unidata_version == "14.0.0" else unicodedata.ucd_3_2_0
CHARACTERS = [chr(code) for code in range(sys.maxunicode + 1) if KNOWN.category(chr(code)) not in ("Cs", "Cn", "Co")]


def reference_units(text: str, unit: str = "words") -> list[str]:
    words = re.findall(r"\w+", text.lower())
    return words if unit == "words" else list("".join(words))


def reference(text: str, unit: str = "words", size: int = 5) -> list[tuple[str, ...]]:
    units = reference_units(text, unit)
    if len(units) < size:
        return [tuple(units)] if units else []
    return [tuple(units[i : i + size]) for i in range(len(units) - size + 1)]


class Bijection:
    """Over many texts: equal hashes for equal shingles, other hashes for others, in the same order on all levels."""

    def __init__(self, unit: str = "words", size: int = 5) -> None:
        self.unit, self.size = unit, size
        self.hash_of: dict[tuple[str, ...], int] = {}
        self.shingle_of: dict[int, tuple[str, ...]] = {}
        self.text_of: dict[int, list[str]] = {}

    def check(self, text: str) -> None:
        pieces = [piece.encode() for piece in text.split("\n")]
        expected = reference(text, self.unit, self.size)
        hashes, text_hash = self.measure(pieces)
        assert len(hashes) == len(expected)
        for found, shingle in zip(hashes, expected, strict=True):
            assert self.hash_of.setdefault(shingle, found) == found
            assert self.shingle_of.setdefault(found, shingle) == shingle
        units = reference_units(text, self.unit)
        assert self.text_of.setdefault(text_hash, units) == units
        assert (text_hash == 0) == (units == [])

    def measure(self, pieces: list[bytes]) -> tuple[list[int], int]:
        """Give what all levels agree on."""
        first, *others = (
            (
                _core.shingles(pieces, unit=self.unit, size=self.size, level=level),
                _core.text_hash(pieces, unit=self.unit, level=level),
            )
            for level in _core.simd_levels()
        )
        assert all(other == first for other in others)
        return first


ALPHABET = st.sampled_from(CHARACTERS) | st.sampled_from("aZ09_ .'\n:ΣσςΟέİıЖя中文क्षि\u0301\u00ad😀ʰǅⅧ²KẞȺ")


@settings(max_examples=300)
@given(st.lists(st.text(ALPHABET, max_size=150), max_size=3), st.sampled_from(UNITS), st.integers(1, 9))
def test_hashes_are_as_many_and_as_different_as_the_shingles(texts: list[str], unit: str, size: int):
    bijection = Bijection(unit, size)
    for text in texts:
        bijection.check(text)


def test_every_character_counts_as_a_word_and_in_lower_case_as_in_python():
    Bijection(size=1).check(" ".join(f"{c} a{c}b" for c in CHARACTERS))


def test_every_character_makes_a_sigma_final_as_in_python():
    Bijection(size=1).check(" ".join(f"AΣ{c} AΣ{c}A A{c}Σ {c}Σ" for c in CHARACTERS))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("ΟΔΟΣ", ["οδος"]),
        ("Σ", ["σ"]),
        ("ΑΣ'Α", ["ασ", "α"]),
        ("ΑΣ' Α", ["ας", "α"]),
        ("Α.Σ", ["α", "ς"]),
        ("ΑΣ\nΑ", ["ας", "α"]),
        ("ΑΣΣ", ["ασς"]),
        ("İzmir", ["i", "zmir"]),
        ("Straße STRASSE", ["straße", "strasse"]),
        ("क्षि", ["क", "ष"]),
        ("it's_1 x²", ["it", "s_1", "x²"]),
    ],
)
def test_words_are_these(text: str, words: list[str]):
    assert reference_units(text) == words
    pieces = [word.encode() for word in words]
    assert _core.shingles([text.encode()], size=1) == _core.shingles(pieces, size=1)


@pytest.mark.parametrize("unit", UNITS)
def test_real_texts_have_the_shingles_of_the_reference(unit: str, shared_data: Path):
    bijection = Bijection(unit)
    with (shared_data / CORPUS).open(encoding="utf-8") as lines:
        for line in lines:
            bijection.check(json.loads(line)["text"])


def mixed(a: int, b: int) -> int:
    return (a * b >> 64) ^ (a * b & MASK)


def word_hash(word: str) -> int:
    data = word.encode()
    result = len(data) * LENGTH_FACTOR & MASK
    for start in range(0, len(data), 16):
        block = data[start : start + 16].ljust(16, b"\0")
        x, y = (int.from_bytes(half, "little") for half in (block[:8], block[8:]))
        result = mixed(result ^ 0x243F6A8885A308D3 ^ x, 0x082EFA98EC4E6C89 ^ y)
    return result


def join(a: int, b: int) -> int:
    return ((a ^ a >> 32) * 0x452821E638D01377 + b) & MASK


def spread(a: int) -> int:
    return join(a, 0) ^ join(a, 0) >> 32


def span(hashes: list[int]) -> int:
    if len(hashes) == 1:
        return hashes[0]
    middle = len(hashes) // 2 if len(hashes) % 2 == 0 else len(hashes) - 1
    return join(span(hashes[:middle]), span(hashes[middle:]))


def folded(hashes: Iterable[int]) -> int:
    left = list(hashes)
    while len(left) > 1:
        left += [0] * (len(left) % 2)
        left = [join(a, b) for a, b in zip(left[: len(left) // 2], left[len(left) // 2 :], strict=True)]
    return left[0]


@pytest.mark.parametrize("size", [1, 2, 3, 5, 8, 13])
def test_hashes_are_those_of_the_formulas(size: int):
    text = "The quick brown fox jumps over a lazy dog; Antidisestablishmentarianism_and_more Ζεύς 0123456789abcdef 7"
    words = [word_hash(word) for word in reference_units(text)]
    points = [
        spread(spread(ord(character) + LENGTH_FACTOR & MASK)) for character in reference_units(text, "characters")
    ]
    for unit, hashes in (("words", words), ("characters", points)):
        expected = [spread(span(hashes[i : i + size])) for i in range(len(hashes) - size + 1)]
        whole = spread(folded(hashes) + len(hashes) * LENGTH_FACTOR & MASK)
        for level in _core.simd_levels():
            assert _core.shingles([text.encode()], unit=unit, size=size, level=level) == expected
            assert _core.text_hash([text.encode()], unit=unit, level=level) == whole


def test_unknown_names_are_refused():
    with pytest.raises(ValueError, match="words or characters, not 'lines'"):
        _core.shingles([b"a"], unit="lines")
    with pytest.raises(ValueError, match="'v9'"):
        _core.shingles([b"a"], level="v9")
    with pytest.raises(ValueError, match="at least 1"):
        _core.shingles([b"a"], size=0)


LEVEL_IN_USE = """
import importlib.util, sys
spec = importlib.util.spec_from_file_location("_core", sys.argv[1])
module = importlib.util.module_from_spec(spec)
spec.loader.exec_module(module)
print(module.simd_level())
"""


def test_a_lower_level_can_be_chosen_in_the_environment():
    command = [sys.executable, "-I", "-S", "-c", LEVEL_IN_USE, _core.__file__]
    best = _core.simd_levels()[-1]
    for name, expected in [(level, level) for level in _core.simd_levels()] + [("v9", best), ("", best)]:
        environment = os.environ | {"TUNEGATE_SIMD": name}
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
        assert done.stdout.strip() == expected
