"""Normalization form C as the library tokenizers has it."""

import random
import sys
import unicodedata

from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers.normalizers import NFC
from tunegate import _core

CHARACTERS = [chr(code) for code in range(sys.maxunicode + 1) if not 0xD800 <= code <= 0xDFFF]
# Python's Unicode is newer than the library's: these hold all that takes part in a composition, and more.
DECOMPOSED = [unicodedata.decomposition(c).split() for c in CHARACTERS]
PAIRS = [[chr(int(part, 16)) for part in parts] for parts in DECOMPOSED if len(parts) == 2 and parts[0][0] != "<"]
BASES = sorted({first for first, _ in PAIRS} | set("\u1100\u1112\u1113가각힣"))
SECONDS = sorted({second for _, second in PAIRS} | set("\u1161\u1175\u1176\u11a7\u11a8\u11c2\u11c3"))
MARKS = [c for c in CHARACTERS if unicodedata.combining(c)]


def test_every_character_is_normalized_as_by_the_library():
    texts = ["x".join(CHARACTERS[first : first + 4096]) for first in range(0, len(CHARACTERS), 4096)]
    assert [_core.nfc(text) for text in texts] == [NFC().normalize_str(text) for text in texts]


def test_every_base_and_second_of_a_composition_are_normalized_as_by_the_library():
    for base in BASES:
        text = "x".join(base + second for second in SECONDS)
        assert _core.nfc(text) == NFC().normalize_str(text)


def test_all_marks_are_ordered_as_by_the_library():
    source = random.Random(2)
    for mark in MARKS:
        text = "x".join("a" + other + mark + "\u0323" for other in source.choices(MARKS, k=30))
        assert _core.nfc(text) == NFC().normalize_str(text)


def test_random_texts_are_normalized_as_by_the_library():
    source = random.Random(3)
    alphabet = [*BASES, *SECONDS * 2, *MARKS, *"ax .\u00a0é中🙂" * 20]
    for _ in range(20_000):
        text = "".join(source.choices(alphabet, k=source.randint(1, 12)))
        assert _core.nfc(text) == NFC().normalize_str(text)


@settings(max_examples=300, deadline=None)
@given(text=st.text())
def test_any_text_is_normalized_as_by_the_library(text):
    assert _core.nfc(text) == NFC().normalize_str(text)
