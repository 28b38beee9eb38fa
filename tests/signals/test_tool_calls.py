"""Tool use by sample; the rules themselves are tested in csrc/tests/tool_call_test.cpp."""

import pytest
from tunegate import _core
from tunegate.signals import tool_calls

TOOLS = '[{"type":"function","function":{"name":"clock","parameters":{"required":["city"]}}}]'
USER = {"role": "user", "content": "Time in Oslo?"}
ANSWER = {"role": "assistant", "content": "Noon"}


def call(name="clock", arguments='{\\"city\\":\\"Oslo\\"}', call_id="1"):
    calls = f'[{{"id":"{call_id}","type":"function","function":{{"name":"{name}","arguments":"{arguments}"}}}}]'
    return {"role": "assistant", "tool_calls": calls}


def result(call_id="1"):
    return {"role": "tool", "content": "12:00", "tool_call_id": call_id}


def test_each_sample_is_judged_by_its_own_tools_and_turns(batch):
    samples = batch(
        [USER, ANSWER],
        [USER, call(), result(), ANSWER],
        [USER, call("weather"), result(), ANSWER],
        [USER, call(), result(), call("weather", call_id="2")],
        [USER, result(), ANSWER],
        [USER, ANSWER],
        tools=[None, TOOLS, TOOLS, None, None, "tools"],
    )
    assert tool_calls.compute(samples).rows() == [
        (10, 0, 0, None, None, None),
        (11, 1, 0, None, None, None),
        (12, 1, 1, 1, "main", "undeclared-tool"),
        (13, 2, 0, None, None, None),
        (14, 0, 1, 1, "main", "orphan-result"),
        (15, 0, 1, None, None, "tools-not-json"),
    ]


def test_fault_in_a_branch_names_the_branch(batch):
    turns = [
        USER,
        {**call(), "part": "chosen"},
        {**call(arguments="Oslo"), "part": "rejected"},
    ]
    assert tool_calls.compute(batch(turns, tools=[TOOLS])).row(0) == (
        10,
        2,
        1,
        1,
        "rejected",
        "arguments-not-json",
    )


def test_columns_that_do_not_fit_are_refused(batch):
    messages = batch([USER, ANSWER]).messages
    columns = messages.select("part", "role", "content", "tool_calls", "tool_call_id").to_dict()
    tools = messages["tool_calls"].head(1)
    with pytest.raises(ValueError, match="message 0 is not in the order of the samples"):
        _core.tool_use(tools, columns | {"sample": messages["sample_id"]})
    with pytest.raises(ValueError, match="differ in length"):
        _core.tool_use(tools, columns | {"sample": messages["sample_id"].head(1)})
