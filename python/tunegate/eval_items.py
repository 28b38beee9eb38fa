"""The items of a benchmark file: which text stands for each of them, and on which line it starts.

Read are .jsonl, .ndjson, .json, .csv and .tsv, plain or with .gz or .zst, in UTF-8. A .json file holds one list, one
value after the other, or an object with the list under one of LISTS.

An item's text is its question: the first of KEYS, in any case, that holds a text which is not blank. Lists are joined
by a line break: strings as they are, turns by their content, and turns that name another role than the user's are
left out. An `instruction` is followed by its `input`. A JSON string is an item by itself. A table without a known key
in its first row has no header, and its first column with words in it is taken.
"""

import csv
import io
import json
import os
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from tunegate import _core
from tunegate.errors import SourceError, did_you_mean

# Not `task`: it names a kind of task in most files (mt-bench-101: "GR").
KEYS = (
    "question",
    "prompt",
    "instruction",
    "problem",
    "query",
    "input",
    "sentence",
    "text",
    "ctx",
    "goal",
    "turns",
    "messages",
    "conversations",
    "conversation",
    "history",
)
LISTS = ("examples", "items", "questions", "data", "instances", "rows")
CONTENTS = ("content", "value", "text", "user")
USERS = ("user", "human", "prompter")
JSON, LINES, TABLES = (".json",), (".jsonl", ".ndjson"), {".csv": ",", ".tsv": "\t"}
SUFFIXES = (*LINES, *JSON, *TABLES)
COMPRESSIONS = {".gz": "gzip", ".zst": "zstd"}
MOST_BYTES = 1 << 30
SURROGATE = re.compile("[\ud800-\udfff]")
LABEL = re.compile(r"[\w .:/-]{1,40}")
VALUE = re.compile(r"[?!]|^[\d.,]+$|^.{81}", re.DOTALL)
WORDS = re.compile(r"\w\s+\w")
SPACES = re.compile(r"[ \t\r\n]*")

Values = Iterator[tuple[int, Any]]


@dataclass(frozen=True)
class Item:
    """One item. `line` is the physical line on which its record starts, from 1; `text` may be blank."""

    line: int
    text: str


def read_items(path: str | os.PathLike[str], *, field: str | None = None) -> list[Item]:
    """Return the items of a file in its order.

    `field` names the key or column that holds the text, exactly, instead of KEYS. Raises SourceError for a file that
    cannot be read to its end or a record without such a key; it names the line and never the text.
    """
    name = os.fspath(path)
    suffix = _suffix(name)
    text = _read_text(name)
    if suffix in TABLES:
        items = _table_items(name, text, TABLES[suffix], field)
    else:
        values = _line_values(name, text) if suffix in LINES else _json_values(name, text)
        items = [Item(line, _item_text(f"{name} line {line:,}", value, field)) for line, value in values]
    if not items:
        raise SourceError(f"{name} holds no item; expected at least one record")
    return items


def _suffix(name: str) -> str:
    stem, suffix = os.path.splitext(name.lower())
    if suffix in COMPRESSIONS:
        suffix = os.path.splitext(stem)[1]
    if suffix not in SUFFIXES:
        raise SourceError(
            f"{name} is no file of items by its name; expected {', '.join(SUFFIXES)}, or these with .gz or .zst"
        )
    return suffix


def _read_text(name: str) -> str:
    compression = COMPRESSIONS.get(os.path.splitext(name.lower())[1], "none")
    try:
        content = _core.read_stretch(name, compression, 0, MOST_BYTES + 1)
    except _core.ReadError as error:
        raise SourceError(f"{name}: {error}; expected a readable file of items") from error
    if len(content) > MOST_BYTES:
        raise SourceError(f"{name} has more than {MOST_BYTES:,} bytes of items; split it into several files")
    if not content.strip():
        raise SourceError(f"{name} is empty; expected at least one record")
    _refuse_encodings(name, content)
    return content.decode("utf-8-sig")


def _refuse_encodings(name: str, content: bytes) -> None:
    found, at = "", content.find(b"\0")
    if at >= 0:
        found = "a NUL byte"
    try:
        content.decode("utf-8")
    except UnicodeDecodeError as error:
        found, at = f"the byte 0x{content[error.start]:02X}, which is not UTF-8", error.start
    if found:
        line = content.count(b"\n", 0, at) + 1
        raise SourceError(f"{name} line {line:,}: {found}; expected text in UTF-8, convert it, as with iconv")


def _decoder() -> json.JSONDecoder:
    # int() refuses numbers of more than 4,300 digits; no number is an item's text.
    return json.JSONDecoder(parse_int=float)


