"""Chat records with near-copies among them: real sentences, recombined so that all other texts have little in common.

Usage: python -m tests.bench.dedup_corpus {chats,boilerplate,template} RECORDS FILE
The first records of a large file are those of a small one, from the same seed.
"""

import argparse
import json
import math
import random
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from itertools import islice
from pathlib import Path

from . import corpus

SEED = 11
EXACT, FORMAT, EDITED = 0.05, 0.015, 0.085  # shares of the records
REACH = 200_000  # a copy's source is among so many records before it, which bounds the memory
MEAN_WORDS, SPREAD, MOST_WORDS = 90.0, 0.75, 1_500  # of a log-normal length; then the sentence ends
LEAST_SENTENCES = 3
WORDS_PER_REPLACEMENT = 11  # breaks up sentences that several records drew
SENTENCE_END = re.compile(r"(?<=[.!?])\s+|\n+")


@dataclass(frozen=True)
class Pool:
    """Distinct sentences and long words of the benchmark corpus, as JSON spells them, cut at the spaces."""

    sentences: list[list[str]]
    words: list[str]


@dataclass(frozen=True)
class Chat:
    """The contents of one record, as JSON spells them."""

    user: str
    assistant: str

    def line(self) -> str:
        """Spell the record as most writers do."""
        return (
            f'{{"messages": [{{"role": "user", "content": "{self.user}"}}, '
            f'{{"role": "assistant", "content": "{self.assistant}"}}]}}\n'
        )


@cache
def pool() -> Pool:
    """Return the sentences of 5 to 40 words whose words are not all short, in the order of the corpus."""
    unpacked = subprocess.run(
        ["zstd", "--quiet", "--decompress", "--stdout", corpus.ARCHIVE], capture_output=True, check=True
    )
    sentences: dict[str, None] = {}
    for line in unpacked.stdout.splitlines():
        for message in json.loads(line)["messages"]:
            for found in SENTENCE_END.split(message["content"].strip()):
                words = found.count(" ") + 1
                if 5 <= words <= 40 and len(found) >= 5 * words:
                    sentences[found] = None
    cut = [[sys.intern(word) for word in _spelled(sentence).split(" ")] for sentence in sentences]
    return Pool(cut, sorted({word for sentence in cut for word in sentence if word.isalpha() and 7 <= len(word) <= 12}))


def chats(seed: int = SEED) -> Iterator[str]:
    """Yield lines without end: 5 % exact copies, 1.5 % of another format, 8.5 % edited, the rest distinct texts."""
    picker = random.Random(seed)
    return _with_copies(lambda: _fresh(picker), _edited, picker)


def boilerplate(seed: int = SEED) -> Iterator[str]:
    """Yield lines without end that open with the same 100 words: J is 0.5 to 0.75 for any two that are no copies."""
    picker = random.Random(seed)
    opening = " ".join(_words(100, picker))
    return _with_copies(lambda: _opened(opening, picker), _reworded, picker)


def template(seed: int = SEED) -> Iterator[str]:
    """Yield lines without end that differ in a few words of 200: J is 0.8 and more for any two."""
    picker = random.Random(seed)
    words = _words(200, picker)
    before, after = " ".join(words[:120]), " ".join(words[120:])
    while True:
        slot = " ".join(picker.choices(pool().words, k=picker.randint(4, 12)))
        yield Chat(f"{before} {slot}", after).line()


KINDS: dict[str, Callable[[], Iterator[str]]] = {"chats": chats, "boilerplate": boilerplate, "template": template}


def write(kind: str, records: int, path: Path) -> Path:
    """Write the first records of a kind; about 25 s for a million, after 10 s for the sentences."""
    lines = KINDS[kind]()
    with path.open("w", encoding="utf-8", newline="\n") as file:
        for written in range(0, records, 1_000):
            file.write("".join(islice(lines, min(1_000, records - written))))
    return path


def _with_copies(
    fresh: Callable[[], Chat], edited: Callable[[Chat, random.Random], Chat], picker: random.Random
) -> Iterator[str]:
    """Copies are made of any earlier record but those of another format, copies included."""
    sources: list[Chat] = []
    number = 0
    while True:
        kind = picker.random() if sources else 1.0
        if kind < FORMAT:
            yield _reformatted(picker.choice(sources), picker)
            continue
        if kind < FORMAT + EXACT:
            chat = picker.choice(sources)
        elif kind < FORMAT + EXACT + EDITED:
            chat = edited(picker.choice(sources), picker)
        else:
            chat = fresh()
        if number < REACH:
            sources.append(chat)
        else:
            sources[number % REACH] = chat
        number += 1
        yield chat.line()


