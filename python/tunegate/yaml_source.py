"""YAML read strictly, with the line of every key, so that an error can name the place.

Accepted: one document of mappings with text keys, lists, text, true/false, null, integers and finite decimal
numbers (YAML 1.2: `off`, `no` and `1:30` are text). Refused: duplicate keys, anchors and aliases, tags, files
over 1 MB, anything but a regular file. An error names keys and kinds of values, never a value: the file may turn
out to be another one than was meant.
"""

import math
import os
import re
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import ClassVar, TypeAlias, TypeVar

import yaml
from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from tunegate.errors import TunegateError, did_you_mean
from tunegate.yaml_keys import keys_at

MAX_BYTES = 1_000_000

_KEY = re.compile(r"(?:[A-Za-z_][A-Za-z0-9_-]{0,39})?")
_EXPECTED = {
    "dict_type": "expected keys and values",
    "model_type": "expected keys and values",
    "tuple_type": "expected a list",
    "string_type": "expected text",
    "bool_type": "expected text, a number, true or false",
    "string_too_short": "expected text",
}
_OF_THE_SCHEMA = frozenset(  # pydantic's own messages about these are made of the schema, not of the input
    {
        "float_type",
        "greater_than",
        "greater_than_equal",
        "int_type",
        "less_than",
        "less_than_equal",
        "literal_error",
        "string_pattern_mismatch",
        "string_too_long",
        "too_short",
    }
)
_KINDS = ((bool, "true or false"), (int | float, "a number"), (list, "a list"), (dict, "keys and values"))

KeyPath: TypeAlias = tuple[str | int, ...]
Model = TypeVar("Model", bound=BaseModel)


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]  # the C parser is 10 times faster
    """Resolves plain scalars as YAML 1.2 does and refuses aliases."""

    yaml_implicit_resolvers: ClassVar[dict[str, list[tuple[str, re.Pattern[str]]]]] = {}