def _line_values(name: str, text: str) -> Values:
    decoder = _decoder()
    for line, raw in enumerate(text.split("\n"), 1):
        record = raw.strip(" \t\r")
        if record:
            value, end = _decode(decoder, record, 0, name, line)
            if end != len(record):
                raise SourceError(f"{name} line {line:,}: more text after the JSON value; expected one value a line")
            yield line, value


def _decode(decoder: json.JSONDecoder, text: str, at: int, name: str, line: int) -> tuple[Any, int]:
    """Return the value that starts at `at`, on this line, and where it ends."""
    try:
        return decoder.raw_decode(text, at)
    except json.JSONDecodeError as error:
        breaks = line + text.count("\n", at, error.pos)
        where = f"column {error.pos - text.rfind(chr(10), 0, error.pos):,}"
        where = where if breaks == line else f"line {breaks:,}, {where}"
        raise SourceError(f"{name} line {line:,}: no JSON from {where} on; expected a JSON object") from None
    except RecursionError:
        raise SourceError(f"{name} line {line:,}: JSON nested too deeply; expected a JSON object") from None


class _JsonWalk:
    """Walks over JSON values and knows the line of each."""

    def __init__(self, name: str, text: str) -> None:
        self.name, self.text, self.at = name, text, 0
        self._decoder = _decoder()
        self._line, self._counted = 1, 0

    def peek(self) -> str:
        """Return the next character that is no white space, "" at the end."""
        match = SPACES.match(self.text, self.at)
        self.at = match.end() if match else self.at
        return self.text[self.at : self.at + 1]

    def line(self) -> int:
        self._line += self.text.count("\n", self._counted, self.at)
        self._counted = self.at
        return self._line

    def value(self) -> Any:
        self.peek()
        value, self.at = _decode(self._decoder, self.text, self.at, self.name, self.line())
        return value

    def take(self, expected: str) -> str:
        """Step over the next character, one of `expected`."""
        found = self.peek()
        if not found or found not in expected:
            wanted = " or ".join(f'"{character}"' for character in expected)
            what = "the file ends" if not found else "there is another character"
            raise SourceError(f"{self.name} line {self.line():,}: {what} where {wanted} must stand; mend the JSON")
        self.at += 1
        return found

    def elements(self, brackets: str, step: Callable[[], Any]) -> Iterator[Any]:
        """Yield what `step` reads between two brackets, at each comma."""
        self.take(brackets[0])
        if self.peek() == brackets[1]:
            self.at += 1
            return
        while True:
            yield step()
            if self.take("," + brackets[1]) == brackets[1]:
                return

    def placed(self) -> tuple[int, Any]:
        self.peek()
        return self.line(), self.value()


def _json_values(name: str, text: str) -> Values:
    walk = _JsonWalk(name, text)
    if walk.peek() == "[":
        yield from walk.elements("[]", walk.placed)
        if walk.peek():
            raise SourceError(f"{name} line {walk.line():,}: more text after the list; expected one list")
        return
    values = []
    while walk.peek():
        values.append((walk.at, *walk.placed()))
    if len(values) == 1 and (key := _list_key(values[0][2])):
        yield from _list_under(_JsonWalk(name, text), key)
    else:
        yield from ((line, value) for _, line, value in values)


def _list_key(value: Any) -> str | None:
    if not isinstance(value, dict) or any(_holds_text(value.get(key)) for key in KEYS):
        return None
    return next((key for key in LISTS if isinstance(value.get(key), list)), None)


def _list_under(walk: _JsonWalk, wanted: str) -> Values:
    """Yield the elements of the list under a key, each with its line; of a repeated key the last list counts."""
    found: list[tuple[int, Any]] = []

    def member() -> None:
        nonlocal found
        key = walk.value()
        walk.take(":")
        if key == wanted and walk.peek() == "[":
            found = list(walk.elements("[]", walk.placed))
        else:
            walk.value()

    for _ in walk.elements("{}", member):
        pass
    yield from found


def _item_text(place: str, value: Any, field: str | None) -> str:
    if isinstance(value, str) and field is None:
        return _clean(value)
    if not isinstance(value, dict):
        raise SourceError(f"{place}: a JSON {_kind(value)}; expected an object with a question")
    if field is not None:
        return _clean(_field_text(place, value, field))
    by_key: dict[str, Any] = {}
    for key, content in value.items():
        by_key.setdefault(key.strip().lower(), content)
    known = [key for key in KEYS if key in by_key]
    for key in known:
        if text := _joined(by_key[key]).strip():
            more = _joined(by_key.get("input")) if key == "instruction" else ""
            return _clean(f"{text}\n{more}".strip())
    if any(by_key[key] is None or isinstance(by_key[key], str | list) for key in known):
        return ""
    raise SourceError(
        f"{place}: no question among {_shown(value)}; expected one of {', '.join(KEYS)}, or name the key that holds it"
    )


