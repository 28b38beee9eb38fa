"""The shingles of chat records as the peers that are Python libraries take them: as strings."""

import re
from collections.abc import Iterator
from pathlib import Path

import orjson

find_words = re.compile(r"\w+").findall


def shingle_strings(path: Path) -> Iterator[list[str]]:
    """Yield the rows of 5 words in a row of each record, one for a shorter text; our definition exactly."""
    with path.open("rb") as file:
        for line in file:
            turns = orjson.loads(line)["messages"]
            text = "\n".join([turn["content"] for turn in turns if turn["role"] != "system"])
            words = find_words(text.lower())
            rows = zip(words, words[1:], words[2:], words[3:], words[4:], strict=False)
            yield [" ".join(row) for row in rows] if len(words) > 4 else [" ".join(words)]
