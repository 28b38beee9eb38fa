"""The summary of `tunegate tokens`, as text and as JSON. docs/tokens.md documents the members."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import tunegate
from tunegate.report._wording import PLACES_SHOWN, count, share, shown_name
from tunegate.tokens.counts import Counting
from tunegate.tokens.statistics import PERCENTILES, Spread, TokenStatistics

SCHEMA_VERSION = 1
MOST_NAMED = 100  # unreadable records of one source
SHOWN_DIGITS = 12  # of a digest
SPREADS = {"tokens": "sample", "prompt": "prompt", "response": "response", "rendered": "rendered"}
HEADINGS = ("total", "min", *(f"p{percent}" for percent in PERCENTILES), "max")
_SOURCE = ("source", "records", "samples")


@dataclass(frozen=True)
class Unreadable:
    """A record that could not be read, and why; its reason holds no text of it."""

    source: str
    line: int
    reason: str


@dataclass(frozen=True)
class SourceCounts:
    """What was read of one source. unreadable: the first MOST_NAMED of them."""

    source: str
    records: int
    samples: int
    unreadable: Sequence[Unreadable]


@dataclass(frozen=True)
class Counts:
    """What was counted, with what, of which sources. per_sample: where the counts of the samples were written."""

    counting: Counting
    statistics: TokenStatistics
    sources: Sequence[SourceCounts]
    per_sample: Path | None

    @property
    def records(self) -> int:
        """The records of all sources, also the unreadable ones."""
        return sum(source.records for source in self.sources)

    @property
    def unreadable(self) -> list[Unreadable]:
        """The unreadable records that are named."""
        return [record for source in self.sources for record in source.unreadable]

    @property
    def template_tokens(self) -> int | None:
        """The tokens that a chat template adds to the contents of the longer branch; None without one."""
        if self.counting.template is None:
            return None
        return self.statistics.total("rendered") - self.statistics.total("longest")


def as_text(counts: Counts) -> Iterator[str]:
    """Yield the lines for a terminal."""
    statistics = counts.statistics
    shown = [column for column in SPREADS if statistics.has(column)]
    yield f"tokenizer {_tokenizer(counts)}"
    yield _funnel(counts)
    yield _row("tokens of a", HEADINGS)
    yield from (_row(SPREADS[column], [f"{n:,}" for n in _values(statistics.spread(column))]) for column in shown)
    yield f"trained: {count(statistics.trained, 'tokens')}{_share(statistics.trained_share)}"
    yield from _template(counts)
    yield from _overlong(counts)
    yield from _unreadable(counts)
    if counts.per_sample is not None:
        yield f"the counts of each sample: {shown_name(str(counts.per_sample))}"


def _tokenizer(counts: Counts) -> str:
    tokenizer = counts.counting.tokenizer
    by = "natively" if tokenizer.reason is None else f"by the tokenizers package: {tokenizer.reason}"
    return f"{shown_name(tokenizer.path)}, sha256 {tokenizer.sha256[:SHOWN_DIGITS]}, counted {by}"


def _funnel(counts: Counts) -> str:
    read = f"{count(counts.records, 'records')} in {count(len(counts.sources), 'sources')}"
    samples = counts.statistics.samples
    return f"{read} = {count(samples, 'samples')} + {counts.records - samples:,} unreadable"


def _row(name: str, cells: Sequence[str]) -> str:
    return f"  {name:<12}{cells[0]:>15}" + "".join(f"{cell:>10}" for cell in cells[1:])


def _values(spread: Spread) -> list[int]:
    return [spread.total, spread.least, *spread.percentiles.values(), spread.greatest]


def _template(counts: Counts) -> Iterator[str]:
    if (template := counts.counting.template) is not None:
        own = count(counts.template_tokens or 0, "tokens")
        yield f"rendered by {shown_name(template.origin)}, which adds {own} of its own"


def _overlong(counts: Counts) -> Iterator[str]:
    """Say what is longer than the limit: the contents, and the samples as rendered."""
    statistics = counts.statistics
    for column, words in (("longest", ""), ("rendered", " as rendered")):
        if (over := statistics.overlong(column)) is not None:
            samples = f"{over.samples:,} of {count(statistics.samples, 'samples')}"
            part = share(over.samples / statistics.samples)
            trained = "" if over.trained is None else f", {over.trained:,} of them trained"
            limit = count(statistics.max_length or 0, "tokens")
            yield f"{samples} ({part}) are longer than {limit}{words}: truncation cuts {over.cut:,} tokens{trained}"


def _unreadable(counts: Counts) -> Iterator[str]:
    for record in islice(counts.unreadable, PLACES_SHOWN):
        yield f"unreadable: {shown_name(record.source)}:{record.line}  {record.reason}"
    if (more := counts.records - counts.statistics.samples - PLACES_SHOWN) > 0:
        yield f"unreadable: {more:,} more; `tunegate check --gates Q101` lists them"


def _share(value: float | None) -> str:
    return "" if value is None else f", {share(value)} of all"


def as_json(counts: Counts) -> Iterator[str]:
    """Yield one JSON object, two spaces deep."""
    statistics, tokenizer = counts.statistics, counts.counting.tokenizer
    samples = statistics.samples
    members = {
        "schema_version": SCHEMA_VERSION,
        "tunegate": tunegate.__version__,
        "tokenizer": {name: getattr(tokenizer, name) for name in ("path", "sha256", "engine", "reason")},
        "sources": [{name: getattr(source, name) for name in _SOURCE} for source in counts.sources],
        "funnel": {"records": counts.records, "samples": samples, "unreadable": counts.records - samples},
        "unreadable": [vars(record) for record in counts.unreadable],
        **{column: _spread(statistics, column) for column in ("tokens", "prompt", "response")},
        "trained": {"total": statistics.trained, "share": statistics.trained_share},
        "rendered": _rendered(counts),
        "max_length": statistics.max_length,
        "longer": {column: _longer(statistics, column) for column in ("longest", "rendered")},
    }
    yield json.dumps(members, indent=2, ensure_ascii=False, allow_nan=False)


def _spread(statistics: TokenStatistics, column: str) -> dict[str, int]:
    return dict(zip(HEADINGS, _values(statistics.spread(column)), strict=True))


def _rendered(counts: Counts) -> dict[str, Any] | None:
    template = counts.counting.template
    if template is None:
        return None
    own = {"chat_template": template.origin, "template_tokens": counts.template_tokens}
    return {**own, **_spread(counts.statistics, "rendered")}


def _longer(statistics: TokenStatistics, column: str) -> dict[str, int | None] | None:
    over = statistics.overlong(column)
    return None if over is None else {"samples": over.samples, "tokens_cut": over.cut, "trained_cut": over.trained}
