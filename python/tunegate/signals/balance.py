"""The cells in which samples are counted for balance: categories, difficulties, other fields, crosses."""

from collections.abc import Mapping
from typing import Any

import duckdb
import polars as pl

from tunegate.errors import SignalError
from tunegate.signals.batch import Schema

NAME = "balance"
VERSION = 2
READS = {"samples": ("sample_id", "category", "difficulty", "split", "format", "metadata")}
WRITES: Schema = {
    "sample_id": pl.Int64,
    "axis": pl.String,
    "cell": pl.String,
    "a": pl.String,
    "b": pl.String,
}
PARAMETERS = ("axes",)
DEFAULT_AXES = ("category", "difficulty", "category*difficulty")
_COLUMNS = ("category", "difficulty", "split", "format")
_MAPPED = ("category", "difficulty", "split")
_SCALARS = "('VARCHAR', 'BIGINT', 'UBIGINT', 'HUGEINT', 'DOUBLE', 'BOOLEAN')"
# What the reader takes for JSON but DuckDB refuses with an error: a surrogate escape without its other half.
# Escaped backslashes and whole pairs are matched first, and kept.
_LONE_SURROGATE = r"(\\\\|\\u[dD][89abAB]..\\u[dD][c-fC-F]..)|\\u[dD][89a-fA-F].."
_READABLE = f"""
    case when json_valid(metadata) then metadata else regexp_replace(metadata, '{_LONE_SURROGATE}', '\\1', 'g') end"""
_METADATA = f"""
    (select sample_id, case when json_valid(readable) then readable end as metadata
     from (select sample_id, {_READABLE} as readable from samples))"""
_METADATA_VALUE = f"""
    case when json_type(metadata, $field) in {_SCALARS} then json_extract_string(metadata, $field)
         when json_type(metadata, $nested) in {_SCALARS} then json_extract_string(metadata, $nested) end"""


def measure(connection: duckdb.DuckDBPyConnection, parameters: Mapping[str, Any]) -> pl.DataFrame:
    """Return one row per axis and sample that has a value there, ordered by axis as named, then sample.

    parameters: `axes`, names besides DEFAULT_AXES: a field of the samples (category, difficulty, split,
    format) or of the metadata (top level, else inside "metadata"; a string, number or boolean as text,
    anything else is no value), or two such names joined by `*`. cell is the value, or both values of a
    cross joined by " * "; a is the value or the first of them, b the second, null without a cross. Escaped
    halves of surrogate pairs in the metadata are left out. Raises SignalError for a name that no sample has.
    """
    named = parameters.get("axes", ())
    axes = dict.fromkeys((*DEFAULT_AXES, *named))
    cells = {axis: _cells(connection, axis) for axis in axes}
    for axis in named:
        if cells[axis].is_empty():
            raise SignalError(_why_empty(connection, axis))
    return pl.concat(cells.values())


def _why_empty(connection: duckdb.DuckDBPyConnection, axis: str) -> str:
    start = f'balance names the axis "{axis}", but no sample has'
    for field in axis.split("*", 1):
        if _values(connection, field).is_empty():
            found = f'the field "{field}"' if "*" in axis else "that field"
            instead = f"map one with `--field {field}=NAME`" if field in _MAPPED else "name a field of the data"
            return f"{start} {found}; {instead} or take the axis out"
    return f"{start} both fields; take the axis out"


def _cells(connection: duckdb.DuckDBPyConnection, axis: str) -> pl.DataFrame:
    first, _, second = axis.partition("*")
    a = _values(connection, first).rename({"value": "a"})
    if not second:
        cells = a.with_columns(pl.col("a").alias("cell"), pl.lit(None, pl.String).alias("b"))
    else:
        b = _values(connection, second).rename({"value": "b"})
        cells = a.join(b, on="sample_id", maintain_order="left").with_columns(
            pl.concat_str("a", "b", separator=" * ").alias("cell")
        )
    return cells.with_columns(pl.lit(axis).alias("axis")).select(list(WRITES)).cast(pl.Schema(WRITES))


def _values(connection: duckdb.DuckDBPyConnection, field: str) -> pl.DataFrame:
    """Return sample_id and value of the samples that have the field, in reading order."""
    if field in _COLUMNS:
        value, table, parameters = field, "samples", {}
    else:
        pointer = "/" + field.replace("~", "~0").replace("/", "~1")
        value, table, parameters = _METADATA_VALUE, _METADATA, {"field": pointer, "nested": "/metadata" + pointer}
    query = f"""
        select sample_id, value from (select sample_id, {value} as value from {table})
        where value is not null order by sample_id"""
    return pl.DataFrame(connection.sql(query, params=parameters))
