"""Which record of a cluster is kept when a column of a signal decides. Loaded when one does: it opens the store."""

import re
from collections.abc import Sequence
from pathlib import Path

import duckdb
import polars as pl

from tunegate.errors import UsageError, did_you_mean
from tunegate.signals import load
from tunegate.sources import Source
from tunegate.store import Store

_RULE = re.compile(r"(highest|lowest):([a-z_0-9]+)\.([a-z_0-9]+)")


def order_by_signal(rule: str, sources: Sequence[Source], records: int, scratch: Path) -> list[int]:
    """Return the numbers of the records of the sources, those to keep first.

    rule: `highest:SIGNAL.COLUMN` or `lowest:SIGNAL.COLUMN`; records without a value come last, of equals the first read
    comes first. Raises UsageError for a rule that is none of these.
    """
    match = _RULE.fullmatch(rule)
    if match is None:
        raise UsageError(
            f'--keep is "{rule}", expected first, longest, highest:SIGNAL.COLUMN or lowest:SIGNAL.COLUMN '
            "such as lowest:broken_text.control"
        )
    best, signal, column = match.groups()
    values = _measured(signal, column, sources, scratch, records).with_row_index("record")
    ordered = values.sort(column, descending=best == "highest", nulls_last=True, maintain_order=True)
    return ordered["record"].to_list()


def _measured(signal: str, column: str, sources: Sequence[Source], scratch: Path, records: int) -> pl.DataFrame:
    """Return the column for every record, null where the record is no sample."""
    module = load(signal)
    if not hasattr(module, "compute"):
        raise UsageError(
            f"signal {signal} is not measured sample by sample, so that it cannot say which record to keep; "
            "name another, such as broken_text"
        )
    columns = [name for name in module.WRITES if name != "sample_id"]
    if column not in columns:
        known = ", ".join(columns)
        raise UsageError(f'signal {signal} has no column "{column}"; one of {known}.{did_you_mean(column, columns)}')
    store = Store(scratch / "keeper.duckdb")
    store.ingest(sources, {}, [signal])
    query = f'select sample_id as record, "{column}" from signal_{signal}'
    values = _frame(store.connection, query).with_columns(pl.col("record").cast(pl.Int64))
    store.close()
    all_records = pl.DataFrame({"record": pl.int_range(records, eager=True)})
    return all_records.join(values, on="record", how="left", maintain_order="left").select(column)


def _frame(connection: duckdb.DuckDBPyConnection, query: str) -> pl.DataFrame:
    return pl.DataFrame(connection.sql(query))
