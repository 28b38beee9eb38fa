"""Preference pairs and what can be wrong with them."""

import pytest
from tunegate.signals import preference

USER = {"role": "user", "content": "1+1?"}


def turn(part, content="2", role="assistant", **more):
    return {"part": part, "content": content, "role": role} | more


PAIR = [turn("chosen", "2"), turn("rejected", "3")]


def measure(batch, *turns):
    return preference.compute(batch(list(turns))).row(0)[1:3]


def place(batch, *turns):
    return preference.compute(batch([USER, *turns])).select("fault", "turn", "part").row(0)


def test_sound_pair_has_no_fault(batch):
    assert measure(batch, USER, *PAIR) == (True, None)
    assert measure(batch, *PAIR) == (True, None)  # a prompt that is missing is another check's defect


def test_sample_without_branches_is_no_pair(batch):
    assert measure(batch, USER, turn("main")) == (False, None)
    assert measure(batch) == (False, None)


@pytest.mark.parametrize(
    ("turns", "fault"),
    [
        ([turn("rejected")], "chosen-missing"),
        ([turn("chosen")], "rejected-missing"),
        ([turn("chosen", " "), turn("rejected")], "chosen-blank"),
        ([turn("chosen", None), turn("rejected")], "chosen-blank"),
        ([turn("chosen"), turn("rejected", "\u200b")], "rejected-blank"),
        ([turn("chosen", ""), turn("rejected", "")], "chosen-blank"),
        ([turn("chosen"), turn("rejected")], "identical"),
        ([turn("chosen"), turn("rejected", "2 ")], "same-but-for-space"),
        ([turn("chosen", "\n2\u00a0"), turn("rejected", "\t2")], "same-but-for-space"),
        ([turn("chosen"), turn("rejected", "3"), turn("rejected", "4")], "rejected-role-order"),
        ([turn("chosen"), turn("rejected", "why?", "user")], "rejected-role-order"),
        ([turn("chosen"), turn("rejected", "3"), turn("rejected", "12:00", "tool")], None),
        ([turn("chosen"), turn("rejected", "be brief", "system")], "rejected-role-order"),
        (
            [turn("chosen"), turn("rejected", "3"), turn("rejected", "sure?", "user")],
            "rejected-ends-with-user",
        ),
    ],
)
def test_fault_of_a_pair_is_named(batch, turns, fault):
    assert measure(batch, USER, *turns) == (True, fault)


@pytest.mark.parametrize(
    "rejected",
    [
        [turn("rejected", "2", reasoning="because")],
        [turn("rejected", "2", tool_calls="[]")],
        [turn("rejected", "2 2")],
        [turn("rejected", "2"), turn("rejected", "thanks", "user"), turn("rejected", "2")],
    ],
)
def test_branches_that_differ_anywhere_are_not_identical(batch, rejected):
    assert measure(batch, USER, turn("chosen", "2"), *rejected) == (True, None)


ASKED = [turn("chosen", "1+1?", "user"), turn("chosen", "2")]


@pytest.mark.parametrize(
    ("rejected", "fault"),
    [
        ([turn("rejected", "1+2?", "user"), turn("rejected", "3")], "different-prompts"),
        ([turn("rejected", "3")], "different-prompts"),
        (
            [turn("rejected", "Be brief", "system"), turn("rejected", "1+1?", "user"), turn("rejected", "3")],
            "different-prompts",
        ),
        ([turn("rejected", "1+1?", "user"), turn("rejected", "3")], None),
        ([turn("rejected", " 1+1?\n", "user"), turn("rejected", "3")], None),
        ([turn("rejected", "1+1?", "user")], "rejected-ends-with-user"),
        (
            [turn("rejected", "1+1?", "user"), turn("rejected", "3"), turn("rejected", "x", "user"), turn("rejected")],
            None,
        ),
    ],
)
def test_prompts_in_the_branches_must_be_the_same(batch, rejected, fault):
    assert measure(batch, *ASKED, *rejected) == (True, fault)
    system = {"role": "system", "content": "Be kind."}
    assert measure(batch, system, *ASKED, *rejected) == (True, fault)


def test_a_prompt_in_the_rejected_branch_alone_is_different_from_none(batch):
    assert measure(batch, turn("chosen"), turn("rejected", "1+1?", "user"), turn("rejected", "3")) == (
        True,
        "different-prompts",
    )


def test_branches_may_go_on_differently_after_a_shared_prompt(batch):
    other = [turn("rejected", "3"), turn("rejected", "1+2?", "user"), turn("rejected", "4")]
    assert measure(batch, USER, turn("chosen"), *other) == (True, None)
    assert measure(batch, turn("chosen"), *other) == (True, None)


def test_call_without_text_is_not_blank(batch):
    assert measure(batch, USER, turn("chosen", None, tool_calls="[1]"), turn("rejected", "3")) == (True, None)


def test_faulty_turn_is_named_with_its_branch(batch):
    two = [turn("chosen"), turn("chosen", "why?", "user"), turn("chosen", "\u200b")]
    assert place(batch, *two, turn("rejected")) == ("chosen-blank", 3, "chosen")
    assert place(batch, turn("chosen"), turn("rejected", ""), turn("rejected", " ")) == (
        "rejected-blank",
        1,
        "rejected",
    )
    again = [turn("rejected", "3"), turn("rejected", "4"), turn("rejected", "5")]
    assert place(batch, turn("chosen"), *again) == ("rejected-role-order", 2, "rejected")
    assert place(batch, turn("chosen"), turn("rejected", "why?", "user")) == ("rejected-role-order", 1, "rejected")
    asked = [turn("rejected", "3"), turn("rejected", "sure?", "user")]
    assert place(batch, turn("chosen"), *asked) == ("rejected-ends-with-user", 2, "rejected")


def test_first_faulty_turn_of_the_fault_named_is_given(batch):
    rejected = [turn("rejected", "3"), turn("rejected", "4"), turn("rejected", "why?", "user"), turn("rejected", "")]
    assert place(batch, turn("chosen"), *rejected) == ("rejected-blank", 4, "rejected")


def test_fault_of_a_whole_branch_or_none_names_no_turn(batch):
    assert place(batch, turn("rejected")) == ("chosen-missing", None, None)
    assert place(batch, turn("chosen")) == ("rejected-missing", None, None)
    assert place(batch, turn("chosen"), turn("rejected")) == ("identical", None, None)
    assert place(batch, *PAIR) == (None, None, None)
