"""Turns in and out of order."""

import polars as pl
import pytest
from tunegate.signals import Batch, role_order


def turns(*roles, part="main"):
    return [{"role": role, "part": part, "content": "text"} for role in roles]


def places(batch):
    return [row[1:] for row in role_order.compute(batch).rows()]


def of_format(batch, name):
    return Batch(batch.samples.with_columns(pl.lit(name).alias("format")), batch.messages)


@pytest.mark.parametrize(
    ("roles", "turn", "fault"),
    [
        (["user", "user", "assistant"], 1, "same role twice"),
        (["user", "assistant", "assistant", "user"], 2, "same role twice"),
        (["user", "system", "assistant"], 1, "system after the start"),
        (["system", "system", "user", "assistant"], 1, "system after the start"),
        (["assistant", "user", "assistant"], 0, "assistant before any user"),
        (["system", "assistant"], 1, "assistant before any user"),
        (["user", "tool", "assistant"], 1, "tool without assistant"),
        (["tool", "assistant"], 0, "tool without assistant"),
        (["user", "user", "assistant", "assistant"], 1, "same role twice"),
    ],
)
def test_misplaced_turn_is_named_by_its_first_place_and_its_fault(batch, roles, turn, fault):
    assert places(batch(turns(*roles))) == [(turn, "main", fault)]


@pytest.mark.parametrize(
    "roles",
    [
        ["user", "assistant"],
        ["system", "user", "assistant", "user", "assistant"],
        ["user", "assistant", "tool", "tool", "assistant"],
        ["user", "assistant", "user"],
        ["user", "moderator", "assistant"],
        ["text"],
        [None, "user"],
        [],
    ],
)
def test_alternating_turns_with_their_tool_results_are_in_order(batch, roles):
    assert places(batch(turns(*roles))) == [(None, None, None)]


def test_role_before_is_that_of_the_same_sample(batch):
    nothing = (None, None, None)
    measured = places(batch(turns("user"), turns("user", "assistant"), turns("assistant"), turns("user")))
    assert measured == [nothing, nothing, (0, "main", "assistant before any user"), nothing]


def test_chosen_branch_is_followed_and_the_rejected_one_is_not(batch):
    sound = [*turns("user"), *turns("assistant", part="chosen"), *turns("user", part="rejected")]
    broken = [*turns("user"), *turns("user", part="chosen"), *turns("assistant", part="rejected")]
    assert places(batch(sound, broken)) == [(None, None, None), (1, "chosen", "same role twice")]


def test_preference_record_may_leave_out_its_prompt(batch):
    branches = [*turns("assistant", part="chosen"), *turns("assistant", part="rejected")]
    more = turns("assistant", "assistant", part="chosen")
    late = turns("system", "assistant", part="chosen")
    before_user = "assistant before any user"
    whole = batch(branches, more, late, turns("assistant"))
    assert places(of_format(whole, "preference")) == [
        (None, None, None),
        (1, "chosen", "same role twice"),
        (1, "chosen", before_user),
        (0, "main", before_user),
    ]
    assert places(of_format(whole, "sharegpt"))[0] == (0, "chosen", before_user)
