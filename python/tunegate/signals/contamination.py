"""Samples that hold the text of a benchmark item, by the n-grams of words they share."""

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

import duckdb
import polars as pl

from tunegate import _core
from tunegate.errors import SourceError
from tunegate.eval_items import read_items
from tunegate.machine import available_cores
from tunegate.signals.batch import Schema, SourceTables
from tunegate.signals.second_reading import require_share, require_words
from tunegate.source_reading import explained
from tunegate.sources import DATA, EVAL, Source

NAME = "contamination"
VERSION = 1
TABLE = f"signal_{NAME}"
READS = {"records": ("record_id", "source"), "sources": ("source", "role")}
WRITES: Mapping[str, Schema] = {
    TABLE: {
        "sample_id": pl.Int64,
        "item_sample_id": pl.Int64,
        "containment": pl.Float64,
        "similarity": pl.Float64,
        "exact": pl.Boolean,
        "items": pl.Int64,
    }
}
PARAMETERS = ("containment", "jaccard", "words")
DEFAULTS = {"containment": 0.7, "jaccard": 0.8, "words": 8}


def settled(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Return all parameters. Raises SignalError for a share that is none, or n-grams of no word."""
    chosen = {**DEFAULTS, **parameters}
    shares = {name: require_share(name, chosen[name]) for name in ("containment", "jaccard")}
    return {**chosen, **shares, "words": require_words("words", chosen["words"])}


def measure_sources(
    sources: Sequence[Source], connection: duckdb.DuckDBPyConnection, parameters: Mapping[str, Any]
) -> SourceTables:
    """Return one row per sample that holds a benchmark item: the best one, and how many there are.

    containment: the share of the item's n-grams that the sample has. similarity: Jaccard's. exact: the item has fewer
    words than an n-gram and is a whole turn of the sample; both numbers are then 1.
    """
    by_role = {role: [source for source in sources if source.role == role] for role in (DATA, EVAL)}
    empty = pl.DataFrame(schema=WRITES[TABLE])
    if not by_role[EVAL]:
        return SourceTables({TABLE: empty})
    index = _index(by_role[EVAL], settled(parameters))
    first_item = _first_item(connection, len(index))
    firsts = dict(connection.execute("select source, min(record_id) from records group by source").fetchall())
    batches = (batch for source in by_role[DATA] for batch in _read(index, source, firsts[source.name]))
    return SourceTables({TABLE: pl.concat([empty, *(_rows(batch, first_item) for batch in batches)])})


def _index(sources: Sequence[Source], parameters: Mapping[str, Any]) -> "_core.ItemIndex":
    texts = [item.text for source in sources for item in read_items(source.name)]
    return _core.ItemIndex(texts, parameters["words"], _exact(parameters["containment"]), _exact(parameters["jaccard"]))


def _exact(share: float) -> tuple[int, int]:
    """Return a share as the fraction of its decimal notation: 0.7 is 7 / 10."""
    return Fraction(str(share)).as_integer_ratio()


def _first_item(connection: duckdb.DuckDBPyConnection, items: int) -> int:
    """Return the record_id of the first item. They stand together, after all other records."""
    ((first, count),) = connection.execute(
        "select coalesce(min(record_id), 0), count(*) from records join sources using (source) where role = 'eval'"
    ).fetchall()
    if count != items:
        raise SourceError(
            "a file of benchmark items changed while it was read; run again when it is written completely"
        )
    return int(first)


def _read(index: "_core.ItemIndex", source: Source, first: int) -> Any:
    with explained(source.name):
        reader = _core.ContaminationReader(
            index,
            str(source.path),
            compression=source.compression,
            lines=source.lines,
            first_record_id=first,
            threads=available_cores(),
        )
        while (batch := reader.next()) is not None:
            yield pl.DataFrame(batch)


def _rows(batch: pl.DataFrame, first_item: int) -> pl.DataFrame:
    counts = batch.with_columns(pl.col("shared", "item_grams", "sample_grams").cast(pl.Float64))
    united = pl.col("item_grams") + pl.col("sample_grams") - pl.col("shared")
    return counts.select(
        pl.col("record_id").alias("sample_id"),
        (pl.col("item").cast(pl.Int64) + first_item).alias("item_sample_id"),
        (pl.col("shared") / pl.col("item_grams")).alias("containment"),
        (pl.col("shared") / united).alias("similarity"),
        "exact",
        pl.col("matched").alias("items"),
    ).cast(pl.Schema(WRITES[TABLE]))
