"""Write csrc/src/split_tables.cpp and nfc_tables.cpp: the characters as the library `tokenizers` sees them.

Usage: pip install unicodedataplus==16.0.0.post1, then tokenizer_tables.py. Its data are those of Unicode 16, which
Oniguruma 6.9.10 has, the regular expressions of tokenizers 0.23. The library's normalizers have Unicode 9
(unicode-normalization-alignments 0.1.12): what later versions assigned is left out. tests/tokens compares every
character with the library.
"""

import sys
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

import unicodedataplus as unicode
from unicode_tables import array, hexadecimal

SOURCES = Path(__file__).resolve().parents[1] / "csrc" / "src"
UNICODE = "16.0.0"
NFC_UNICODE = 9
CODES = [code for code in range(sys.maxunicode + 1) if not 0xD800 <= code <= 0xDFFF]

CLASSES = {
    **dict.fromkeys(("Lu", "Lt"), "kCapital"),
    "Ll": "kSmall",
    **dict.fromkeys(("Lm", "Lo"), "kUncased"),
    **dict.fromkeys(("Mn", "Mc", "Me"), "kMark"),
    **dict.fromkeys(("Nd", "Nl", "No"), "kNumber"),
    **dict.fromkeys(("Zs", "Zl", "Zp"), "kBlank"),
}
CONTROL_SPACES = {0x09: "kBlank", 0x0A: "kLineEnd", 0x0B: "kBlank", 0x0C: "kBlank", 0x0D: "kLineEnd", 0x85: "kBlank"}
BLOCK = 256  # of CharacterClasses

HEAD = """// Written by scripts/tokenizer_tables.py from Unicode {version}.
#include "{header}"

// clang-format off
namespace tunegate {{
namespace {{
"""
SPLIT_TAIL = """
}  // namespace

constinit const std::span<const ClassRange> kClassRanges = kClasses;

}  // namespace tunegate
"""
NFC_TAIL = """
}  // namespace

constinit const std::span<const CombiningRange> kCombiningRanges = kCombining;
constinit const std::span<const Decomposition> kCanonicalPairs = kPairs;
constinit const std::span<const Decomposition> kOneWayDecompositions = kOneWay;

}  // namespace tunegate
"""


def main() -> None:
    """Write both files."""
    if unicode.unidata_version != UNICODE:
        raise SystemExit(f"unicodedataplus has Unicode {unicode.unidata_version}, not {UNICODE}")
    write("split_tables", UNICODE, [*array("ClassRange kClasses", class_ranges()), SPLIT_TAIL])
    parts = [
        *array("CombiningRange kCombining", combining_ranges()),
        *array("Decomposition kPairs", decompositions(composes=True)),
        *array("Decomposition kOneWay", decompositions(composes=False)),
    ]
    write("nfc_tables", f"{NFC_UNICODE}.0.0", [*parts, NFC_TAIL])


def write(name: str, version: str, parts: list[str]) -> None:
    """Write one file of tables."""
    text = HEAD.format(version=version, header=f"{name}.hpp") + "".join(parts)
    (SOURCES / f"{name}.cpp").write_text(text, encoding="utf-8")


def character_class(code: int) -> str | None:
    """Return the class that split_tables.hpp names; nothing for a symbol."""
    return CONTROL_SPACES.get(code) or CLASSES.get(unicode.category(chr(code)))


def class_ranges() -> Iterator[str]:
    """Yield the runs of each class, those with a step where capitals and small letters alternate."""
    classes = {code: character_class(code) for code in CODES}
    blocks = {tuple(classes.get(first + i) for i in range(BLOCK)) for first in range(0, sys.maxunicode, BLOCK)}
    if len(blocks) > BLOCK:
        raise SystemExit(f"{len(blocks)} different blocks: CharacterClasses numbers them with a byte")
    for name in sorted({name for name in classes.values() if name}):
        for first, last, step in runs([code for code in CODES if classes[code] == name]):
            yield f"{hexadecimal((first, last))}, {step}, {name}"


def runs(codes: list[int]) -> Iterator[tuple[int, int, int]]:
    """Yield first, last and step of stretches with the same step, 1 or 2."""
    first = last = codes[0]
    step = 0
    for code in codes[1:]:
        gap = code - last
        if gap <= 2 and step in (0, gap):
            last, step = code, gap
            continue
        yield first, last, step or 1
        first, last, step = code, code, 0
    yield first, last, step or 1


def is_known(code: int) -> bool:
    """Whether the normalizers know the character."""
    age = unicode.age(chr(code))
    return age[0].isdigit() and int(age.split(".")[0]) <= NFC_UNICODE


def combining_ranges() -> Iterator[str]:
    """Yield first, last and combining class where it is not 0."""
    classes = [
        (code, unicode.combining(chr(code))) for code in CODES if unicode.combining(chr(code)) and is_known(code)
    ]
    for _, group in groupby(enumerate(classes), key=lambda item: (item[1][0] - item[0], item[1][1])):
        members = [pair for _, pair in group]
        yield f"{hexadecimal((members[0][0], members[-1][0]))}, {members[0][1]}"


def decompositions(*, composes: bool) -> Iterator[str]:
    """Yield the character and the one or two it is made of, 0 for no second; Hangul is left to the code."""
    for code in CODES:
        parts = unicode.decomposition(chr(code)).split()
        if not parts or parts[0].startswith("<") or not is_known(code):
            continue
        if (unicode.normalize("NFC", chr(code)) == chr(code)) == composes:
            yield hexadecimal((code, *(int(part, 16) for part in parts), *(0 for _ in range(2 - len(parts)))))


if __name__ == "__main__":
    main()
