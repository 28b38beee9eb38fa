"""The samples of the store and their messages, in batches of whole samples, for signals that count their texts."""

from collections.abc import Iterator

import duckdb
import polars as pl

from tunegate.signals.batch import Batch
from tunegate.tokens.conversations import COLUMNS

SAMPLES_PER_BATCH = 5_000
BYTES_PER_BATCH = 1 << 24  # of contents, where a sample is not longer by itself
ALL = "select sample_id from samples"
_TEXTS = ("content", "reasoning", "tool_calls", "media", "extra")
_BYTES = " + ".join(f"strlen(coalesce({name}, ''))" for name in _TEXTS)
_PART = "case part when 'main' then 0 when 'chosen' then 1 else 2 end"


def stored_samples(connection: duckdb.DuckDBPyConnection, among: str = ALL) -> Iterator[Batch]:
    """Yield the samples in reading order: sample_id, format and tools; turn and COLUMNS of their messages.

    among: a SELECT of the sample_id of those that are wanted.
    """
    # A result not fetched to its end would bar the relations below.
    ((last,),) = connection.execute(f"select coalesce(max(sample_id), -1) from ({among})").fetchall()
    for first, end in _stretches(connection, last + 1):
        inside = f"sample_id >= {first} and sample_id < {end}"
        wanted = f"{inside} and sample_id in (select sample_id from ({among}) where {inside})"
        samples = f"select sample_id, format, tools from samples where {wanted} order by sample_id"
        columns = ", ".join(("turn", *COLUMNS))
        messages = f"select {columns} from messages where {wanted} order by sample_id, {_PART}, turn"
        yield Batch(pl.DataFrame(connection.sql(samples)), pl.DataFrame(connection.sql(messages)))


def _stretches(connection: duckdb.DuckDBPyConnection, samples: int) -> Iterator[tuple[int, int]]:
    """Yield from where to where (not included) a batch goes: in halves, where the texts of one would be too much."""
    waiting = [(first, first + SAMPLES_PER_BATCH) for first in range(0, samples, SAMPLES_PER_BATCH)][::-1]
    while waiting:
        first, end = waiting.pop()
        inside = f"sample_id >= {first} and sample_id < {end}"
        ((size,),) = connection.execute(f"select coalesce(sum({_BYTES}), 0) from messages where {inside}").fetchall()
        if size <= BYTES_PER_BATCH or end - first == 1:
            yield first, end
        else:
            middle = (first + end) // 2
            waiting += [(middle, end), (first, middle)]
