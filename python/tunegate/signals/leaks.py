"""Samples that have a near copy on another side: in a later split, or in what the data is compared with."""

from collections.abc import Mapping
from typing import Any

import duckdb
import polars as pl

from tunegate.signals import near_duplicates
from tunegate.signals.batch import Schema
from tunegate.signals.copy_groups import links, read_pairs, with_groups

NAME = "leaks"
VERSION = 1
READS = {
    "pairs": ("a", "b", "similarity"),
    "records": ("record_id", "source", "reason"),
    "samples": ("sample_id", "split"),
    "messages": ("sample_id", "turn", "media"),
    "sources": ("source", "role"),
}
WRITES: Schema = {"sample_id": pl.Int64, "other_sample_id": pl.Int64, "similarity": pl.Float64}
PARAMETERS = near_duplicates.PARAMETERS
REQUIRES = (near_duplicates.NAME,)
RANKS = {"train": 0, "validation": 2, "valid": 2, "val": 2, "dev": 2, "test": 3}
OTHER_RANK = 1
AGAINST_RANK = 4

_SIDES = """
    select sample_id as record, split as side, true as is_data, coalesce(media, 0) as media
    from samples
    left join (
      select sample_id as shown_id, sum(hash(turn, media)) as media
      from messages where media is not null group by sample_id) on shown_id = sample_id
    where sample_id in (select a from pairs union select b from pairs)
    union all
    select record_id, null, false, 0 from records join sources using (source)
    where role = 'against' and reason is null and record_id in (select b from pairs)
"""


def measure(connection: duckdb.DuckDBPyConnection, parameters: Mapping[str, Any]) -> pl.DataFrame:
    """Return the most similar record on another side of each sample that should yield to one; of several the first.

    A sample yields to every record it is compared with. Of two splits train yields, else validation (valid, val, dev),
    and test never; any other split yields to validation and test, and of two such that which sorts first. Samples
    without a split yield to none. Samples that differ in their media are no copies; of the media of what the data is
    compared with nothing is known, and samples that have any are left out there.
    """
    pairs = read_pairs(connection)
    sides = with_groups(_sides(connection), pairs)
    firsts = sides.group_by("group", "side", "rank", "media").agg(other=pl.col("record").min())
    best = _best(firsts, links(pairs))
    found = sides.filter("is_data").join(best, on=["group", "side", "media"], nulls_equal=True)
    shown = found.sort("record").select(sample_id="record", other_sample_id="other", similarity="similarity")
    return shown.cast(pl.Schema(WRITES))


def _sides(connection: duckdb.DuckDBPyConnection) -> pl.DataFrame:
    rows = pl.DataFrame(connection.sql(_SIDES))
    rank = pl.col("side").str.to_lowercase().replace_strict(RANKS, default=OTHER_RANK, return_dtype=pl.Int32)
    ranks = (
        pl.when("is_data").then(pl.when(pl.col("side").is_null()).then(None).otherwise(rank)).otherwise(AGAINST_RANK)
    )
    return rows.with_columns(ranks.alias("rank"))


def _best(firsts: pl.DataFrame, near: pl.DataFrame) -> pl.DataFrame:
    """Return, for the samples of each group and side, the best record that they yield to."""
    own = firsts.select(group="group", near="group", similarity=pl.lit(1.0)).unique("group")
    here = firsts.select("group", "side", "rank", "media")
    there = firsts.select(near="group", there="side", there_rank="rank", media="media", other="other")
    met = here.join(pl.concat([own, near]), on="group").join(there, on=["near", "media"]).filter(_yields())
    order = met.sort("similarity", "other", descending=[True, False])
    return order.unique(["group", "side", "media"], keep="first", maintain_order=True).select(
        "group", "side", "media", "other", "similarity"
    )


def _yields() -> pl.Expr:
    against = (pl.col("there_rank") == AGAINST_RANK) & (pl.col("rank").is_null() | (pl.col("rank") != AGAINST_RANK))
    later = (pl.col("there_rank") > pl.col("rank")) & (pl.col("there_rank") != AGAINST_RANK)
    tie = (pl.col("there_rank") == pl.col("rank")) & (pl.col("there") > pl.col("side"))
    return (against | later | tie).fill_null(value=False)
