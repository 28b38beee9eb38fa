"""Totals and percentiles of token counts over all samples."""

from dataclasses import dataclass, field

import polars as pl

PERCENTILES = (50, 90, 95, 99)


@dataclass(frozen=True)
class Spread:
    """The total of a count over samples, its least and its greatest value, and its percentiles by nearest rank."""

    total: int
    least: int
    percentiles: dict[int, int]
    greatest: int


@dataclass(frozen=True)
class Overlong:
    """How many samples are longer than a limit, the tokens that lie beyond it, and how many of these are trained.

    trained: None where the count does not tell.
    """

    samples: int
    cut: int
    trained: int | None


@dataclass
class TokenStatistics:
    """The counts of samples, added batch by batch; 4 bytes for each number."""

    max_length: int | None = None
    samples: int = 0
    trained: int = 0
    _columns: dict[str, list[pl.Series]] = field(default_factory=dict)
    _cut_trained: int = 0

    def add(self, counts: pl.DataFrame) -> None:
        """Add the columns prompt, response, tokens, trained, longest, and rendered and cut_trained where there."""
        self.samples += len(counts)
        self.trained += int(counts["trained"].sum())
        for name in ("tokens", "prompt", "response", "longest", "rendered"):
            if name in counts.columns:
                self._columns.setdefault(name, []).append(counts[name].cast(pl.UInt32))
        if "cut_trained" in counts.columns:
            self._cut_trained += int(counts["cut_trained"].sum())

    @property
    def trained_share(self) -> float | None:
        """The share of all tokens that is trained; None where there are no tokens."""
        total = self.total("tokens")
        return self.trained / total if total else None

    def has(self, column: str) -> bool:
        """Return whether the samples have that count."""
        return column in self._columns

    def total(self, column: str) -> int:
        """Return the sum of a column over the samples."""
        return sum(int(values.cast(pl.UInt64).sum()) for values in self._columns[column])

    def spread(self, column: str) -> Spread:
        """Return the spread of a column over the samples, of which there must be one."""
        values = self._values(column).sort()
        ranks = {percent: int(values[nearest_rank(percent, len(values)) - 1]) for percent in PERCENTILES}
        return Spread(self.total(column), int(values[0]), ranks, int(values[-1]))

    def overlong(self, column: str) -> Overlong | None:
        """Return what lies beyond max_length of `longest` or `rendered`; None without a limit or a column."""
        if self.max_length is None or not self.has(column):
            return None
        values = self._values(column)
        beyond = values.filter(values > self.max_length).cast(pl.Int64) - self.max_length
        return Overlong(len(beyond), int(beyond.sum()), self._cut_trained if column == "longest" else None)

    def _values(self, column: str) -> pl.Series:
        return pl.concat(self._columns[column])


def nearest_rank(percent: int, count: int) -> int:
    """Return the 1-based rank of the least value that at least `percent` % of all values do not exceed."""
    return max(1, -(-percent * count // 100))
