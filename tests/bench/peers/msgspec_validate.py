"""The peer of our reader: msgspec's typed decode of one line after the other, and manual checks for the rest.

It names the lines that `tunegate check --gates Q101,Q103,Q104,Q105,Q106` names, in files whose records are
`messages` with the roles user, assistant and system, and text as content. What msgspec lets pass is added by
hand: keys that stand twice, empty turns, and the order of the roles. As a script it takes a FILE.
"""

import gc
import json
import re
import sys
import time
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Literal

import msgspec

Verdict = Callable[[list["Message"], bytes], bool]


class Message(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    """One turn; a missing key, another role and content that is no text are errors of the decoder."""

    role: Literal["user", "assistant", "system"]
    content: str


class Record(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    """One line; other keys are metadata, which is allowed but rare, and read by `_without_metadata`."""

    messages: list[Message]


# White_Space, Default_Ignorable_Code_Point, controls, annotation marks and the braille blank (Unicode 15).
has_ink = re.compile(
    r"[^\s\x00-\x1f\x7f-\xa0\xad\u034f\u061c\u115f\u1160\u1680\u17b4\u17b5\u180b-\u180f\u2000-\u200f\u2028-\u202f\u205f-\u206f"
    r"\u2800\u3000\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
).search


def unsound_lines(path: Path) -> list[int]:
    """Return the lines, counted from 1, whose record is unreadable or flagged; a blank line has no record."""
    return _failing_lines(path, is_sound)


def loosely_unsound_lines(path: Path) -> list[int]:
    """Return the same without the search for keys that stand twice: msgspec keeps the last of them."""
    return _failing_lines(path, is_loosely_sound)


def undecodable_lines(path: Path) -> list[int]:
    """Return the lines that the typed decode alone refuses, whatever the order and the text of the turns."""
    return _failing_lines(path, lambda messages, line: True)


def is_sound(messages: list[Message], line: bytes) -> bool:
    """Return whether the record that msgspec decoded from this line is in order."""
    return is_loosely_sound(messages, line) and not _repeats_a_key(line, len(messages))


def is_loosely_sound(messages: list[Message], line: bytes) -> bool:
    """Return whether the turns alternate up to an assistant's, and none is empty."""
    if not _is_in_order(tuple([message.role for message in messages])):
        return False
    for message in messages:
        content = message.content
        if not ("!" <= content < "\x7f" or has_ink(content)):  # mostly the first character is printable ASCII
            return False
    return True


def _failing_lines(path: Path, verdict: Verdict) -> list[int]:
    decode = msgspec.json.Decoder(Record).decode
    failing = []
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            try:
                sound = verdict(decode(line).messages, line)
            except msgspec.ValidationError:
                sound = _without_metadata(line, verdict)
            except (msgspec.DecodeError, UnicodeDecodeError):
                sound = not line.strip(b" \t\r\n")
            if not sound:
                failing.append(number)
    return failing


@lru_cache(maxsize=1024)
def _is_in_order(roles: tuple[str, ...]) -> bool:
    turns = roles[1:] if roles[:1] == ("system",) else roles
    pairs = len(turns) // 2
    return pairs > 0 and turns == ("user", "assistant") * pairs


def _repeats_a_key(line: bytes, messages: int) -> bool:
    """Return whether a key stands twice in a record that has every known key, and no other.

    Without repetition a message has eight quotes, "messages" two, and the rest is escaped. Only a line with
    an escaped backslash before a quote needs the slower parser.
    """
    surplus = line.count(b'"') - 8 * messages - 2
    if surplus == 0 or (surplus == line.count(b'\\"') and b'\\\\"' not in line):
        return False
    return _strictly(line) is None


def _without_metadata(line: bytes, verdict: Verdict) -> bool:
    record = _strictly(line)
    if not isinstance(record, dict) or "messages" not in record:
        return False
    bare = json.dumps({"messages": record["messages"]}).encode()
    try:
        return verdict(msgspec.json.decode(bare, type=Record).messages, bare)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return False


def _strictly(line: bytes) -> object:
    """Return the value of a line as the standard library reads it, None when it is no strict JSON."""
    try:
        return json.loads(line.decode(), object_pairs_hook=_unique, parse_constant=_refuse, parse_int=float)
    except ValueError:
        return None


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    if len(dict(pairs)) < len(pairs):
        raise ValueError("a key stands twice")
    return dict(pairs)


def _refuse(constant: str) -> object:
    raise ValueError(f"{constant} is no JSON")


if __name__ == "__main__":
    gc.disable()
    begin = time.perf_counter()
    lines = unsound_lines(Path(sys.argv[1]))
    print(f"{len(lines)} lines are not sound; {time.perf_counter() - begin:.3f} s")
