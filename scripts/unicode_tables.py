"""Write csrc/src/word_tables.cpp: which characters make words, and their lower case, as the running Python has them.

Usage: unicode_tables.py. The Unicode version is that of the interpreter and is stated in the file; Python 3.11 has
Unicode 14. The classes that str.lower() needs for a final sigma are read off its answers.
"""

import sys
import unicodedata
from collections.abc import Callable, Iterator
from itertools import groupby
from pathlib import Path

TARGET = Path(__file__).resolve().parents[1] / "csrc" / "src" / "word_tables.cpp"
CHARACTERS = [chr(code) for code in range(sys.maxunicode + 1) if not 0xD800 <= code <= 0xDFFF]
FINAL_SIGMA = "\u03c2"

HEAD = """// Written by scripts/unicode_tables.py from Python's str.isalnum and str.lower, Unicode {version}.
#include "word_tables.hpp"

// clang-format off
namespace tunegate {{
namespace {{
"""
TAIL = """
}}  // namespace

constinit const std::span<const CharacterRange> kWordRanges = kWord;
constinit const std::span<const CharacterRange> kCaseIgnorableRanges = kCaseIgnorable;
constinit const std::span<const CharacterRange> kCasedRanges = kCased;
constinit const std::span<const CaseRange> kLowerCaseRanges = kLowerCase;

}}  // namespace tunegate
"""


def main() -> None:
    """Write the file."""
    check_assumptions()
    parts = [
        HEAD.format(version=unicodedata.unidata_version),
        *array("CharacterRange kWord", (hexadecimal(pair) for pair in ranges(is_word))),
        *array("CharacterRange kCaseIgnorable", (hexadecimal(pair) for pair in ranges(is_case_ignorable))),
        *array("CharacterRange kCased", (hexadecimal(pair) for pair in ranges(is_cased))),
        *array("CaseRange kLowerCase", (f"{hexadecimal(run[:2])}, {run[2]}, {run[3]}" for run in case_runs())),
        TAIL.format(),
    ]
    TARGET.write_text("".join(parts), encoding="utf-8")


def is_word(character: str) -> bool:
    """Whether re's `\\w` takes it."""
    return character.isalnum() or character == "_"


def is_cased(character: str) -> bool:
    """Cased, and not ignorable, which str.lower() asks first."""
    return (character + "\u03a3").lower().endswith(FINAL_SIGMA)


def is_case_ignorable(character: str) -> bool:
    """Passed over in the search for a cased character."""
    return not is_cased(character) and ("A" + character + "\u03a3").lower().endswith(FINAL_SIGMA)


def check_assumptions() -> None:
    """Stop where Unicode has come to do what the C++ code does not expect."""
    for character in CHARACTERS:
        lower = character.lower()
        if character == "\u0130":
            expected = lower == "i\u0307" and not is_word("\u0307")
        else:
            grows = len(lower.encode()) * 2 > len(character.encode()) * 3
            expected = len(lower) == 1 and is_word(lower) == is_word(character) and not grows
        if not expected:
            raise SystemExit(
                f"U+{ord(character):04X} in lower case is {lower!r}: word_characters.hpp does not expect that"
            )


def ranges(belongs: Callable[[str], bool]) -> Iterator[tuple[int, int]]:
    """Yield first and last of each stretch of characters that belong."""
    codes = [ord(character) for character in CHARACTERS if belongs(character)]
    for _, group in groupby(enumerate(codes), key=lambda pair: pair[1] - pair[0]):
        members = [code for _, code in group]
        yield members[0], members[-1]


def case_runs() -> Iterator[tuple[int, int, int, int]]:
    """Yield first, last, step and difference of characters with another lower case."""
    moves = [(ord(c), ord(c.lower()) - ord(c)) for c in CHARACTERS if len(c.lower()) == 1 and c.lower() != c]
    first, last, step, move = moves[0][0], moves[0][0], 0, moves[0][1]
    for code, difference in moves[1:]:
        gap = code - last
        if difference == move and gap <= 2 and step in (0, gap):
            last, step = code, gap
            continue
        yield first, last, step or 1, move
        first, last, step, move = code, code, 0, difference
    yield first, last, step or 1, move


def hexadecimal(codes: tuple[int, ...]) -> str:
    """Write code points as C++ does."""
    return ", ".join(f"0x{code:X}" for code in codes)


def array(name: str, rows: Iterator[str]) -> Iterator[str]:
    """Yield the lines of a C++ array, filled up to the line length."""
    yield f"\nconstexpr {name}[] = {{\n"
    line = "   "
    for row in rows:
        entry = f" {{{row}}},"
        if len(line) + len(entry) > 120:
            yield f"{line}\n"
            line = "   "
        line += entry
    yield f"{line}\n}};\n"


if __name__ == "__main__":
    main()
