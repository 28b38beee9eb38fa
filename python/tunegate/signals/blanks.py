"""Turns in which nothing is said: empty, or only white space and invisible characters."""

import polars as pl

from tunegate.signals.batch import PARTS, Batch, Schema

NAME = "blanks"
VERSION = 1
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
_TURN = ["sample_id", "part", "turn"]


def compute(batch: Batch) -> pl.DataFrame:
    """Count the blank turns and name the first.

    A turn with tool calls, media or reasoning is not blank; a tool result may be. An assistant turn without
    any content (null) that ends its branch is an absent response, which is another check's defect, and does
    not count. turn, part and role are null where no turn is blank.
    """
    blank = batch.blank_turns().filter(pl.col("role").ne_missing("tool"))
    known = pl.col("role").is_in(ROLES)
    first = (
        blank.join(_absent_responses(batch, blank), on=_TURN, how="anti", maintain_order="left")
        .with_columns(pl.when(known).then("role").otherwise(pl.lit("other")).alias("role"))
        .group_by("sample_id", maintain_order=True)
        .agg(pl.len().alias("blank_turns"), pl.first("turn", "part", "role"))
    )
    return batch.per_sample(first, WRITES)


def _absent_responses(batch: Batch, blank: pl.DataFrame) -> pl.DataFrame:
    """Return sample_id, part and turn of the blank turns that are absent responses."""
    candidates = blank.filter(pl.col("content").is_null() & (pl.col("role") == "assistant"))
    turns = batch.messages.join(candidates, on="sample_id", how="semi")
    last = turns.group_by("sample_id", "part").agg(pl.max("turn"))
    branched = last.filter(pl.col("part") != "main")
    is_end = branched.vstack(last.filter(pl.col("part") == "main").join(branched, on="sample_id", how="anti"))
    return candidates.join(is_end, on=_TURN, how="semi").select(_TURN)
