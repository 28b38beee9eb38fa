"""Blank turns, and the turns that only look like them."""

import pytest
from tunegate.signals import blanks


def user(content="Hello", **more):
    return {"role": "user", "content": content} | more


def assistant(content="Hi", **more):
    return {"role": "assistant", "content": content} | more


def first(measured):
    return measured.row(0)[1:]


@pytest.mark.parametrize("content", ["", " \n\t", "\u200b\u2060", "\x00", "\u2800", "\u3164"])
def test_turn_of_white_space_and_invisible_characters_is_blank(batch, content):
    assert first(blanks.compute(batch([user(), assistant(content)]))) == (1, 1, "main", "assistant")


def test_null_content_is_blank_unless_it_is_an_absent_response(batch):
    assert first(blanks.compute(batch([user(None), assistant()]))) == (1, 0, "main", "user")
    assert first(blanks.compute(batch([user(), assistant(None), user()]))) == (1, 1, "main", "assistant")
    assert first(blanks.compute(batch([user(), assistant(None)]))) == (0, None, None, None)


def test_absent_response_ends_its_own_branch(batch):
    turns = [assistant(None), user(), assistant(None, part="chosen"), assistant("", part="rejected")]
    assert first(blanks.compute(batch(turns))) == (2, 0, "main", "assistant")
    assert first(blanks.compute(batch([assistant(None), assistant(part="chosen")]))) == (
        1,
        0,
        "main",
        "assistant",
    )


@pytest.mark.parametrize("said", ["tool_calls", "media", "reasoning"])
def test_turn_that_says_something_else_is_not_blank(batch, said):
    assert blanks.compute(batch([user(), assistant("", **{said: '[{"x":1}]'}), user()]))["blank_turns"].to_list() == [0]


def test_blank_reasoning_says_nothing(batch):
    assert blanks.compute(batch([user(), assistant("", reasoning=" ")]))["blank_turns"].to_list() == [1]


def test_reasoning_alone_is_no_response(batch):
    assert first(blanks.compute(batch([user(), assistant("", reasoning="Hm")]))) == (1, 1, "main", "assistant")
    assert first(blanks.compute(batch([user(), assistant(None, reasoning="Hm")]))) == (0, None, None, None)
    branches = [assistant(" ", reasoning="Hm", part="chosen"), assistant(part="rejected")]
    assert first(blanks.compute(batch([user(), *branches]))) == (1, 1, "chosen", "assistant")


def test_reasoning_before_the_end_is_said(batch):
    turns = [user(), assistant("", reasoning="Hm"), assistant("Hi")]
    assert blanks.compute(batch(turns, [*turns[:2], assistant(part="chosen")]))["blank_turns"].to_list() == [0, 0]
    assert blanks.compute(batch([assistant(), user("", reasoning="Hm")]))["blank_turns"].to_list() == [0]


def test_empty_list_of_tool_calls_says_nothing(batch):
    assert blanks.compute(batch([user(), assistant("", tool_calls="[ ]"), user()]))["blank_turns"].to_list() == [1]


def test_tool_result_may_be_blank(batch):
    assert blanks.compute(batch([user(), {"role": "tool", "content": ""}]))["blank_turns"].to_list() == [0]


def test_unknown_role_is_reported_as_other(batch):
    assert first(blanks.compute(batch([{"role": "narrator", "content": ""}]))) == (1, 0, "main", "other")
    assert first(blanks.compute(batch([{"role": None, "content": ""}]))) == (1, 0, "main", "other")


def test_text_without_turns_can_be_blank(batch):
    assert first(blanks.compute(batch([{"role": "text", "content": "\n"}]))) == (1, 0, "main", "text")
