"""The benchmark corpus: real chat records, and mutations of them whose verdict is known by construction."""

import json
import random
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

ARCHIVE = Path(__file__).parents[3] / "shared/data/bench/mix.messages.jsonl.zst"
BYTES = 104_169_951
RECORDS = 254_066
MESSAGES = 791_636  # counted with `grep -o '"role": "' | wc -l`, and by msgspec
EMPTY_TURNS = 3_234  # records with a turn that str.strip() leaves nothing of

Turns = list[dict[str, object]]


def unpack(folder: Path) -> Path:
    """Unpack the corpus into a folder with the zstd command."""
    path = folder / "mix.messages.jsonl"
    subprocess.run(["zstd", "--quiet", "--decompress", str(ARCHIVE), "-o", str(path)], check=True)
    if path.stat().st_size != BYTES:
        raise ValueError(f"{path} has {path.stat().st_size:,} bytes, expected {BYTES:,}")
    return path


def first_lines(path: Path, count: int, into: Path) -> Path:
    """Copy the first lines of a file."""
    with path.open("rb") as file:
        into.write_bytes(b"".join(file.readline() for _ in range(count)))
    return into


@dataclass(frozen=True)
class Mutation:
    """One changed record: `name` says how, `sound` whether it is still in order."""

    name: str
    line: bytes
    sound: bool


def mutations(path: Path, *, count: int, seed: int) -> list[Mutation]:
    """Return `count` mutated records of the corpus, each kind as often as every other, give or take one."""
    picker = random.Random(seed)
    kinds = [
        *((name, True, change) for name, change in SOUND.items()),
        *((n, False, c) for n, c in UNSOUND.items()),
    ]
    records = picker.sample(_sound_records(path, 20_000), count)
    made = []
    for number, turns in enumerate(records):
        name, sound, change = kinds[number % len(kinds)]
        made.append(Mutation(name, change(turns, picker), sound))
    return made


