"""Write csrc/src/regex_word_table.cpp: the characters that `\\w` takes beside an added token of `tokenizers`.

Usage: regex_words.py. The table is read off the answers of the package that is installed: an added token that must be a
single word is not found next to one of these characters.
"""

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import tokenizers

TARGET = Path(__file__).resolve().parents[1] / "csrc" / "src" / "regex_word_table.cpp"
WORD = "QQ"
FLAGS = {"single_word": True, "lstrip": False, "rstrip": False, "normalized": False, "special": False}

HEAD = """// Written by scripts/regex_words.py from the answers of tokenizers {version}.
#include "regex_words.hpp"

// clang-format off
namespace tunegate {{
namespace {{

constexpr CharacterRange kRegexWord[] = {{
"""
TAIL = """};

}  // namespace

constinit const std::span<const CharacterRange> kRegexWordRanges = kRegexWord;

}  // namespace tunegate
"""


def main() -> None:
    """Write the file."""
    ranges = [f"{{0x{first:X}, 0x{last:X}}}," for first, last in runs(word_characters())]
    lines = [""]
    for text in ranges:
        if len(lines[-1]) + len(text) + 4 > 120:
            lines.append("")
        lines[-1] += (" " if lines[-1] else "    ") + text
    TARGET.write_text(HEAD.format(version=tokenizers.__version__) + "\n".join(lines) + "\n" + TAIL, encoding="utf-8")


def word_characters() -> Iterator[int]:
    """The code points, in order."""
    added = {"id": 2, "content": WORD, **FLAGS}
    model = {"type": "BPE", "vocab": {"Q": 0, "?": 1}, "merges": [], "unk_token": "?"}
    tokenizer = tokenizers.Tokenizer.from_str(json.dumps({"version": "1.0", "added_tokens": [added], "model": model}))
    codes = [code for code in range(sys.maxunicode + 1) if not 0xD800 <= code <= 0xDFFF]
    for start in range(0, len(codes), 1 << 16):
        part = codes[start : start + (1 << 16)]
        for code, encoding in zip(part, tokenizer.encode_batch([WORD + chr(code) for code in part]), strict=True):
            if encoding.ids[0] != added["id"]:
                yield code


def runs(codes: Iterator[int]) -> Iterator[tuple[int, int]]:
    """First and last of each run of consecutive numbers."""
    first = last = next(codes)
    for code in codes:
        if code != last + 1:
            yield first, last
            first = code
        last = code
    yield first, last


if __name__ == "__main__":
    main()
