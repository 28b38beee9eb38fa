"""Residue of chat templates in turns, such as `<|im_start|>`, `[INST]` or `### Response:`."""

import polars as pl

from tunegate import _core
from tunegate.signals.batch import PARTS, Batch, Schema, words

NAME = "template_leaks"
VERSION = 2
READS = {
    "samples": ("sample_id",),
    "messages": ("sample_id", "turn", "part", "role", "content"),
}
WRITES: Schema = {
    "sample_id": pl.Int64,
    "leaks": pl.UInt32,
    "turn": pl.Int32,
    "part": PARTS,
    "marker": pl.Enum(_core.TEMPLATE_MARKERS),
    "start": pl.UInt32,
    "end": pl.UInt32,
}


def compute(batch: Batch) -> pl.DataFrame:
    """Count the turns with a leak and say where the first one is.

    start and end count characters of that turn's content. Texts without turns (role text) and tool results
    are not looked at. All but leaks is null where there is none. The rules stand in
    csrc/include/tunegate/template_leak.hpp.
    """
    unspoken = pl.col("role").is_in(["text", "tool"]).fill_null(value=False)
    spoken = batch.messages.select(READS["messages"]).filter(~unspoken)
    leaks = pl.DataFrame(_core.template_leak(spoken["content"], spoken["role"]))
    first = (
        spoken.select("sample_id", "turn", "part")
        .hstack(leaks)
        .filter(pl.col("marker").is_not_null())
        .group_by("sample_id", maintain_order=True)
        .agg(pl.len().alias("leaks"), pl.first("turn", "part", "marker", "start", "end"))
        .with_columns(words("marker", _core.TEMPLATE_MARKERS))
    )
    return batch.per_sample(first, WRITES)
