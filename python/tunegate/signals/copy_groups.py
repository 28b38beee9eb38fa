"""The records of `pairs` in groups of the same shingles, and which groups are near each other.

`pairs` has one row for a copy, with the record that stands for it. What follows for the copies of both ends is found
by groups, without writing it out.
"""

import duckdb
import polars as pl


def read_pairs(connection: duckdb.DuckDBPyConnection) -> pl.DataFrame:
    """Return a, b, similarity of all near copies by prompt and response together."""
    return pl.DataFrame(connection.sql("select a, b, similarity from pairs where field = 'pair'"))


def with_groups(records: pl.DataFrame, pairs: pl.DataFrame) -> pl.DataFrame:
    """Add to each row the group of its record: the first record with the same shingles, often itself.

    A copy has one pair with the similarity 1, with the record that stands for it; that one may have more, with
    others of the same shingles in another order.
    """
    first = pairs.filter(pl.col("similarity") == 1).group_by(record="b").agg(group=pl.col("a").min())
    further = first.select(group="record", earlier="group")
    groups = first.join(further, on="group", how="left").select("record", group=pl.coalesce("earlier", "group"))
    return records.join(groups, on="record", how="left").with_columns(pl.col("group").fill_null(pl.col("record")))


def links(pairs: pl.DataFrame) -> pl.DataFrame:
    """Return group, near and similarity of the groups that are near each other but not the same, in both directions."""
    ends = pairs.filter(pl.col("similarity") < 1)
    a = with_groups(ends.select(record="a"), pairs)["group"]
    b = with_groups(ends.select(record="b"), pairs)["group"]
    one_way = pl.DataFrame({"group": a, "near": b, "similarity": ends["similarity"]})
    other_way = one_way.select(group="near", near="group", similarity="similarity")
    return pl.concat([one_way, other_way]).unique(["group", "near"])
