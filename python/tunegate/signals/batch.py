"""What a per-sample signal is given: whole samples and their messages; and what it gives back."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

import polars as pl

from tunegate import _core

Schema: TypeAlias = Mapping[str, pl.DataType | type[pl.DataType]]

PARTS = pl.Enum(["main", "chosen", "rejected"])
_POSITIONS = ("start", "end")


@dataclass(frozen=True)
class Batch:
    """Whole samples in reading order.

    samples: one row per sample. messages: the rows of these samples only, ordered by sample, then main
    before chosen before rejected, then turn.
    """

    samples: pl.DataFrame
    messages: pl.DataFrame

    def per_sample(self, measured: pl.DataFrame, schema: Schema) -> pl.DataFrame:
        """Return one row per sample with the columns of `schema`.

        measured: at most one row per sample, any order. Where a sample has none, counts (unsigned integers)
        are 0 and everything else is null.
        """
        counts = [name for name, dtype in schema.items() if dtype == pl.UInt32 and name not in _POSITIONS]
        samples = self.samples.select("sample_id")
        rows = samples.join(measured, on="sample_id", how="left", maintain_order="left")
        return rows.with_columns(pl.col(counts).fill_null(0)).select(list(schema)).cast(pl.Schema(schema))

    def blank_turns(self) -> pl.DataFrame:
        """Return the messages that say nothing.

        The content is null or blank as `_core.blank` has it, and there are no tool calls, media or reasoning.
        """
        said = pl.any_horizontal(pl.col("tool_calls", "media").is_not_null())
        silent = self.messages.filter(_blank(self.messages["content"]) & ~said)
        return silent.filter(_blank(silent["reasoning"]))


def words(column: str, names: tuple[str, ...]) -> pl.Expr:
    """Turn the codes of a column into the names they stand for, as an Enum."""
    return pl.col(column).replace_strict(dict(enumerate(names)), return_dtype=pl.Enum(names))


def _blank(texts: pl.Series) -> pl.Series:
    return pl.DataFrame(_core.blank(texts))["blank"]
