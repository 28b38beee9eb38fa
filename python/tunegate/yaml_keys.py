"""Which keys a pydantic model knows at a path, for suggestions on a typo."""

import types
from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel


def keys_at(model: type[BaseModel], path: Sequence[str | int]) -> set[str]:
    """Return the keys that the mapping at `path` may have; empty where any key, or none, is allowed."""
    found: list[Any] = [model]
    for part in path:
        found = [inner for annotation in found for inner in _inner(annotation, part)]
    return {key for annotation in found for branch in _branches(annotation) for key in _keys(branch)}


def _branches(annotation: Any) -> Iterator[Any]:
    origin = get_origin(annotation)
    if origin is Annotated:
        yield from _branches(get_args(annotation)[0])
    elif origin in (Union, types.UnionType):
        for branch in get_args(annotation):
            yield from _branches(branch)
    else:
        yield annotation


def _keys(annotation: Any) -> list[str]:
    if not _is_model(annotation):
        return []
    return [field.alias or name for name, field in annotation.model_fields.items()]


def _inner(annotation: Any, part: str | int) -> Iterator[Any]:
    for branch in _branches(annotation):
        if _is_model(branch):
            for name, field in branch.model_fields.items():
                if part in (name, field.alias):
                    yield field.annotation
        elif get_origin(branch) in (dict, Mapping):
            yield get_args(branch)[1]
        elif get_origin(branch) in (tuple, list):
            yield get_args(branch)[0]


def _is_model(annotation: Any) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, BaseModel)
