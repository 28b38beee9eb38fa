"""What signals are given and give back: whole samples and their messages; the tables of those that read files."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

import polars as pl

from tunegate import _core

Schema: TypeAlias = Mapping[str, pl.DataType | type[pl.DataType]]

PARTS = pl.Enum(["main", "chosen", "rejected"])
_POSITIONS = ("start", "end")
_TURN = ["sample_id", "part", "turn"]


@dataclass(frozen=True)
class SourceTables:
    """What a signal over the files gives back.

    tables: by name, with the columns of WRITES. partial: None, or why there may be more rows than these, a sentence
    without any text of the data. What a check makes of them is then a lower bound.
    """

    tables: Mapping[str, pl.DataFrame]
    partial: str | None = None


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
        """Return the messages that say nothing, and whether they are responses (column `is_response`).

        The content is null or blank as `_core.blank` has it, and there are no tool calls (an empty list is
        none), media or reasoning. A response is an assistant turn that ends its branch; reasoning alone does
        not make one.
        """
        said = pl.col("media").is_not_null() | pl.col("tool_calls").str.contains(r"[^\[\]\s]").fill_null(value=False)
        silent = self.messages.filter(_blank(self.messages["content"]) & ~said)
        ends = self._ends(silent).with_columns(pl.lit(value=True).alias("is_end"))
        is_response = pl.col("is_end").fill_null(value=False) & (pl.col("role") == "assistant").fill_null(value=False)
        return (
            silent.join(ends, on=_TURN, how="left", maintain_order="left")
            .with_columns(is_response.alias("is_response"))
            .filter(_blank(silent["reasoning"]) | pl.col("is_response"))
            .drop("is_end")
        )

    def _ends(self, turns: pl.DataFrame) -> pl.DataFrame:
        """Return sample_id, part and turn of the last turn of each branch, for the samples of `turns`."""
        concerned = self.messages.join(turns, on="sample_id", how="semi")
        last = concerned.group_by("sample_id", "part").agg(pl.max("turn"))
        branched = last.filter(pl.col("part") != "main")
        main = last.filter(pl.col("part") == "main")
        return branched.vstack(main.join(branched, on="sample_id", how="anti"))


def words(column: str, names: tuple[str, ...]) -> pl.Expr:
    """Turn the codes of a column into the names they stand for, as an Enum."""
    return pl.col(column).replace_strict(dict(enumerate(names)), return_dtype=pl.Enum(names))


def _blank(texts: pl.Series) -> pl.Series:
    return pl.DataFrame(_core.blank(texts))["blank"]
