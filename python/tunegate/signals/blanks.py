"""Turns in which nothing is said: empty, or only white space and invisible characters."""

import polars as pl

from tunegate.signals.batch import PARTS, Batch, Schema

NAME = "blanks"
VERSION = 2
READS = {
    "samples": ("sample_id",),
    "messages": ("sample_id", "turn", "part", "role", "content", "reasoning", "tool_calls", "media"),
}
ROLES = ("system", "user", "assistant", "tool", "text", "other")
WRITES: Schema = {
    "sample_id": pl.Int64,
    "blank_turns": pl.UInt32,
    "turn": pl.Int32,
    "part": PARTS,
    "role": pl.Enum(ROLES),
}


def compute(batch: Batch) -> pl.DataFrame:
    """Count the blank turns and name the first.

    A turn with tool calls, media or reasoning is not blank, but reasoning alone is no response: it does not
    save an assistant turn that ends its branch. A tool result may be blank. A response without any content
    (null) is absent, which is another check's defect, and does not count. turn, part and role are null where
    no turn is blank.
    """
    is_absent = pl.col("is_response") & pl.col("content").is_null()
    blank = batch.blank_turns().filter(pl.col("role").ne_missing("tool") & ~is_absent)
    known = pl.col("role").is_in(ROLES)
    first = (
        blank.with_columns(pl.when(known).then("role").otherwise(pl.lit("other")).alias("role"))
        .group_by("sample_id", maintain_order=True)
        .agg(pl.len().alias("blank_turns"), pl.first("turn", "part", "role"))
    )
    return batch.per_sample(first, WRITES)