def _sound_records(path: Path, count: int) -> list[Turns]:
    """Every (RECORDS / count)-th record without an empty turn."""
    with path.open("rb") as file:
        records = [json.loads(line)["messages"] for number, line in enumerate(file) if number % (RECORDS // count) == 0]
    return [turns for turns in records if all(turn["content"].strip() for turn in turns)]


def _line(turns: Turns, **metadata: object) -> bytes:
    return json.dumps({"messages": turns, **metadata}, ensure_ascii=False).encode()


def _spliced(insertion: bytes) -> Callable[[Turns, random.Random], bytes]:
    """Put bytes into the content of one turn, between two of its characters."""

    def change(turns: Turns, picker: random.Random) -> bytes:
        turn = picker.choice(turns)
        at = picker.randrange(len(turn["content"]) + 1)
        turn["content"] = turn["content"][:at] + "\ue000" + turn["content"][at:]
        return _line(turns).replace("\ue000".encode(), insertion)

    return change


def _replaced(old: bytes, new: bytes) -> Callable[[Turns, random.Random], bytes]:
    """Replace the first occurrence, which must exist, in the line."""

    def change(turns: Turns, picker: random.Random) -> bytes:
        line = _line(turns)
        if old not in line:
            raise ValueError(f"no {old!r} in the record to mutate")
        return line.replace(old, new, 1)

    return change


def _member(key: str, value: object) -> Callable[[Turns, random.Random], bytes]:
    """Set a member of one turn."""

    def change(turns: Turns, picker: random.Random) -> bytes:
        picker.choice(turns)[key] = value
        return _line(turns)

    return change


def _without(key: str) -> Callable[[Turns, random.Random], bytes]:
    def change(turns: Turns, picker: random.Random) -> bytes:
        del picker.choice(turns)[key]
        return _line(turns)

    return change


def _turns(arrange: Callable[[Turns], object]) -> Callable[[Turns, random.Random], bytes]:
    return lambda turns, picker: _line(arrange(turns))


def _bytes(edit: Callable[[bytes], bytes]) -> Callable[[Turns, random.Random], bytes]:
    return lambda turns, picker: edit(_line(turns))


def _cut(turns: Turns, picker: random.Random) -> bytes:
    line = _line(turns)
    return line[: picker.randrange(1, len(line))]


SYSTEM = {"role": "system", "content": "Be brief."}

SOUND = {
    "unchanged": _bytes(lambda line: line),
    "other white space": _bytes(lambda line: b" \t" + line.replace(b'{"role": ', b'{ "role"\t:  ') + b" \r"),
    "ASCII escapes": lambda turns, picker: json.dumps({"messages": turns}).encode(),
    "keys in another order": _turns(lambda turns: [dict(reversed(turn.items())) for turn in turns]),
    "an escaped key": _replaced(b'"role"', b'"r\\u006fle"'),
    "a system message first": _turns(lambda turns: [SYSTEM, *turns]),
    "an escaped pair of surrogates": _spliced(b"\\ud83d\\ude42"),
    "an escaped NUL": _spliced(b"\\u0000"),
    "an escaped backslash before a quote": lambda turns, picker: _line([*turns[:-1], {**turns[-1], "content": "x\\"}]),
    "metadata": lambda turns, picker: _line(turns, source="Zürich", rating=4.5),
}

UNSOUND = {
    "a byte that is no UTF-8": _spliced(b"\xff"),
    "an overlong slash": _spliced(b"\xc0\xaf"),
    "a surrogate in UTF-8": _spliced(b"\xed\xa0\x80"),
    "a character cut short": _spliced(b"\xe2\x82"),
    "invalid UTF-8 in metadata": lambda turns, picker: _line(turns, source="?~").replace(b"?~", b"?\xe9"),
    "a raw control character": _spliced(b"\x01"),
    "a raw NUL": _spliced(b"\x00"),
    "an unknown escape": _spliced(b"\\x41"),
    "a high surrogate alone": _spliced(b"\\ud83d"),
    "a low surrogate alone": _spliced(b"\\ude42 "),
    "surrogates the wrong way round": _spliced(b"\\ude42\\ud83d"),
    "messages twice": _replaced(b'{"messages": ', b'{"messages": [], "messages": '),
    "a role twice": _replaced(b'"role": ', b'"role": "user", "role": '),
    "a content twice": _replaced(b'"content": ', b'"content": "x", "content": '),
    "a role twice, once escaped": _replaced(b'"role": ', b'"r\\u006fle": "user", "role": '),
    "a content twice beside an escaped backslash": _replaced(b'"content": ', b'"content": "\\\\", "content": '),
    "metadata twice": lambda turns, picker: _line(turns, a=1, b=2).replace(b'"b": 2', b'"a": 2'),
    "NaN in metadata": lambda turns, picker: _line(turns, rating=float("nan")),
    "a number as content": _member("content", 7),
    "a boolean as content": _member("content", value=True),
    "an object as content": _member("content", {"text": "x"}),
    "null as content": _member("content", None),
    "no content": _without("content"),
    "an empty content": _member("content", ""),
    "white space as content": _member("content", " \u00a0\n"),
    "invisible content": _member("content", "\u200b\ufeff\u2060"),
    "a number as role": _member("role", 1),
    "no role": _without("role"),
    "an unknown role": _member("role", "narrator"),
    "an unknown key in a message": _member("raiting", 5),
    "messages as an object": _turns(lambda turns: {"0": turns[0]}),
    "messages as a string": _turns(lambda turns: "x"),
    "messages null": _turns(lambda turns: None),
    "no messages": _turns(lambda turns: []),
    "a message that is a string": _turns(lambda turns: [*turns, "x"]),
    "another key for messages": _replaced(b'"messages"', b'"massages"'),
    "a list as the record": _bytes(lambda line: b"[1, " + line + b"]"),
    "the first turn missing": _turns(lambda turns: turns[1:]),
    "the last turn missing": _turns(lambda turns: turns[:-1]),
    "a turn twice": _turns(lambda turns: [turns[0], *turns]),
    "a system message in between": _turns(lambda turns: [*turns[:1], SYSTEM, *turns[1:]]),
    "two system messages": _turns(lambda turns: [SYSTEM, SYSTEM, *turns]),
    "a system message before the assistant": _turns(lambda turns: [SYSTEM, *turns[1:]]),
    "a bracket too many": _bytes(lambda line: line + b"}"),
    "a second value": _bytes(lambda line: line + b" " + line),
    "words after the end": _bytes(lambda line: line + b" # checked"),
    "a comma too many": _bytes(lambda line: line[:-2] + b",]}"),
    "single quotes": _bytes(lambda line: line.replace(b'"messages"', b"'messages'")),
    "cut short": _cut,
}
