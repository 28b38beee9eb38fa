"""The source files read again by the engine for near-duplicates, which keeps of a text no more than its keys."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from decimal import Decimal
from fractions import Fraction
from typing import Any

import duckdb
import polars as pl

from tunegate import _core
from tunegate.errors import SignalError, SourceError
from tunegate.machine import available_cores
from tunegate.near_duplicates import MOST_DIGITS, MOST_NGRAM, Comparison, exact_share, read_sources
from tunegate.scratch import scratch_folder
from tunegate.sources import EVAL, Source

MOST_PAIRS = 5_000_000  # of 16 bytes in the core and 24 in a table
LEAST_SIMILARITY = 0.5
SCHEMA = {"a": pl.Int64, "b": pl.Int64, "similarity": pl.Float64}


@contextmanager
def engine(
    sources: Sequence[Source], connection: duckdb.DuckDBPyConnection, field: str, similarity: float
) -> Iterator["_core.NearDuplicates"]:
    """Give the engine with all records but eval items read and compared; a record's number is its record_id.

    field: what is compared, prompt, response or pair. Pairs below `similarity` are not found. Compressed sources are
    spooled into a private folder, which is there as long as the engine is. Raises SourceError.
    """
    made = Comparison(field=field, threshold=Fraction(str(similarity))).engine(available_cores())
    with scratch_folder() as scratch:
        read_sources(made, [source for source in sources if source.role != EVAL], scratch)
        _require_same_records(made, connection)
        _find(made)
        yield made


def require_similarity(name: str, value: Any) -> float:
    """Return the value as a number. Raises SignalError for a similarity that no search is made for."""
    share = _share(value)
    if share is None or share < LEAST_SIMILARITY:
        raise SignalError(
            f"{name} is {_shown(value)}, expected a similarity from {LEAST_SIMILARITY} to 1 of at most "
            f"{MOST_DIGITS} digits"
        )
    return float(share)


def require_share(name: str, value: Any) -> float:
    """Return the value as a number. Raises SignalError for what is no share, or has more digits than are compared."""
    share = _share(value)
    if share is None:
        raise SignalError(
            f"{name} is {_shown(value)}, expected a share above 0 and up to 1 of at most {MOST_DIGITS} digits"
        )
    return float(share)


def require_words(name: str, value: Any) -> int:
    """Return the value as the size of an n-gram. Raises SignalError for any that is none."""
    if not _is_number(value) or not 1 <= value <= MOST_NGRAM or value != int(value):
        raise SignalError(f"{name} is {_shown(value)}, expected a whole number from 1 to {MOST_NGRAM:,}")
    return int(value)


def _share(value: Any) -> Fraction | None:
    return exact_share(f"{Decimal(str(value)):f}") if _is_number(value) and 0 < value <= 1 else None


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _shown(value: Any) -> str:
    return f"{value}"[:40]


def matches(made: "_core.NearDuplicates") -> pl.DataFrame:
    """Return a, b, similarity of the records found alike that stand for themselves, sorted; a < b.

    All pairs; where they are too many, those of each record with its keeper and those that were cheap to find.
    """
    found = _with_similarity(pl.DataFrame(made.pairs()).select("a", "b", "shared", "united"))
    return pl.concat([found, _links(made)]).unique(["a", "b"]).sort("a", "b")


def partial(made: "_core.NearDuplicates") -> str | None:
    """Return why matches() may lack pairs, or nothing when it has them all."""
    if made.counts()["has_all_pairs"]:
        return None
    return (
        f"more than {MOST_PAIRS:,} pairs are alike, as of one template; known is which kept record each one is like, "
        "not every other pair"
    )


def copies(made: "_core.NearDuplicates") -> pl.DataFrame:
    """Return a, b, similarity 1.0 of each record b and the first record a with the same words in the same order."""
    found = pl.DataFrame(made.copies()).select(pl.col("copy_of").alias("a"), pl.col("record").alias("b"))
    return found.with_columns(pl.lit(1.0).alias("similarity")).cast(pl.Schema(SCHEMA))


def _links(made: "_core.NearDuplicates") -> pl.DataFrame:
    members = pl.DataFrame(made.clusters()).join(pl.DataFrame(made.copies()), on="record", how="anti")
    ends = (pl.min_horizontal("record", "keeper").alias("a"), pl.max_horizontal("record", "keeper").alias("b"))
    return _with_similarity(members.select(*ends, "shared", "united"))


def _with_similarity(overlaps: pl.DataFrame) -> pl.DataFrame:
    similarity = pl.col("shared").cast(pl.Float64) / pl.col("united")
    return overlaps.select("a", "b", similarity.alias("similarity")).cast(pl.Schema(SCHEMA))


def _require_same_records(made: "_core.NearDuplicates", connection: duckdb.DuckDBPyConnection) -> None:
    rows = connection.execute(
        """select source, min(record_id), count(*) from records join sources using (source) where role <> 'eval'
           group by source order by 2"""
    ).fetchall()
    for (name, first, count, _, _), row in zip(made.sources, rows, strict=True):
        if (name, first, count) != row:
            raise SourceError(f"{name} changed while it was read; run again when it is written completely")


def _find(made: "_core.NearDuplicates") -> None:
    """Find all pairs, unless that could be too many: then each record's keeper, and the pairs cheap to find.

    The first search finds all pairs by itself unless many records are made alike.
    """
    made.find(scope="keepers")
    if not made.counts()["has_all_pairs"] and _expected_pairs(made) <= MOST_PAIRS:
        made.find(scope="all")


def _expected_pairs(made: "_core.NearDuplicates") -> int:
    """Return how many pairs there are if all members of a cluster are alike."""
    members = pl.DataFrame(made.clusters()).join(pl.DataFrame(made.copies()), on="record", how="anti")
    sizes = members.group_by("keeper").len()["len"].cast(pl.Int64)
    return int((sizes * (sizes + 1) // 2).sum())
