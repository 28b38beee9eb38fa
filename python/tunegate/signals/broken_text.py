"""Text decoded wrongly or copied carelessly: mojibake, control, zero-width, replacement characters."""

import polars as pl

from tunegate import _core
from tunegate.signals.batch import PARTS, Batch, Schema, words

NAME = "broken_text"
VERSION = 2
READS = {
    "samples": ("sample_id",),
    "messages": ("sample_id", "turn", "part", "content", "reasoning"),
}
COUNTS = ("mojibake", "control", "zero_width", "replacement")
WRITES: Schema = {
    "sample_id": pl.Int64,
    "mojibake": pl.UInt32,
    "control": pl.UInt32,
    "zero_width": pl.UInt32,
    "replacement": pl.UInt32,
    "turn": pl.Int32,
    "part": PARTS,
    "kind": pl.Enum(_core.BROKEN_KINDS),
    "start": pl.UInt32,
    "end": pl.UInt32,
}


def compute(batch: Batch) -> pl.DataFrame:
    """Count broken characters, mojibake by the character that was meant, and say where the first finding is.

    Contents and reasonings are read. start and end count characters of the first turn's content; they are
    null when only its reasoning is broken. All but the counts is null where a sample is sound. The rules
    stand in csrc/include/tunegate/broken_text.hpp.
    """
    nowhere = pl.lit(None, pl.UInt32)
    content = _findings(batch, "content")
    reasoning = _findings(batch, "reasoning").with_columns(nowhere.alias("start"), nowhere.alias("end"))
    first = (
        content.vstack(reasoning)
        .sort("row", maintain_order=True)
        .group_by("sample_id", maintain_order=True)
        .agg(pl.sum(*COUNTS), pl.first("turn", "part", "kind", "start", "end"))
        .with_columns(words("kind", _core.BROKEN_KINDS))
    )
    return batch.per_sample(first, WRITES)


def _findings(batch: Batch, column: str) -> pl.DataFrame:
    """Return one row per message with something broken in that column, in order."""
    broken = pl.DataFrame(_core.broken_text(batch.messages[column]))
    messages = batch.messages.select("sample_id", "turn", "part").with_row_index("row")
    return messages.hstack(broken).filter(pl.col("kind").is_not_null())
