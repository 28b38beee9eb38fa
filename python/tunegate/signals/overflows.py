"""Samples longer than training takes, and how many of their trained tokens are cut off."""

from collections.abc import Mapping
from typing import Any

import duckdb
import polars as pl

from tunegate.signals import tokens
from tunegate.signals.batch import PARTS, Schema
from tunegate.signals.stored_samples import stored_samples

NAME = "overflows"
VERSION = 1
READS = {
    "samples": tokens.READS["samples"],
    "messages": tokens.READS["messages"],
    "signal_tokens": ("sample_id", "longest", "rendered"),
}
WRITES: Schema = {
    "sample_id": pl.Int64,
    "turn": pl.Int32,
    "part": PARTS,
    "tokens": pl.Int64,
    "tokens_over": pl.Int64,
    "trained_cut": pl.Int64,
    "trained_left": pl.Int64,
}
PARAMETERS = (*tokens.PARAMETERS, "max_length")
NEEDS = (*tokens.NEEDS, "max_length")
REQUIRES = (tokens.NAME,)

_BRANCH = ["sample_id", "branch"]
_IS_TRAINED = pl.col("role").is_in(["assistant", "text"]).fill_null(value=False)  # the loss is taken over these roles


def settled(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Return the parameters with what the template of the tokenizer is known by."""
    return {**tokens.settled(parameters), "max_length": parameters.get("max_length")}


def measure(connection: duckdb.DuckDBPyConnection, parameters: Mapping[str, Any]) -> pl.DataFrame:
    """Return one row per sample that is longer than `max_length` tokens, in reading order.

    tokens is its length, rendered where that is known, else the contents of its longest branch. The other columns are
    about that branch cut at its right end, as trainers do, its contents laid end to end: turn and part name the turn in
    which it is cut, null where only what a template adds is too much; trained_cut and trained_left are the tokens of
    assistant turns (of a pair only the responses that are compared; of a text all) beyond and before. A template stands
    between the contents, so that trained_cut is the least that is cut, and trained_left the most that is left.

    Source of the rule: https://huggingface.co/docs/trl/sft_trainer, max_length.
    """
    most = int(parameters["max_length"])
    among = f"select sample_id from signal_tokens where coalesce(rendered, longest) > {most}"
    tokenizer = tokens.require_tokenizer(parameters)
    batches = (batch.messages for batch in stored_samples(connection, among))
    turns = (messages.with_columns(tokens=tokenizer.count(messages["content"])) for messages in batches)
    cut = pl.concat([_none_cut(), *(_cut(batch, most) for batch in turns)])
    lengths = connection.sql("select sample_id, coalesce(rendered, longest) as tokens from signal_tokens")
    return (
        cut.join(pl.DataFrame(lengths), on="sample_id", maintain_order="left")
        .with_columns(tokens_over=pl.col("tokens") - most)
        .select(list(WRITES))
        .cast(pl.Schema(WRITES))
    )


def _none_cut() -> pl.DataFrame:
    """Return no row, with the columns of _cut."""
    measured = ("tokens", "tokens_over")
    return pl.DataFrame(schema={name: dtype for name, dtype in WRITES.items() if name not in measured})


def _cut(turns: pl.DataFrame, most: int) -> pl.DataFrame:
    """Return one row per sample: where its longest branch, the chosen one of equals, is cut, and what of it."""
    end = pl.col("tokens").cum_sum().over(_BRANCH)
    left = (most - pl.col("start")).clip(0, pl.col("tokens"))
    measured = (
        _branches(turns)
        .with_columns(end=end, start=end - pl.col("tokens"))
        .with_columns(left=left)
        .group_by(_BRANCH, maintain_order=True)
        .agg(
            pl.col("turn", "part").filter(pl.col("end") > most).first(),
            length=pl.col("tokens").sum(),
            trained_cut=(pl.col("tokens") - pl.col("left")).filter("is_trained").sum(),
            trained_left=pl.col("left").filter("is_trained").sum(),
        )
    )
    longest = measured.sort("length", descending=True, maintain_order=True).unique("sample_id", keep="first")
    return longest.sort("sample_id").select(_none_cut().columns).cast(_none_cut().schema)


def _branches(turns: pl.DataFrame) -> pl.DataFrame:
    """Give each branch of a sample (main alone where it has no other) all its turns in order, and is_trained."""
    turns = turns.select("sample_id", "turn", pl.col("part").cast(PARTS), "role", "tokens")
    parts = turns.select("sample_id", branch="part").unique()
    paired = parts.filter(pl.col("branch") != "main")
    branches = pl.concat([parts.filter(pl.col("branch") == "main").join(paired, on="sample_id", how="anti"), paired])
    of_branch = (pl.col("part") == "main") | (pl.col("part") == pl.col("branch"))
    return (
        branches.join(turns, on="sample_id")
        .filter(of_branch)
        .with_columns(is_trained=_IS_TRAINED & (pl.col("part") == pl.col("branch")))
        .sort("sample_id", "branch", "turn")
    )
