"""Preference pairs: two different, complete responses to one prompt."""

import polars as pl

from tunegate.signals.batch import Batch, Schema
from tunegate.signals.role_order import lacks_prompt, misplaced

NAME = "preference"
VERSION = 3
READS = {
    "samples": ("sample_id",),
    "messages": ("sample_id", "turn", "part", "role", "content", "reasoning", "tool_calls", "media"),
}
FAULTS = (  # the first that applies is named
    "chosen-missing",
    "rejected-missing",
    "chosen-blank",
    "rejected-blank",
    "different-prompts",
    "identical",
    "same-but-for-space",
    "rejected-role-order",
    "rejected-ends-with-user",
)
WRITES: Schema = {
    "sample_id": pl.Int64,
    "pair": pl.Boolean,
    "fault": pl.Enum(FAULTS),
    "turn": pl.Int32,
    "part": pl.Enum(["chosen", "rejected"]),
}
_SAID = ("role", "content", "reasoning", "tool_calls", "media")
_TRIMMED = pl.col("content", "reasoning").str.strip_chars().fill_null("")


def compute(batch: Batch) -> pl.DataFrame:
    """Say which samples are pairs, and what is wrong with a pair; a sound one has the fault null.

    A pair has chosen or rejected turns. Blank: an assistant turn of that branch says nothing. Different
    prompts: no main turn is a user's, and what comes before the first assistant turn is not the same in both
    branches. Identical: turn for turn the same; same but for space: the same without white space around
    contents. The order of roles is that of the signal role_order, which leaves the rejected branch to this
    one; a prompt that is missing altogether is not its fault. turn and part name the first turn with the
    fault; they are null where there is none, where a branch is missing and where both branches are compared.
    """
    branches = batch.messages.filter(pl.col("part") != "main")
    samples = batch.samples.select("sample_id")
    if branches.is_empty():  # as in most data: nothing below would find anything
        nothing = pl.DataFrame(schema=WRITES)
        return batch.per_sample(nothing, WRITES).with_columns(pl.lit(value=False).alias("pair"))
    pairs = samples.join(branches, on="sample_id", how="semi", maintain_order="left")
    places = {
        "chosen-missing": _lacking(pairs, branches, "chosen"),
        "rejected-missing": _lacking(pairs, branches, "rejected"),
        **_blank_branches(batch),
        "different-prompts": _different_prompts(batch, branches),
        "identical": _identical(branches),
        "same-but-for-space": _identical(branches.with_columns(_TRIMMED)),
        **_rejected_roles(batch, branches),
    }
    first = pl.concat(
        places[fault].select("sample_id", pl.lit(fault).alias("fault"), *_place(places[fault])) for fault in FAULTS
    ).unique("sample_id", keep="first", maintain_order=True)
    return (
        samples.with_columns(pl.col("sample_id").is_in(pairs["sample_id"].implode()).alias("pair"))
        .join(first, on="sample_id", how="left", maintain_order="left")
        .cast(pl.Schema(WRITES))
    )


def _place(found: pl.DataFrame) -> list[pl.Expr]:
    """Return turn and part, null where what was found is no turn."""
    types = {"turn": pl.Int32, "part": pl.String}
    return [pl.col(name) if name in found.columns else pl.lit(None, dtype).alias(name) for name, dtype in types.items()]


def _part(messages: pl.DataFrame, part: str) -> pl.DataFrame:
    return messages.filter(pl.col("part") == part)


def _lacking(pairs: pl.DataFrame, branches: pl.DataFrame, part: str) -> pl.DataFrame:
    return pairs.join(_part(branches, part), on="sample_id", how="anti")


def _blank_branches(batch: Batch) -> dict[str, pl.DataFrame]:
    silent = batch.blank_turns().filter(pl.col("role") == "assistant")
    return {f"{part}-blank": _part(silent, part) for part in ("chosen", "rejected")}


def _identical(branches: pl.DataFrame) -> pl.DataFrame:
    """Return the pairs whose branches are the same turn for turn; both number on from the last main turn."""
    return _same_turns(branches).group_by("sample_id").agg(pl.all("same")).filter("same")


def _different_prompts(batch: Batch, branches: pl.DataFrame) -> pl.DataFrame:
    """Return the pairs that have their prompts in the branches, and not the same one in both."""
    asked = batch.messages.filter((pl.col("part") == "main") & (pl.col("role") == "user"))
    own = branches.join(asked, on="sample_id", how="anti", maintain_order="left").with_columns(_TRIMMED)
    has_answered = (pl.col("role") == "assistant").fill_null(value=False).cum_max().over("sample_id", "part")
    return _same_turns(own.filter(~has_answered)).filter(~pl.col("same")).unique("sample_id").select("sample_id")


def _same_turns(branches: pl.DataFrame) -> pl.DataFrame:
    """Return sample_id and, for each turn of either branch, whether it is the same in both."""
    columns = ["sample_id", "turn", *_SAID]
    chosen, rejected = (_part(branches, part).select(columns) for part in ("chosen", "rejected"))
    both = chosen.join(rejected, on=["sample_id", "turn"], how="full", suffix="_rejected", coalesce=True)
    same = [pl.col(name).eq_missing(pl.col(f"{name}_rejected")) for name in _SAID]
    return both.select("sample_id", pl.all_horizontal(same).alias("same"))


def _rejected_roles(batch: Batch, branches: pl.DataFrame) -> dict[str, pl.DataFrame]:
    """Return the pairs whose rejected branch has misplaced roles, and those it ends with a user turn."""
    rejected = _part(branches, "rejected")
    path = batch.messages.filter(pl.col("part") != "chosen").join(
        rejected, on="sample_id", how="semi", maintain_order="left"
    )
    last = rejected.group_by("sample_id").agg(pl.last("turn", "part", "role"))
    return {
        "rejected-role-order": _part(misplaced(path), "rejected").filter(~lacks_prompt()),
        "rejected-ends-with-user": last.filter(pl.col("role") == "user"),
    }