def _fresh(picker: random.Random) -> Chat:
    length = min(MOST_WORDS, picker.lognormvariate(math.log(MEAN_WORDS) - SPREAD**2 / 2, SPREAD))
    question_words = length * (0.1 + 0.4 * picker.random())
    question = _sentences(question_words, 1, picker)
    answer = _sentences(length - len(question), LEAST_SENTENCES - 1, picker)
    return Chat(" ".join(question), " ".join(answer))


def _opened(opening: str, picker: random.Random) -> Chat:
    own = _words(picker.randint(17, 46), picker)
    at = len(own) // 2
    return Chat(f"{opening} {' '.join(own[:at])}", " ".join(own[at:]))


def _words(count: int, picker: random.Random) -> list[str]:
    return _sentences(count, 1, picker)[:count]


def _sentences(least_words: float, least_sentences: int, picker: random.Random) -> list[str]:
    """Return the words of random sentences, some of them replaced and some at the beginning of a paragraph."""
    sentences, drawn, text = pool().sentences, 0, []
    while len(text) < least_words or drawn < least_sentences:
        begin = len(text)
        text += sentences[int(picker.random() * len(sentences))]
        if begin and picker.random() < 0.15:
            text[begin] = "\\n\\n" + text[begin]
        drawn += 1
    _replace_words(text, 1 + len(text) // WORDS_PER_REPLACEMENT, picker)
    return text


def _replace_words(text: list[str], count: int, picker: random.Random) -> None:
    words = pool().words
    for _ in range(count):
        text[int(picker.random() * len(text))] = words[int(picker.random() * len(words))]


def _edited(chat: Chat, picker: random.Random) -> Chat:
    return (_shortened if picker.random() < 0.2 else _reworded)(chat, picker)


def _shortened(chat: Chat, picker: random.Random) -> Chat:
    """Cut off up to half of the words, at most the answer's but one."""
    answer = chat.assistant.split(" ")
    words = len(answer) + chat.user.count(" ") + 1
    return Chat(chat.user, " ".join(answer[: max(1, len(answer) - int(picker.random() / 2 * words))]))


def _reworded(chat: Chat, picker: random.Random) -> Chat:
    """Change as many words as leave a similarity of about 0.5 to 1."""
    similarity = 0.5 + picker.random() / 2
    # A shingle of 5 words survives when none of them changes; of a share s of survivors the Jaccard is s / (2 - s).
    share = 1 - (2 * similarity / (1 + similarity)) ** (1 / 5)
    question = chat.user.split(" ")
    text = question + chat.assistant.split(" ")
    change = picker.choice((_replace_words, _replace_words, _drop_words, _insert_words))
    change(text, max(1, round(share * len(text))), picker)
    at = len(question)
    return Chat(" ".join(filter(None, text[:at])), " ".join(filter(None, text[at:])))


def _drop_words(text: list[str], count: int, picker: random.Random) -> None:
    for _ in range(count):
        text[int(picker.random() * len(text))] = ""


def _insert_words(text: list[str], count: int, picker: random.Random) -> None:
    words = pool().words
    for _ in range(count):
        text[int(picker.random() * len(text))] += " " + words[int(picker.random() * len(words))]


def _reformatted(chat: Chat, picker: random.Random) -> str:
    """Spell the record otherwise, or write its words with other white space, case or punctuation."""
    user, assistant = (json.loads(f'"{content}"') for content in (chat.user, chat.assistant))
    if picker.random() < 0.5:
        change = picker.choice(TEXT_CHANGES)
        return Chat(_spelled(change(user)), _spelled(change(assistant))).line()
    record = {"messages": [{"role": "user", "content": user}, {"role": "assistant", "content": assistant}]}
    return picker.choice(SPELLINGS)(record) + "\n"


def _spelled(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)[1:-1]


def _upper(text: str) -> str:
    """In capitals, where that loses nothing."""
    return text.upper() if text.upper().lower() == text.lower() else text


TEXT_CHANGES: list[Callable[[str], str]] = [
    _upper,
    str.swapcase,
    lambda text: text.replace(" ", "  "),
    lambda text: text.replace(" ", "\n"),
    lambda text: text.replace(" ", "\u00a0\t") + "\r\n",
    lambda text: text.replace(".", " !").replace(",", " –"),
    lambda text: f"“{text}” …",
]

SPELLINGS: list[Callable[[object], str]] = [
    json.dumps,
    lambda record: json.dumps(record, separators=(",", ":"), ensure_ascii=False),
    lambda record: json.dumps(record, separators=(" ,\t", " :  "), ensure_ascii=False),
    lambda record: json.dumps(record, ensure_ascii=False, sort_keys=True),
    lambda record: json.dumps(record, ensure_ascii=False).replace("e", "\\u0065"),
]


def main() -> None:
    """Write one file."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("kind", choices=KINDS)
    parser.add_argument("records", type=int)
    parser.add_argument("file", type=Path)
    arguments = parser.parse_args()
    write(arguments.kind, arguments.records, arguments.file)


if __name__ == "__main__":
    main()