for _tag, _pattern, _first in (
    ("bool", r"true|True|TRUE|false|False|FALSE", "tTfF"),
    ("null", r"~|null|Null|NULL|", ["~", "n", "N", ""]),
    ("int", r"[-+]?[0-9]+", "-+0123456789"),
    ("float", r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?", "-+.0123456789"),
):
    _Loader.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", re.compile(f"(?:{_pattern})$"), list(_first))


@dataclass(frozen=True)
class YamlSource:
    """A YAML file as read: its printed name, its value, and where its keys and texts stand.

    lines holds the 1-based line of the key (or list item) at a path; starts the line on which the text of a
    scalar begins, which for a block scalar is the line after its key.
    """

    name: str
    value: object
    lines: Mapping[KeyPath, int]
    starts: Mapping[KeyPath, int]

    def line(self, path: KeyPath = ()) -> int:
        """Return the line of the nearest key at or above `path`; 1 for the whole file."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 1)

    def place(self, path: KeyPath = ()) -> str:
        """Return `file line N` for the nearest key at or above `path`."""
        return f"{self.name} line {self.line(path)}"


_TAG = "a tag is not accepted; write the value alone"
_ALIAS = "anchors and aliases are not accepted; write the value out"


class _Fault(Exception):
    """What is wrong on which line; becomes the caller's error."""

    def __init__(self, line: int, message: str) -> None:
        super().__init__(message)
        self.line = line


def load_yaml(file: Traversable, name: str, error: type[TunegateError]) -> YamlSource:
    """Read one YAML file. Raises `error` with `name` and line; an empty file is an empty mapping."""
    try:
        return _source(_text(file), name)
    except _Fault as fault:
        raise error(f"{name} line {fault.line}: {fault}") from None
    except yaml.MarkedYAMLError as fault:
        raise error(f"{name} {_syntax(fault)}") from None
    except (yaml.YAMLError, UnicodeDecodeError):
        raise error(f"{name} is not UTF-8 text without control characters; save it as UTF-8") from None
    except RecursionError:
        raise error(f"{name} is nested too deep to be read") from None
    except OSError as fault:
        raise error(f"{name} cannot be read: {fault.strerror or fault}; expected a YAML file") from None


def read_yaml(file: Traversable, name: str, model: type[Model], error: type[TunegateError]) -> tuple[Model, YamlSource]:
    """Read one YAML file as `model`. Raises `error` with name, line and key, with a suggestion on a typo."""
    source = load_yaml(file, name, error)
    if not isinstance(source.value, dict):
        raise error(f"{name} line 1: expected keys and values, found {kind_of(source.value)}")
    try:
        return model.model_validate(source.value), source
    except ValidationError as fault:
        raise error(_first_fault(fault, source, model)) from None


def shown_key(key: object) -> str:
    """Return a key, or another short word, as an error may print it: itself when it looks like one."""
    return str(key) if isinstance(key, int) or _KEY.fullmatch(str(key)) else "(not shown)"


def kind_of(value: object) -> str:
    """Name the kind of a YAML value, such as "a list"."""
    if value is None or value == "":
        return "nothing"
    return next((kind for types, kind in _KINDS if isinstance(value, types)), "a text")


def _text(file: Traversable) -> str:
    content = _content(file)
    if len(content) > MAX_BYTES:
        raise _Fault(1, f"the file is larger than {MAX_BYTES:,} bytes")
    return content.decode("utf-8-sig")


def _content(file: Traversable) -> bytes:
    """Read up to one byte more than is accepted; a pipe or a device is not opened for reading at all."""
    if not isinstance(file, Path):
        with file.open("rb") as packaged:
            return packaged.read(MAX_BYTES + 1)
    with open(os.open(file, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as opened:
        if not stat.S_ISREG(os.fstat(opened.fileno()).st_mode):
            raise _Fault(1, "it is no regular file")
        return opened.read(MAX_BYTES + 1)


def _source(text: str, name: str) -> YamlSource:
    loader = _Loader(text)
    try:
        node = loader.get_single_node()
    finally:
        loader.dispose()
    lines: dict[KeyPath, int] = {}
    starts: dict[KeyPath, int] = {}
    value = None if node is None else _Values(lines, starts).value(node, ())
    return YamlSource(name, {} if value is None else value, lines, starts)


class _Values:
    """Turns nodes into values and notes their lines."""

    def __init__(self, lines: dict[KeyPath, int], starts: dict[KeyPath, int]) -> None:
        self._lines = lines
        self._starts = starts
        self._seen: set[int] = set()

    def value(self, node: yaml.Node, path: KeyPath) -> object:
        if id(node) in self._seen:
            raise _Fault(_line(node), _ALIAS)
        self._seen.add(id(node))
        if isinstance(node, yaml.MappingNode) and node.tag.endswith(":map"):
            return self._mapping(node, path)
        if isinstance(node, yaml.SequenceNode) and node.tag.endswith(":seq"):
            return [self._item(item, (*path, index)) for index, item in enumerate(node.value)]
        if isinstance(node, yaml.ScalarNode):
            self._starts[path] = _line(node) + (node.style in ("|", ">"))
            return _scalar(node)
        raise _Fault(_line(node), _TAG)

    def _mapping(self, node: yaml.MappingNode, path: KeyPath) -> dict[str, object]:
        values: dict[str, object] = {}
        for key_node, value_node in node.value:
            key = _key(key_node)
            if key in values:
                first = self._lines[(*path, key)]
                raise _Fault(_line(key_node), f'key "{shown_key(key)}" stands twice; it is first on line {first}')
            self._lines[(*path, key)] = _line(key_node)
            values[key] = self.value(value_node, (*path, key))
        return values

    def _item(self, node: yaml.Node, path: KeyPath) -> object:
        self._lines[path] = _line(node)
        return self.value(node, path)


def _line(node: yaml.Node) -> int:
    return int(node.start_mark.line) + 1


def _key(node: yaml.Node) -> str:
    if not isinstance(node, yaml.ScalarNode) or node.tag != "tag:yaml.org,2002:str":
        raise _Fault(_line(node), "a key is text; put it in quotes")
    return str(node.value)


def _scalar(node: yaml.ScalarNode) -> str | int | float | bool | None:
    text = str(node.value)
    match node.tag.removeprefix("tag:yaml.org,2002:"):
        case "str":
            return text
        case "null":
            return None
        case "bool":
            return text.lower() == "true"
        case "int":
            return _integer(text, node)
        case "float" if math.isfinite(float(text)):
            return float(text)
        case "float":
            raise _Fault(_line(node), "a number is no finite number; put text in quotes")
    raise _Fault(_line(node), _TAG)


def _integer(text: str, node: yaml.ScalarNode) -> int:
    if len(text) > 19:
        raise _Fault(_line(node), "a number has more than 18 digits; put text in quotes")
    return int(text)


def _syntax(fault: yaml.MarkedYAMLError) -> str:
    mark = fault.problem_mark or fault.context_mark
    line = 1 if mark is None else mark.line + 1
    problem = fault.problem or fault.context or "unknown fault"
    if "alias" in problem or "anchor" in problem:
        return f"line {line}: {_ALIAS}"
    if "tag" in problem:
        return f"line {line}: {_TAG}"
    if "block scalar" in f"{fault.context}":
        problem += '; put a limit in quotes, such as "> 0.01"'
    return f"line {line}: not valid YAML: {problem}"


def _first_fault(fault: ValidationError, source: YamlSource, model: type[BaseModel]) -> str:
    """Describe one fault, first an unknown key, which explains a missing one; count the lines of the rest."""
    details = fault.errors(include_url=False)
    lines = [source.line(_located(detail, source)) for detail in details]
    ranks = [(detail["type"] != "extra_forbidden", line) for detail, line in zip(details, lines, strict=True)]
    first = ranks.index(min(ranks))
    more = len(set(lines)) - 1
    others = "" if more == 0 else f" ({more} more line{'s' if more > 1 else ''} at fault)"
    return f"{source.name} line {lines[first]}: {_described(details[first], source, model)}{others}"


def _located(detail: ErrorDetails, source: YamlSource) -> KeyPath:
    """Drop the parts of a pydantic location that name no key of the file, such as a union member."""
    path: KeyPath = ()
    for part in detail["loc"]:
        if (*path, part) in source.lines:
            path = (*path, part)
    return path


def _described(detail: ErrorDetails, source: YamlSource, model: type[BaseModel]) -> str:
    path = _located(detail, source)
    within = f" in {_dotted(path[:-1])}" if path[:-1] else ""
    if detail["type"] == "extra_forbidden":
        return _unknown(str(path[-1]), within, keys_at(model, path[:-1]))
    if detail["type"] == "missing":
        parent = f" in {_dotted(path)}" if path else ""
        return f'key "{detail["loc"][-1]}" is missing{parent}'
    if detail["type"] == "value_error":
        return str(detail["ctx"]["error"])
    return f"{_dotted(path) or 'file'}: {_expectation(detail)}, found {kind_of(detail['input'])}"


def _expectation(detail: ErrorDetails) -> str:
    if detail["type"] in _OF_THE_SCHEMA:
        return detail["msg"][0].lower() + detail["msg"][1:]
    return _EXPECTED.get(detail["type"], "expected another value")


def _unknown(key: str, within: str, known: set[str]) -> str:
    hint = did_you_mean(key, known)
    if known and not hint:
        hint = f" Known keys: {', '.join(sorted(known))}."
    return f'unknown key "{shown_key(key)}"{within}.{hint}'


def _dotted(path: KeyPath) -> str:
    return ".".join(shown_key(part) for part in path)
