"""Turns out of order: what a chat template refuses, drops, merges or moves."""

import polars as pl

from tunegate.signals.batch import PARTS, Batch, Schema

NAME = "role_order"
VERSION = 2
READS = {"samples": ("sample_id", "format"), "messages": ("sample_id", "turn", "part", "role")}
FAULTS = (
    "same role twice",
    "system after the start",
    "assistant before any user",
    "tool without assistant",
)
WRITES: Schema = {"sample_id": pl.Int64, "turn": pl.Int32, "part": PARTS, "fault": pl.Enum(FAULTS)}


def compute(batch: Batch) -> pl.DataFrame:
    """Name the first misplaced turn of the main turns and the chosen branch; all is null where none is.

    The rejected branch is left to the signal preference. A preference record may leave its prompt out
    (TRL's implicit prompt): its chosen branch may then begin with the assistant.
    """
    path = batch.messages.filter(pl.col("part") != "rejected")
    preferences = batch.samples.filter(pl.col("format") == "preference")["sample_id"]
    is_sound = lacks_prompt() & pl.col("sample_id").is_in(preferences.implode())
    first = (
        misplaced(path)
        .filter(~is_sound)
        .group_by("sample_id", maintain_order=True)
        .agg(pl.first("turn", "part", "fault"))
    )
    return batch.per_sample(first, WRITES)


def misplaced(path: pl.DataFrame) -> pl.DataFrame:
    """Return the misplaced turns of one path through each sample, in order, with their fault.

    path: sample_id, turn, part and role of main turns and at most one branch, in reading order.
    """
    follows = pl.col("sample_id") == pl.col("sample_id").shift()
    turns = path.select("sample_id", "turn", "part", "role").filter(pl.col("role") != "text")
    previous = pl.when(follows).then(pl.col("role").shift()).alias("previous")  # null at the start: a role can be ""
    return turns.with_columns(previous).with_columns(_fault().alias("fault")).filter(pl.col("fault").is_not_null())


def lacks_prompt() -> pl.Expr:
    """Say which of the misplaced turns are the assistant's at the start of a branch without main turns."""
    at_start = (pl.col("turn") == 0) & (pl.col("part") != "main")
    return at_start & (pl.col("fault") == "assistant before any user")


def _fault() -> pl.Expr:
    role, previous = pl.col("role"), pl.col("previous")
    same, system, before_user, tool = map(pl.lit, FAULTS)
    return (
        pl.when(role.is_in(["user", "assistant"]) & (role == previous))
        .then(same)
        .when((role == "system") & (pl.col("turn") > 0))
        .then(system)
        .when((role == "assistant") & (previous.is_null() | (previous == "system")))
        .then(before_user)
        .when((role == "tool") & ~previous.is_in(["assistant", "tool"]).fill_null(value=False))
        .then(tool)
    )
