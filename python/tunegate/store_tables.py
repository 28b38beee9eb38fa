"""How frames and the store's tables meet: Arrow streams in, column types, batches of whole samples out."""

from collections.abc import Iterator, Mapping
from typing import Any

import duckdb
import polars as pl

from tunegate.signals import Batch

SAMPLES_PER_BATCH = 20_000
_TYPES: Mapping[Any, str] = {
    pl.Int64: "bigint",
    pl.Int32: "integer",
    pl.UInt64: "ubigint",
    pl.UInt32: "uinteger",
    pl.Float64: "double",
    pl.Boolean: "boolean",
    pl.String: "varchar",
}


class ArrowStream:
    """Shows nothing of a frame but its Arrow stream, which is all DuckDB needs and spares it pyarrow."""

    def __init__(self, frame: Any) -> None:
        """Wrap anything with `__arrow_c_stream__`."""
        self._frame = frame

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        """Hand the stream on."""
        return self._frame.__arrow_c_stream__(requested_schema)


def column_types(columns: Mapping[str, Any]) -> str:
    """Return the column list of `create table` for a polars schema; an Enum becomes an ENUM."""
    return ", ".join(f'"{name}" {_type(dtype)}' for name, dtype in columns.items())


def _type(dtype: Any) -> str:
    if isinstance(dtype, pl.Enum):
        words = ", ".join(f"'{word}'" for word in dtype.categories)
        return f"enum({words})"
    return _TYPES[dtype if isinstance(dtype, type) else type(dtype)]


def read_samples(connection: duckdb.DuckDBPyConnection) -> Iterator[Batch]:
    """Yield the store's samples in reading order as batches of whole samples, a bounded number in each."""
    # A result not fetched to its end would bar the relations below.
    ((last,),) = connection.execute("select coalesce(max(sample_id), -1) from samples").fetchall()
    for first in range(0, last + 1, SAMPLES_PER_BATCH):
        inside = f"where sample_id >= {first} and sample_id < {first + SAMPLES_PER_BATCH}"
        samples = connection.sql(f"select * from samples {inside} order by sample_id")
        turns = "sample_id, case part when 'main' then 0 when 'chosen' then 1 else 2 end, turn"
        messages = connection.sql(f"select * from messages {inside} order by {turns}")
        yield Batch(pl.DataFrame(samples), pl.DataFrame(messages))
