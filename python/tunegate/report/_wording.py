"""How reports for people write numbers, counts, names and places."""

from collections.abc import Callable, Sequence

from tunegate.verdict import Evidence

PLACES_SHOWN = 3


def number(value: float, digits: int = 2) -> str:
    """Return a value with thousands separators, or with `digits` decimals or digits where it has a fraction."""
    if value == int(value):
        return f"{value:,.0f}"
    return f"{value:,.{digits}f}" if abs(value) >= 0.1 else f"{value:.{digits}g}"


def share(value: float, digits: int = 2) -> str:
    """Return a share as percent, rounded to `digits` digits, but never to 0 % or 100 % when it is neither."""
    percent = round(100 * value, 10)  # 100 * 0.29 is not 29
    if percent == 0:
        return "0" if value == 0 else "< 0.01 %"
    if percent == int(percent):
        return f"{percent:.0f} %"
    shown = f"{percent:.{digits}g}" if percent < 10 else f"{percent:.{digits - 1}f}"
    if float(shown) >= 100 or "e" in shown:
        return "< 0.01 %" if percent < 1 else "> 99.9 %"
    return f"{shown} %"


def told_apart(value: float, limit: float, write: Callable[[float, int], str]) -> tuple[str, str]:
    """Write a value and its limit with as many digits as it takes to tell them apart."""
    digits = 2
    while value != limit and write(value, digits) == write(limit, digits) and digits < 12:
        digits += 1
    return write(value, digits), write(limit, digits)


def count(n: int, things: str) -> str:
    """Return `1 sample` or `4,120 samples`; `things` is the plural."""
    return f"{n:,} {things.removesuffix('s') if n == 1 else things}"


def shown_name(text: str) -> str:
    """Return a file's name with line breaks and control characters written out, so that they reach no terminal."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def places(evidence: Sequence[Evidence], *, many_sources: bool) -> str:
    """Return the first places: `line 118, 402, 731`, or the first with its file when there are several."""
    if many_sources:
        return f"{shown_name(evidence[0].source)}:{evidence[0].line}"
    return "line " + ", ".join(str(item.line) for item in evidence[:PLACES_SHOWN])
