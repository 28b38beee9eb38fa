"""Samples whose prompts and responses together are nearly the same words, in pairs and in clusters.

Two samples are compared by the 5-grams of words of their pair, prompt and response; their similarity is Jaccard's.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import duckdb
import polars as pl

from tunegate import _core
from tunegate.signals.batch import Schema, SourceTables
from tunegate.signals.second_reading import SCHEMA, copies, engine, matches, partial, require_similarity
from tunegate.sources import Source

NAME = "near_duplicates"
VERSION = 1
FIELD = "pair"
READS = {"records": ("record_id", "source"), "sources": ("source", "role")}
WRITES: Mapping[str, Schema] = {
    "pairs": {"field": pl.String, **SCHEMA},
    "clusters": {
        "field": pl.String,
        "sample_id": pl.Int64,
        "cluster_id": pl.Int64,
        "keeper": pl.Int64,
        "similarity": pl.Float64,
    },
}
PARAMETERS = ("threshold",)
THRESHOLD = 0.8


def settled(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Return the similarity from which on pairs are kept: what checks ask for, but no more than THRESHOLD.

    So a check may ask for more without a new measurement. Raises SignalError below what can be measured.
    """
    return {"threshold": min(THRESHOLD, require_similarity("threshold", parameters.get("threshold", THRESHOLD)))}


def measure_sources(
    sources: Sequence[Source], connection: duckdb.DuckDBPyConnection, parameters: Mapping[str, Any]
) -> SourceTables:
    """Return `pairs` and `clusters` of the records of role data and against.

    pairs: a < b and a is data. Of records with the same words in the same order the first stands for all: each
    other has one row, with it and the similarity 1.0. clusters: the data records that have a keeper, and the keepers,
    with the similarity 1.0 to themselves. cluster_id is the first of all records that pairs link, one to the next.
    """
    with engine(sources, connection, FIELD, settled(parameters)["threshold"]) as made:
        data = _data_records(connection)
        pairs = pl.concat([matches(made), copies(made)]).filter(pl.col("a") < data).sort("a", "b")
        found = {"pairs": _as("pairs", pairs), "clusters": _as("clusters", _clusters(made, data))}
        return SourceTables(found, partial(made))


def _data_records(connection: duckdb.DuckDBPyConnection) -> int:
    ((count,),) = connection.execute(
        "select count(*) from records join sources using (source) where role = 'data'"
    ).fetchall()
    return int(count)


def _clusters(made: "_core.NearDuplicates", data: int) -> pl.DataFrame:
    members = pl.DataFrame(made.clusters()).filter(pl.col("record") < data)
    similarity = (pl.col("shared").cast(pl.Float64) / pl.col("united")).alias("similarity")
    kept = members.select(pl.col("keeper").unique()).select(
        pl.col("keeper").alias("record"), "keeper", pl.lit(1.0).alias("similarity")
    )
    linked = pl.DataFrame(made.components()).with_row_index("record")
    rows = pl.concat([members.select("record", "keeper", similarity), kept])
    return (
        rows.join(linked, on="record", how="left")
        .sort("record")
        .rename({"record": "sample_id", "component": "cluster_id"})
    )


def _as(table: str, rows: pl.DataFrame) -> pl.DataFrame:
    written = pl.Schema(WRITES[table])
    return rows.with_columns(pl.lit(FIELD).alias("field")).select(written.names()).cast(written)
