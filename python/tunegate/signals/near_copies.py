"""Samples that have an earlier near copy, and which one is the most similar."""

from collections.abc import Mapping
from typing import Any

import duckdb
import polars as pl

from tunegate.signals import near_duplicates
from tunegate.signals.batch import Schema
from tunegate.signals.copy_groups import links, read_pairs, with_groups

NAME = "near_copies"
VERSION = 1
READS = {
    "pairs": ("a", "b", "similarity"),
    "samples": ("sample_id", "label", "fingerprint"),
    "messages": ("sample_id", "turn", "part", "content", "reasoning", "tool_calls", "media"),
}
WRITES: Schema = {
    "sample_id": pl.Int64,
    "earlier_sample_id": pl.Int64,
    "similarity": pl.Float64,
    "is_exact": pl.Boolean,
}
PARAMETERS = near_duplicates.PARAMETERS
REQUIRES = (near_duplicates.NAME,)

_MEANT = """
    select sample_id as record, hash(label, coalesce(besides, 0)) as meant,
      min(sample_id) over (partition by fingerprint) < sample_id as is_exact
    from samples
    left join (
      select sample_id as besides_id,
        sum(hash(turn, case when part = 'rejected' then content end, reasoning, tool_calls, media)) as besides
      from messages
      where part = 'rejected' or reasoning is not null or tool_calls is not null or media is not null
      group by sample_id) on besides_id = sample_id
    where sample_id in (select a from pairs union select b from pairs)
"""


def measure(connection: duckdb.DuckDBPyConnection, parameters: Mapping[str, Any]) -> pl.DataFrame:
    """Return the most similar earlier near copy of each sample that has one; of several the first.

    Two samples are copies only when what is learned beside these words is the same too: the label, the rejected
    responses, reasoning, tool calls and media. Several ways to one answer are no copies, nor is one response that is
    preferred to several others. is_exact: an earlier sample has the same fingerprint.
    """
    pairs = read_pairs(connection)
    samples = with_groups(pl.DataFrame(connection.sql(_MEANT)), pairs)
    firsts = samples.group_by("group", "meant").agg(first=pl.col("record").min())
    found = samples.join(_earlier(firsts, links(pairs)), on=["group", "meant"])
    found = found.filter((pl.col("earlier") == pl.col("first")) == (pl.col("record") != pl.col("first")))
    return (
        found.sort("record")
        .select(sample_id="record", earlier_sample_id="earlier", similarity="similarity", is_exact="is_exact")
        .cast(pl.Schema(WRITES))
    )


def _earlier(firsts: pl.DataFrame, near: pl.DataFrame) -> pl.DataFrame:
    """Return group, meant, first, earlier and similarity: for the later of a group its first, for that one the best."""
    own = firsts.with_columns(earlier="first", similarity=pl.lit(1.0))
    others = firsts.select(near="group", meant="meant", earlier="first")
    met = firsts.join(near, on="group").join(others, on=["near", "meant"]).filter(pl.col("earlier") < pl.col("first"))
    best = met.sort("similarity", "earlier", descending=[True, False]).unique(
        ["group", "meant"], keep="first", maintain_order=True
    )
    return pl.concat([own, best.select(own.columns)])
