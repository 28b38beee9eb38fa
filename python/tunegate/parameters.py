"""Named parameters of a check: `$name` in its SQL and in its bounds."""

import re
from collections.abc import Mapping

from tunegate.errors import CheckError, did_you_mean
from tunegate.verdict import Bound

_NAME = re.compile(r"\$([a-z_][a-z0-9_]*)")
_LITERAL = re.compile(r"'(?:[^']|'')*'")


def parameter_names(text: str | None) -> set[str]:
    """Return the names that stand as `$name` in a text, outside its quoted literals."""
    return set(_NAME.findall(_LITERAL.sub("''", text or "")))


def bound(text: str | None, params: Mapping[str, object], confidence: float | None) -> Bound | None:
    """Read a bound text whose number may be a `$name`.

    None without a text, or when the parameter is null: there is no such limit. Raises CheckError for a
    malformed bound and for a parameter that is unknown or no number.
    """
    if text is None:
        return None
    for name in sorted(parameter_names(text)):
        if name not in params:
            raise CheckError(f"bound {text!r} names no parameter of the check.{did_you_mean(name, params)}")
        value = params[name]
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise CheckError(f"bound {text!r} needs a number for ${name}, found another kind of value")
        text = text.replace(f"${name}", f"{value}")
    return Bound.parse(text, confidence=confidence)
