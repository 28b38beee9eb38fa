"""How reports for people write numbers, counts and places."""

from collections.abc import Sequence

from tunegate.verdict import Evidence

PLACES_SHOWN = 3


def number(value: float) -> str:
    """Return a value with thousands separators, or two decimals where it has a fraction."""
    return f"{value:,.0f}" if value == int(value) else f"{value:.2f}"


def share(value: float) -> str:
    """Return a share as percent with two significant digits, never rounded to 0 % or 100 % when it is neither."""
    percent = 100 * value
    if percent == 0:
        return "0"
    if percent == int(percent):
        return f"{percent:.0f} %"
    shown = f"{percent:.2g}" if percent < 10 else f"{percent:.1f}"
    if float(shown) >= 100 or "e" in shown:
        return "< 0.01 %" if percent < 1 else "> 99.9 %"
    return f"{shown} %"


def count(n: int, things: str) -> str:
    """Return `1 sample` or `4,120 samples`; `things` is the plural."""
    return f"{n:,} {things.removesuffix('s') if n == 1 else things}"


def places(evidence: Sequence[Evidence], *, many_sources: bool) -> str:
    """Return the first places: `line 118, 402, 731`, or with their files when there are several."""
    first = evidence[:PLACES_SHOWN]
    if many_sources:
        return ", ".join(f"{item.source}:{item.line}" for item in first)
    return "line " + ", ".join(str(item.line) for item in first)
