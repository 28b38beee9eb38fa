"""Tool calls against the declared tools and the results that answer them."""

import polars as pl

from tunegate import _core
from tunegate.signals.batch import PARTS, Batch, Schema, words

NAME = "tool_calls"
VERSION = 3
READS = {
    "samples": ("sample_id", "tools"),
    "messages": ("sample_id", "turn", "part", "role", "content", "tool_calls", "tool_call_id"),
}
WRITES: Schema = {
    "sample_id": pl.Int64,
    "calls": pl.UInt32,
    "broken": pl.UInt32,
    "turn": pl.Int32,
    "part": PARTS,
    "fault": pl.Enum(_core.TOOL_FAULTS),
}


def compute(batch: Batch) -> pl.DataFrame:
    """Count the calls and what is broken (calls, results, the declaration), and name the first fault.

    turn and part are null when the declared tools themselves are broken; with fault, when nothing is. The
    rules stand in csrc/include/tunegate/tool_call.hpp.
    """
    samples = _samples_with_tools(batch)
    messages = batch.messages.select(READS["messages"]).join(
        samples.select("sample_id", "sample"), on="sample_id", maintain_order="left"
    )
    columns = messages.select("sample", "part", "role", "content", "tool_calls", "tool_call_id")
    judged = pl.DataFrame(_core.tool_use(samples["tools"], columns.to_dict()))
    row = pl.int_range(pl.len(), dtype=pl.Int64)
    places = messages.select("turn", "part", row.alias("message"))
    faults = (
        samples.select("sample_id")
        .hstack(judged)
        .join(places, on="message", how="left", maintain_order="left")
        .with_columns(words("fault", _core.TOOL_FAULTS))
    )
    return batch.per_sample(faults, WRITES)


def _samples_with_tools(batch: Batch) -> pl.DataFrame:
    """Return sample_id, tools and a running number (sample) of the samples that use or declare tools."""
    uses_tools = pl.col("tool_calls").is_not_null() | (pl.col("role") == "tool")
    using = batch.messages.filter(uses_tools)["sample_id"].unique()
    concerned = pl.col("tools").is_not_null() | pl.col("sample_id").is_in(using.implode())
    samples = batch.samples.select("sample_id", "tools").filter(concerned)
    return samples.with_columns(pl.int_range(pl.len(), dtype=pl.Int64).alias("sample"))