def _field_text(place: str, value: dict[str, Any], field: str) -> str:
    if field not in value:
        guess = did_you_mean(field, [key for key in value if _is_label(key)])
        raise SourceError(f"{place}: no key {field!r} among {_shown(value)}.{guess} Name the key that holds the text")
    content = value[field]
    if content is not None and not isinstance(content, str | list | dict):
        raise SourceError(f"{place}: {field!r} holds a {_kind(content)}; expected a text, name the key that holds it")
    return _joined(content)


def _joined(value: Any) -> str:
    """The text of a value: of a list that of its members, of a turn that of its content when it is the user's."""
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        return "\n".join(text for text in map(_joined, value) if text)
    if isinstance(value, dict):
        role = value.get("role", value.get("from"))
        if role is None or (isinstance(role, str) and role.lower() in USERS):
            return next((text for key in CONTENTS if (text := _joined(value.get(key)))), "")
    return ""


def _holds_text(value: Any) -> bool:
    return bool(_joined(value).strip())


def _clean(text: str) -> str:
    """Lone halves of surrogate pairs, which JSON can escape, stand for no character."""
    return SURROGATE.sub("\ufffd", text)


def _kind(value: Any) -> str:
    kinds = {dict: "object", list: "list", str: "string", bool: "boolean", float: "number"}
    return kinds.get(type(value), "null")


def _is_label(key: str) -> bool:
    return LABEL.fullmatch(key) is not None and sum(character.isdigit() for character in key) < 6


def _shown(keys: dict[str, Any]) -> str:
    """The keys that look like names; another could be a piece of the text."""
    names = [key for key in keys if _is_label(key)][:12]
    hidden = len(keys) - len(names)
    shown = "the keys " + ", ".join(names) if names else "its keys"
    return f"{shown} and {hidden} more" if names and hidden else shown


def _table_items(name: str, text: str, delimiter: str, field: str | None) -> list[Item]:
    rows = list(_rows(name, text, delimiter))
    if not rows:
        return []
    header = [cell.strip() for cell in rows[0][1]]
    if field is not None or _is_header(header):
        if field is not None and field not in header:
            guess = did_you_mean(field, [cell for cell in header if _is_label(cell)])
            raise SourceError(
                f"{name} line {rows[0][0]:,}: no column {field!r} in the first row.{guess} Name one of it"
            )
        return [
            Item(line, _item_text(f"{name} line {line:,}", dict(zip(header, row, strict=True)), field))
            for line, row in rows[1:]
        ]
    column = _column_of_words(name, rows)
    return [Item(line, row[column].strip()) for line, row in rows]


def _is_header(cells: list[str]) -> bool:
    """Whether a row names columns: a known key stands there, and nothing that a question or a value looks like."""
    named = [cell for cell in cells if cell]
    known = any(cell.lower() in KEYS for cell in named)
    return known and not any(VALUE.search(cell) for cell in named) and len(set(named)) == len(named)


def _column_of_words(name: str, rows: list[tuple[int, list[str]]]) -> int:
    for column in range(len(rows[0][1])):
        if 2 * sum(WORDS.search(row[column]) is not None for _, row in rows) > len(rows):
            return column
    expected = f"one with several words a row, or a header that names one of {', '.join(KEYS)}"
    raise SourceError(f"{name} line {rows[0][0]:,}: no column holds text; expected {expected}")


def _rows(name: str, text: str, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """Yield the rows of a table that are not blank, each with its first line. All must have as many cells."""
    reader = csv.reader(io.StringIO(text, newline="\n"), delimiter=delimiter, strict=True)
    limit = csv.field_size_limit(MOST_BYTES)  # of the whole process
    first, line = 0, 1
    try:
        for row in reader:
            if any(cell.strip() for cell in row):
                first = first or len(row)
                if len(row) != first:
                    found = f"{len(row):,} cells, where the first row has {first:,}"
                    raise SourceError(f"{name} line {line:,}: {found}; quote cells that hold the separator or a quote")
                yield line, row
            line = reader.line_num + 1
    except csv.Error as error:
        what = str(error).split(" - ")[0]  # what follows advises programmers
        raise SourceError(f"{name} line {line:,}: {what}; expected cells quoted as in RFC 4180") from None
    finally:
        csv.field_size_limit(limit)
