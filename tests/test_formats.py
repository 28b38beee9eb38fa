"""Record formats: what each variant becomes, what is unreadable, and that a record survives being written again."""

import contextlib
import json
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tunegate import _core

Turn = tuple[str, str, str | None]  # part, role, content
FORMATS = [name for name, _ in _core.formats()]
BY_RANK = [
    "message_list",
    "kto",
    "preference",
    "sharegpt",
    "messages",
    "prompt_completion",
    "alpaca",
    "question_answer",
    "text",
]


def user(content: str | None, part: str = "main") -> Turn:
    return part, "user", content


def assistant(content: str | None, part: str = "main") -> Turn:
    return part, "assistant", content


def system(content: str | None) -> Turn:
    return "main", "system", content


@pytest.fixture
def read(read_bytes) -> Callable[..., Any]:
    """Read one record, given as an object or as JSON text."""

    def read_one(record: object, **options: Any) -> Any:
        text = record if isinstance(record, bytes) else json.dumps(record).encode()
        return read_bytes(text, lines=True, **options)

    return read_one


def turns(reading) -> list[Turn]:
    return [(row["part"], row["role"], row["content"]) for row in reading.messages]


def only_reason(reading) -> str:
    (reason,) = reading.reasons
    assert reading.samples == []
    return reason


def test_formats_stand_from_the_most_specific_to_the_least():
    assert FORMATS == BY_RANK


@pytest.mark.parametrize(("name", "example"), _core.formats())
def test_example_is_sniffed_as_exactly_its_own_format(name, example):
    assert _core.detect_format(example.encode()) == name


NORWAY = {
    "message_list": [user("Capital of Norway?"), assistant("Oslo.")],
    "kto": [user("Capital of Norway?"), assistant("Oslo.")],
    "preference": [user("Capital of Norway?"), assistant("Oslo.", "chosen"), assistant("Bergen.", "rejected")],
    "sharegpt": [user("Capital of Norway?"), assistant("Oslo.")],
    "messages": [system("Be brief."), user("Capital of Norway?"), assistant("Oslo.")],
    "prompt_completion": [user("Capital of Norway?"), assistant("Oslo.")],
    "alpaca": [user("Name the capital.\nNorway"), assistant("Oslo.")],
    "question_answer": [user("Capital of Norway?"), assistant("Oslo.")],
    "text": [("main", "text", "Oslo is the capital of Norway.")],
}


@pytest.mark.parametrize(("name", "example"), _core.formats())
def test_example_is_read_as_the_turns_it_shows(read, name, example):
    reading = read(example.encode())
    assert turns(reading) == NORWAY[name]
    assert reading.samples[0]["format"] == name
    assert reading.samples[0]["metadata"] is None
    assert reading.samples[0]["label"] is (True if name == "kto" else None)


S = {"role": "system", "content": "s"}
U, A = {"role": "user", "content": "q"}, {"role": "assistant", "content": "a"}
H, G = {"from": "human", "value": "q"}, {"from": "gpt", "value": "a"}
QA = [user("q"), assistant("a")]
PAIR = [user("q"), assistant("a", "chosen"), assistant("b", "rejected")]
B = {"role": "assistant", "content": "b"}

VARIANTS: list[tuple[object, str, list[Turn]]] = [
    # messages
    ({"messages": [U, A]}, "messages", QA),
    ({"messages": [{"role": "developer", "content": "s"}, U, A]}, "messages", [system("s"), *QA]),
    ({"messages": [U, {"role": "function", "name": "f", "content": "1"}, A]}, "messages", [QA[0], ("main", "tool", "1"), QA[1]]),
    ({"messages": [U, {"role": "critic", "content": "c"}]}, "messages", [QA[0], ("main", "critic", "c")]),
    ({"messages": [U, {"role": "assistant"}]}, "messages", [QA[0], assistant(None)]),
    ({"messages": [U, {"role": "assistant", "content": None}]}, "messages", [QA[0], assistant(None)]),
    ({"messages": [U, {"role": "assistant", "content": ""}]}, "messages", [QA[0], assistant("")]),
    ({"messages": [{"role": "user", "content": "a\u0000b"}, A]}, "messages", [user("a\0b"), QA[1]]),
    ({"messages": [H, G]}, "messages", QA),  # the turns of one convention under the key of the other
    ({"messages": []}, "messages", []),
    ({"messages": [U, A], "label": None}, "messages", QA),
    ({"messages": [U, A], "chosen": None, "rejected": None, "conversations": None}, "messages", QA),
    ({"messages": [U, A], "prompt": "p", "completion": "c", "text": "t", "instruction": "i", "output": "o"}, "messages", QA),
    (
        {"messages": [{"role": "user", "content": [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]}, A]},
        "messages",
        [user("ab"), QA[1]],
    ),
    ({"messages": [{"role": "user", "content": [{"type": "text", "value": "q"}]}, A]}, "messages", QA),
    ({"messages": [{"role": "user", "content": ["q"]}, A]}, "messages", QA),
    ({"messages": [{"role": "user", "content": []}, A]}, "messages", [user(None), QA[1]]),
    # a bare list
    ([U, A], "message_list", QA),
    ([H, G], "message_list", QA),
    # ShareGPT
    ({"conversations": [H, G]}, "sharegpt", QA),
    ({"conversations": [U, A]}, "sharegpt", QA),
    ({"conversations": [H, G], "system": "s"}, "sharegpt", [system("s"), *QA]),
    ({"conversations": [H, G], "system": ""}, "sharegpt", QA),
    ({"conversations": [{"from": "system", "value": "s"}, H, G]}, "sharegpt", [system("s"), *QA]),
    ({"conversations": [H, {"from": "gpt", "value": None}]}, "sharegpt", [QA[0], assistant(None)]),
    ({"conversations": [H], "chosen": G, "rejected": {"from": "gpt", "value": "b"}}, "sharegpt", PAIR),
    ({"conversations": [H], "chosen": "a", "rejected": "b"}, "sharegpt", PAIR),
    ({"conversations": [H], "chosen": [G], "rejected": [{"from": "gpt", "value": "b"}]}, "sharegpt", PAIR),
    ({"conversations": [{**H, "role": None}, G]}, "sharegpt", QA),
    # Alpaca
    ({"instruction": "q", "input": "", "output": "a"}, "alpaca", QA),
    ({"instruction": "q", "output": "a"}, "alpaca", QA),
    ({"instruction": "q", "response": "a"}, "alpaca", QA),
    ({"instruction": "q", "output": None, "response": "a"}, "alpaca", QA),
    ({"instruction": "q", "input": "i", "output": "a"}, "alpaca", [user("q\ni"), QA[1]]),
    ({"instruction": "q", "input": " \n", "output": "a"}, "alpaca", QA),
    ({"instruction": "q", "input": None, "output": "a"}, "alpaca", QA),
    ({"instruction": "q", "input": "", "output": "a", "system": "s"}, "alpaca", [system("s"), *QA]),
    ({"instruction": "q", "input": "", "output": "a", "system": ""}, "alpaca", QA),
    ({"instruction": "q", "input": "i"}, "alpaca", [user("q\ni")]),
    ({"instruction": "q", "input": "", "output": ""}, "alpaca", [QA[0], assistant("")]),
    (
        {"instruction": "q", "output": "a", "history": [["h", "r"], ["h2", "r2"]]},
        "alpaca",
        [user("h"), assistant("r"), user("h2"), assistant("r2"), *QA],
    ),
    # question and answer
    ({"question": "q", "answer": "a"}, "question_answer", QA),
    ({"question": "q", "answer": "a", "text": "t"}, "question_answer", QA),
    # prompt and completion
    ({"prompt": "q", "completion": "a"}, "prompt_completion", QA),
    ({"prompt": "q", "response": "a"}, "prompt_completion", QA),
    ({"prompt": "q", "completion": None, "response": "a"}, "prompt_completion", QA),
    ({"prompt": [U], "completion": [A]}, "prompt_completion", QA),
    ({"prompt": [{"role": "system", "content": "s"}, U], "completion": "a"}, "prompt_completion", [system("s"), *QA]),
    ({"prompt": "q", "completion": "a", "label": "good"}, "prompt_completion", QA),
    # KTO
    ({"prompt": "q", "completion": "a", "label": False}, "kto", QA),
    ({"prompt": [U], "completion": [A], "label": True}, "kto", QA),
    ({"messages": [U, A], "label": True}, "kto", QA),
    ({"messages": [U, A], "kto_tag": True}, "kto", QA),
    # what logged answers carry
    ({"messages": [U, {"role": "assistant", "content": None, "refusal": "no", "annotations": []}]}, "messages", [user("q"), assistant("no")]),
    ({"question": "q", "answer": None}, "question_answer", QA[:1]),
    ({"prompt": "q", "completion": None}, "prompt_completion", QA[:1]),
    # preference
    ({"prompt": "q", "chosen": "a", "rejected": "b"}, "preference", PAIR),
    ({"prompt": [U], "chosen": [A], "rejected": [B]}, "preference", PAIR),
    ({"chosen": [U, A], "rejected": [U, B]}, "preference", PAIR),
    ({"prompt": None, "chosen": [U, A], "rejected": [U, B]}, "preference", PAIR),
    ({"prompt": "q", "chosen": [U, A], "rejected": [U, B], "messages": [U, A], "score_chosen": 9.5}, "preference", PAIR),
    ({"prompt": "q", "chosen": A, "rejected": B}, "preference", PAIR),
    ({"instruction": "q", "input": "", "chosen": "a", "rejected": "b"}, "preference", PAIR),
    ({"instruction": "q", "input": "i", "system": "s", "chosen": "a", "rejected": "b"}, "preference", [system("s"), user("q\ni"), *PAIR[1:]]),
    ({"chosen_messages": [U, A], "rejected_messages": [U, B]}, "preference", PAIR),
    ({"system": "s", "question": "q", "chosen": "a", "rejected": "b"}, "preference", [system("s"), *PAIR]),
    ({"prompt": "q", "chosen": [S, U, A], "rejected": [S, U, B]}, "preference", [system("s"), *PAIR]),
    ({"prompt": "q", "chosen": [S, U, A], "rejected": [U, B]}, "preference",
     [user("q"), ("chosen", "system", "s"), user("q", "chosen"), assistant("a", "chosen"), user("q", "rejected"), assistant("b", "rejected")]),
    ({"chosen": [U, A, U, A], "rejected": [U, A, U, B]}, "preference", [*QA, *PAIR]),
    ({"chosen": [U, A], "rejected": [U, A]}, "preference", [user("q"), assistant("a", "chosen"), assistant("a", "rejected")]),
    ({"chosen": [U, A], "rejected": [{**U, "content": "p"}, B]}, "preference",
     [user("q", "chosen"), assistant("a", "chosen"), user("p", "rejected"), assistant("b", "rejected")]),
    ({"prompt": "q", "chosen": "a"}, "preference", PAIR[:2]),
    ({"prompt": "q", "chosen": "a", "rejected": None}, "preference", PAIR[:2]),
    ({"chosen": "\n\nHuman: q\n\nAssistant: a", "rejected": "\n\nHuman: q\n\nAssistant: b"}, "preference", PAIR),
    (
        {"chosen": "\n\nHuman: q\n\nAssistant: a\n\nHuman:  x\n\nAssistant: y", "rejected": "\n\nHuman: q\n\nAssistant:"},
        "preference",
        [user("q"), assistant("a", "chosen"), user(" x", "chosen"), assistant("y", "chosen"), assistant("", "rejected")],
    ),
    ({"chosen": "Human: q", "rejected": "b"}, "preference", [assistant("Human: q", "chosen"), assistant("b", "rejected")]),
    ({"prompt": "q", "chosen": "\n\nHuman: no transcript", "rejected": "b"}, "preference", [QA[0], assistant("\n\nHuman: no transcript", "chosen"), PAIR[2]]),
    # text
    ({"text": "t"}, "text", [("main", "text", "t")]),
    ({"text": "", "prompt": None, "completion": None, "messages": None, "instruction": None}, "text", [("main", "text", "")]),
]  # fmt: skip


@pytest.mark.parametrize(("record", "format_name", "expected"), VARIANTS)
def test_variant_is_read_as_written_by_hand(read, record, format_name, expected):
    reading = read(record)
    assert reading.reasons == [None]
    assert reading.samples[0]["format"] == format_name
    assert turns(reading) == expected


def test_turns_of_both_branches_number_on_from_the_prompt(read):
    reading = read({"prompt": [U, A, U], "chosen": [A, U, A], "rejected": [B]})
    assert [(row["part"], row["turn"]) for row in reading.messages] == [
        ("main", 0), ("main", 1), ("main", 2), ("chosen", 3), ("chosen", 4), ("chosen", 5), ("rejected", 3)
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("read_role", "role"),
    [
        ("human", "user"), ("user", "user"), ("gpt", "assistant"), ("chatgpt", "assistant"), ("bing", "assistant"),
        ("bard", "assistant"), ("model", "assistant"), ("bot", "assistant"), ("assistant", "assistant"),
        ("system", "system"), ("developer", "system"), ("observation", "tool"), ("tool", "tool"), ("function", "tool"),
        ("function_response", "tool"), ("tool_response", "tool"), ("narrator", "narrator"), ("Human", "Human"),
    ],
)  # fmt: skip
def test_speaker_of_sharegpt_becomes_a_role(read, read_role, role):
    assert turns(read({"conversations": [{"from": read_role, "value": "x"}]})) == [("main", role, "x")]


CALL = '{"id":"1","type":"function","function":{"name":"f","arguments":"{\\"a\\": 1}"}}'


def test_tool_calls_are_kept_as_they_stand(read):
    reading = read(
        b'{"messages":[{"role":"user","content":"q"},{"role":"assistant","content":null,"tool_calls":[%b , 7]},'
        b'{"role":"tool","tool_call_id":"1","name":"f","content":"r"}],'
        b'"tools":[ {"type": "function", "function": {"name":"f","parameters":{"a":1,"a":1e999}}} ]}' % CALL.encode()
    )
    assert reading.messages[1]["tool_calls"] == f"[{CALL},7]"
    assert reading.messages[1]["content"] is None
    assert (reading.messages[2]["tool_call_id"], reading.messages[2]["name"]) == ("1", "f")
    assert (
        reading.samples[0]["tools"]
        == '[ {"type": "function", "function": {"name":"f","parameters":{"a":1,"a":1e999}}} ]'
    )


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        ('{"name": "f", "arguments": {"a": 1}}', '[{"type":"function","function":{"name": "f", "arguments": {"a": 1}}}]'),
        ('[{"name":"f"},{"name":"g"}]', '[{"type":"function","function":{"name":"f"}},{"type":"function","function":{"name":"g"}}]'),
        ('f("a")', '["f(\\"a\\")"]'),
        ("", '[""]'),
        ("[]", '[{"type":"function","function":[]}]'),
        ("7", '[{"type":"function","function":7}]'),
    ],
)  # fmt: skip
@pytest.mark.parametrize("role", ["function_call", "tool_call"])
def test_call_written_as_text_becomes_a_tool_call(read, role, call, expected):
    reading = read({"conversations": [H, {"from": role, "value": call}, {"from": "observation", "value": "r"}, G]})
    assert turns(reading) == [user("q"), assistant(None), ("main", "tool", "r"), assistant("a")]
    assert reading.messages[1]["tool_calls"] == expected


def test_legacy_function_call_becomes_a_tool_call(read):
    reading = read(
        {"messages": [U, {"role": "assistant", "content": None, "function_call": {"name": "f", "arguments": "{}"}}]}
    )
    assert json.loads(reading.messages[1]["tool_calls"]) == [
        {"type": "function", "function": {"name": "f", "arguments": "{}"}}
    ]


def test_no_tool_calls_and_an_empty_list_of_them_are_the_same(read):
    for empty in (None, []):
        assert read({"messages": [U, {**A, "tool_calls": empty}]}).messages[1]["tool_calls"] is None


@pytest.mark.parametrize(
    "parts", [[("tool_call", "[]"), ("tool_call", '{"name":"f"}')], [("tool_call", "no"), ("tool_call", "[]")]]
)
def test_calls_among_content_parts_stay_one_json_list(read, parts):
    content = [{"type": kind, "value": value} for kind, value in parts]
    calls = read({"messages": [U, {"role": "assistant", "content": content}]}).messages[1]["tool_calls"]
    assert len(json.loads(calls)) == 2


@pytest.mark.parametrize("key", ["tools", "functions"])
@pytest.mark.parametrize(
    ("declared", "kept"),
    [
        ([{"a": 1}], '[{"a": 1}]'),
        ('[{"a":1}]', '[{"a":1}]'),
        ("no json", "no json"),
        ("", None),
        (" ", None),
        (None, None),
        ([], "[]"),
    ],
)
def test_declared_tools_are_kept_as_text(read, key, declared, kept):
    for record in ({"messages": [U, A]}, {"conversations": [H, G]}, {"prompt": "q", "chosen": "a", "rejected": "b"}):
        assert read({**record, key: declared}).samples[0]["tools"] == kept


def test_parts_that_are_no_text_are_kept_as_media(read):
    image = {"type": "image_url", "image_url": {"url": "x"}}
    reading = read(
        {"messages": [{"role": "user", "content": [image, {"type": "text", "text": "q"}, {"type": "text"}]}, A]}
    )
    assert turns(reading) == QA
    assert json.loads(reading.messages[0]["media"]) == [image, {"type": "text"}]


def test_reasoning_is_kept_apart_from_content(read):
    parts = [{"type": "reasoning", "value": "r"}, {"type": "text", "value": "a"}]
    for message in ({"content": parts}, {"content": "a", "reasoning_content": "r"}, {"content": "a", "reasoning": "r"}):
        reading = read({"messages": [U, {"role": "assistant", **message}]})
        assert turns(reading) == QA
        assert [row["reasoning"] for row in reading.messages] == [None, "r"]


@pytest.mark.parametrize(
    ("more", "weight"), [({"weight": 0}, 0.0), ({"weight": 0.25}, 0.25), ({"loss_weight": 1.5}, 1.5), ({"loss": True}, 1.0), ({"loss": False}, 0.0), ({"train": False}, 0.0), ({"weight": None}, None), ({}, None)]
)  # fmt: skip
def test_weight_of_a_turn_is_a_number(read, more, weight):
    assert read({"messages": [U, {**A, **more}]}).messages[1]["weight"] == weight


def test_unknown_keys_of_a_turn_are_kept_as_extra(read):
    reading = read(
        b'{"messages":[{"role":"user","content":"q","id" : 7,"x":{"y": [1,\n2]},"n":null},{"role":"assistant","content":"a"}]}'.replace(
            b"\n", b""
        )
    )
    assert [row["extra"] for row in reading.messages] == ['{"id":7,"x":{"y": [1,2]}}', None]


def test_unused_keys_of_a_record_are_metadata_byte_for_byte(read):
    odd = b'"big" : 1e999,"neg":-0.0, "digits":123456789012345678901234567890 ,"lone":"\\ud800","twice":{"a":1,"a":2},"\\u0061b":"\\/","none":null'
    reading = read(b'{"text":"t",' + odd + b"}")
    assert reading.samples[0]["metadata"] == (
        '{"big":1e999,"neg":-0.0,"digits":123456789012345678901234567890,"lone":"\\ud800","twice":{"a":1,"a":2},'
        '"\\u0061b":"\\/","none":null}'
    )


def test_escaped_keys_are_the_keys_they_spell(read):
    reading = read(
        b'{"m\\u0065ssages":[{"r\\u006fle":"user","content":"q"},{"role":"assistant","c\\u006fntent":"a"}],"\\u0074ools":[]}'
    )
    assert turns(reading) == QA
    assert reading.samples[0]["metadata"] is None


# Fields


@pytest.mark.parametrize(
    ("record", "expected"),
    [
        ({"category": "c"}, "c"),
        ({"metadata": {"category": "c"}}, "c"),
        ({"category": None, "metadata": {"category": "c"}}, "c"),
        ({"category": "top", "metadata": {"category": "c"}}, "top"),
        ({"category": 3}, "3"),
        ({"category": 1.50}, "1.5"),
        ({"category": True}, "true"),
        ({"category": ""}, ""),
        ({"category": None}, None),
        ({"category": ["c"]}, None),
        ({"category": {"a": 1}}, None),
        ({"metadata": "category"}, None),
        ({"metadata": [{"category": "c"}]}, None),
        ({"Category": "c"}, None),
        ({}, None),
    ],
)
@pytest.mark.parametrize("column", ["category", "difficulty", "split"])
def test_field_is_read_at_the_top_or_inside_metadata(read, column, record, expected):
    text = json.dumps(record).replace("category", column).replace("Category", column.title())
    assert read({"text": "t", **json.loads(text)}).samples[0][column] == expected


def test_field_under_another_name(read):
    reading = read(
        {"text": "t", "category": "no", "topic": "c", "metadata": {"level": 2}}, category="topic", difficulty="level"
    )
    assert (reading.samples[0]["category"], reading.samples[0]["difficulty"]) == ("c", "2")


def test_split_of_the_file_is_for_samples_that_name_none(read_bytes):
    reading = read_bytes(b'{"text":"a"}\n{"text":"b","split":"test"}\n{"text":"c","split":null}', default_split="train")
    assert [sample["split"] for sample in reading.samples] == ["train", "test", "train"]


def test_fields_stay_in_the_metadata(read):
    assert json.loads(read({"text": "t", "category": "c"}).samples[0]["metadata"]) == {"category": "c"}


# Unreadable records


ALL_FORMATS = "message_list, kto, preference, sharegpt, messages, prompt_completion, alpaca, question_answer, text"
UNREADABLE: list[tuple[object, str]] = [
    ([1, 2], "not a record: a list, expected an object or a list of messages"),
    ([], "not a record: a list, expected an object or a list of messages"),
    ([{"a": 1}], "not a record: a list, expected an object or a list of messages"),
    ("x", "not a record: a string, expected an object or a list of messages"),
    (7, "not a record: a number, expected an object or a list of messages"),
    (None, "not a record: null, expected an object or a list of messages"),
    (True, "not a record: a boolean, expected an object or a list of messages"),
    ({}, f"no known format: the keys fit none of {ALL_FORMATS}"),
    ({"messages": None}, f"no known format: the keys fit none of {ALL_FORMATS}"),
    ({"text": 7}, f"no known format: the keys fit none of {ALL_FORMATS}"),
    ({"input_ids": [1, 2]}, "token ids without text, which cannot be judged; keep the text beside them"),
    ({"token_ids": [1, 2]}, "token ids without text, which cannot be judged; keep the text beside them"),
    ({"messages": "hi"}, "wrong type: the messages are a string, expected a list"),
    ({"messages": {"role": "user"}}, "wrong type: the messages are an object, expected a list"),
    ({"messages": ["hi"]}, "wrong type: message 1 is a string, expected an object"),
    ({"messages": [U, None]}, "wrong type: message 2 is null, expected an object"),
    ({"messages": [U, {"content": "x"}]}, 'message 2 has no "role"'),
    ({"messages": [U, {"role": None, "content": "x"}]}, 'wrong type: "role" of message 2 is null, expected a string'),
    ({"messages": [U, {"role": 1, "content": "x"}]}, 'wrong type: "role" of message 2 is a number, expected a string'),
    ({"messages": [{"role": "user", "content": 5}]}, 'wrong type: "content" of message 1 is a number, expected a string, null or a list of parts'),
    ({"messages": [{"role": "user", "content": {"text": "q"}}]}, 'wrong type: "content" of message 1 is an object, expected a string, null or a list of parts'),
    ({"messages": [{"role": "user", "content": [5]}]}, 'wrong type: "content" of message 1 is a number, expected parts that are strings or objects'),
    ({"messages": [{**A, "tool_calls": {"id": 1}}]}, 'wrong type: "tool_calls" of message 1 is an object, expected a list'),
    ({"messages": [{**A, "weight": "1"}]}, 'wrong type: "weight" of message 1 is a string, expected a number'),
    ({"messages": [{**A, "loss": 1}]}, 'wrong type: "loss" of message 1 is a number, expected a boolean'),
    ({"messages": [U, A], "tools": 5}, 'wrong type: "tools" is a number, expected a list or a string that holds one'),
    ({"conversations": "hi"}, "wrong type: the turns are a string, expected a list"),
    ({"conversations": [H, {"value": "x"}]}, 'turn 2 has no "from"'),
    ({"conversations": [H], "chosen": 5, "rejected": "b"}, "wrong type: chosen turn is a number, expected an object"),
    ({"conversations": [H, G], "system": 5}, 'wrong type: "system" is a number, expected a string'),
    ({"instruction": "q", "input": 5, "output": "a"}, 'wrong type: "input" is a number, expected a string'),
    ({"instruction": "q", "input": "", "output": 5}, 'wrong type: "output" is a number, expected a string'),
    ({"instruction": "q", "input": "", "output": ["a"]}, 'wrong type: "output" is a list, expected a string'),
    ({"instruction": "q", "output": "a", "history": "h"}, 'wrong type: "history" is no list of pairs'),
    ({"instruction": "q", "output": "a", "history": [["h"]]}, 'wrong type: "history" holds no pairs of strings'),
    ({"prompt": 5, "chosen": "a", "rejected": "b"}, 'wrong type: "prompt" is a number, expected a string'),
    ({"prompt": "q", "chosen": ["a"], "rejected": ["b"]}, "wrong type: chosen message 1 is a string, expected an object"),
    # a lone surrogate is no text
    (b'{"text":"a\\ud800"}', 'a lone surrogate in "text", which is no text'),
    (b'{"text":"\\udc00\\ud800"}', 'a lone surrogate in "text", which is no text'),
    (b'{"messages":[{"role":"user","content":"\\ud83d"}]}', 'a lone surrogate in "content" of message 1, which is no text'),
    (b'{"messages":[{"role":"user","content":[{"type":"text","text":"\\ud83d"}]}]}', 'a lone surrogate in "content" of message 1, which is no text'),
    (b'{"messages":[{"role":"\\ud83d","content":"q"}]}', 'a lone surrogate in "role" of message 1, which is no text'),
    (b'{"conversations":[{"from":"human","value":"\\ud83d\\ud83d"}]}', 'a lone surrogate in "value" of turn 1, which is no text'),
    (b'{"conversations":[{"from":"human","value":"q"}],"chosen":"\\ud83d","rejected":"b"}', 'a lone surrogate in "chosen", which is no text'),
    (b'{"prompt":"q","chosen":"\\ud83d","rejected":"b"}', 'a lone surrogate in "chosen", which is no text'),
    (b'{"messages":[],"tools":"\\ud83d"}', 'a lone surrogate in "tools", which is no text'),
    # a key that stands twice says two things
    (b'{"text":"a","text":"a"}', "a key stands twice in the record"),
    (b'{"text":"a","x":1,"\\u0078":2}', "a key stands twice in the record"),
    (b'{"text":"a",' + b",".join(b'"k%d":1' % i for i in range(20)) + b',"k19":1}', "a key stands twice in the record"),
    (b'{"messages":[{"role":"user","content":"a","content":"b"}]}', "a key stands twice in message 1"),
    (b'{"messages":[{"role":"user","content":"a","x":1,"x":1}]}', "a key stands twice in message 1"),
    (b'{"conversations":[{"from":"human","from":"gpt","value":"a"}]}', "a key stands twice in turn 1"),
    (b'{"messages":[{"role":"assistant","tool_calls":[{"id":"1","id":"2"}]}]}', "a key stands twice in a tool call of message 1"),
    (b'{"messages":[{"role":"assistant","tool_calls":[{"function":{"name":"f","name":"g"}}]}]}', "a key stands twice in a function of message 1"),
    (b'{"messages":[{"role":"assistant","function_call":{"name":"f","name":"g"}}]}', "a key stands twice in the function call of message 1"),
    (b'{"conversations":[{"from":"function_call","value":"{\\"name\\":\\"f\\",\\"name\\":\\"g\\"}"}]}', "a key stands twice in the function call of turn 1"),
    # no JSON at all
    (b"nonsense", "invalid JSON: no JSON value where one should stand, at byte 1"),
    (b'{"text":"a"} x', "invalid JSON: content after the end of the value, at byte 14"),
    (b'{"text":"a\x00"}', "invalid JSON: a raw NUL byte, at byte 11"),
    (b'{"text":"a\tb"}', "invalid JSON: a raw control character in a string, at byte 11"),
    (b'{"text":"\xff"}', "invalid JSON: invalid UTF-8, at byte 10"),
    (b'{"text":"\xed\xa0\x80"}', "invalid JSON: invalid UTF-8, at byte 10"),
    (b'{"text":"\xc0\xaf"}', "invalid JSON: invalid UTF-8, at byte 10"),
    (b'{"text":"a","x":' + b"[" * 128 + b"]" * 128 + b"}", "invalid JSON: nested deeper than 128 levels, at byte 144"),
    (b'{"text":"a","x":NaN}', "invalid JSON: no JSON value where one should stand, at byte 17"),
    (b"{'text':'a'}", "invalid JSON: a key that is no string in quotes, at byte 2"),
]  # fmt: skip


@pytest.mark.parametrize(("record", "reason"), UNREADABLE)
def test_unreadable_record_says_why(read, record, reason):
    assert only_reason(read(record)) == reason


def test_number_that_no_double_holds_is_out_of_range_as_a_weight(read):
    reason = only_reason(read(b'{"messages":[{"role":"user","content":"q","weight":1e999}]}'))
    assert reason == 'out of range: "weight" of message 1 is beyond what a double holds'


def test_reasons_hold_no_text_of_the_record(read_bytes):
    secret = "s3cr3t"
    shapes = [record if isinstance(record, bytes) else json.dumps(record).encode() for record, _ in UNREADABLE]
    shapes = [shape for shape in shapes if b"0078" not in shape]  # its key must stay an x
    hidden = [
        shape.replace(b'"q"', b'"s3cr3t"').replace(b'"x"', b'"s3cr3t"').replace(b"nonsense", b"s3cr3t")
        for shape in shapes
    ]
    reasons = read_bytes(b"\n".join(hidden), lines=True).reasons
    assert None not in reasons
    assert not any(secret in reason for reason in reasons)


@pytest.mark.parametrize(
    "record",
    [
        b'{"text":"a","metadata":{"k":1,"k":2}}',
        b'{"text":"a","x":[{"k":1,"k":1}]}',
        b'{"messages":[{"role":"user","content":"q"}],"tools":[{"function":{"name":"f","parameters":{"a":1,"a":2}}}]}',
        b'{"messages":[{"role":"assistant","tool_calls":[{"function":{"name":"f","arguments":{"a":1,"a":2}}}]}]}',
        b'{"messages":[{"role":"user","content":"q","extra":{"a":1,"a":2}}]}',
        b'{"text":"a","metadata":"\\ud800"}',
        b'{"text":"a","\\ud800":1}',
        b'{"text":"a","metadata":[1e999,-1E-999,0.1e+00010]}',
        b'{"text":"a","x":' + b"[" * 127 + b"]" * 127 + b"}",
        b'{"text":"\\u0000"}',
        b'{"text":"\\ud83d\\ude00\\uFFFF"}',
    ],
)
def test_what_is_legal_inside_opaque_values_is_accepted(read, record):
    assert read(record).reasons == [None]


# Written again


def as_samples(reading) -> list[Any]:
    """What a record says, without where it stood and in which format."""
    identity = [
        {key: sample[key] for key in ("fingerprint", "label", "tools", "metadata", "category", "difficulty", "split")}
        for sample in reading.samples
    ]
    return [identity, [{key: value for key, value in row.items() if key not in ("sample_id", "turn")} for row in reading.messages]]  # fmt: skip


def settled(samples: list[Any]) -> list[Any]:
    """JSON texts compared by what they say."""
    identity, messages = samples
    for row, keys in [
        *((row, ("tools", "metadata")) for row in identity),
        *((row, ("tool_calls", "media", "extra")) for row in messages),
    ]:
        for key in keys:
            with contextlib.suppress(ValueError):
                row[key] = json.loads(row[key]) if row[key] is not None else None
    return [identity, messages]


ROUND_TRIP: list[bytes] = [
    *(json.dumps(record, indent=1).encode() for record, _, _ in VARIANTS),
    *(example.encode() for _, example in _core.formats()),
    json.dumps({"messages": [{**U, "name": "n", "weight": 0.1, "x": [1]}, {"role": "assistant", "content": None, "reasoning_content": "r", "tool_calls": json.loads(f"[{CALL}]")}, {"role": "tool", "tool_call_id": "1", "content": "r"}], "tools": '[{"a":\n1}]', "meta": {"k": "v"}}, indent=1).encode(),
    json.dumps({"messages": [{"role": "user", "content": [{"type": "image_url", "value": "x"}, {"type": "text", "text": "q"}]}, A]}).encode(),
    json.dumps({"messages": [U, A], "tools": "not json", "label": "text"}).encode(),
    json.dumps({"messages": [U, A], "tools": "5"}).encode(),
    json.dumps({"messages": [U, A], "tools": '"quoted"'}).encode(),
    json.dumps({"messages": [U, {"role": "gpt", "content": "x"}]}).encode(),
    json.dumps({"conversations": [H, {"from": "developer", "value": "x"}]}).encode(),
    json.dumps({"conversations": [{**H, "content": "y", "weight": 2}, G]}).encode(),
    json.dumps({"conversations": [{**H, "value": None}, G]}).encode(),
    json.dumps({"conversations": [H, {"from": "function_call", "value": "no json"}]}).encode(),
    json.dumps({"conversations": [H, {"from": "function_call", "value": '{"name":"f"}'}, {"from": "gpt", "value": "a"}]}).encode(),
    json.dumps({"messages": [U, {"role": "assistant", "tool_calls": ['{"name":"f"}']}]}).encode(),
    json.dumps({"messages": [U, {"role": "assistant", "tool_calls": [{"type": "custom", "function": {"name": "f"}, "index": 0}]}]}).encode(),
    json.dumps({"messages": [U, {"role": "assistant", "tool_calls": [{"function": [1]}]}]}).encode(),
    json.dumps({"messages": [{**U, "tool_calls": [{"type": "function", "function": {}}]}, A]}).encode(),
    json.dumps({"messages": [U, {"role": "system", "content": "s"}, A]}).encode(),
    json.dumps({"messages": [{"role": "system", "content": ""}, U, A]}).encode(),
    json.dumps({"messages": [{"role": "system", "content": None}, U, A]}).encode(),
    json.dumps({"messages": [A]}).encode(),
    json.dumps({"messages": [A, U]}).encode(),
    json.dumps({"messages": [{"role": "user", "content": None}, U, A]}).encode(),
    json.dumps({"text": "t", "label": True, "kto_tag": False}).encode(),
    json.dumps({"question": "q", "answer": "a", "label": True, "messages": None}).encode(),
    json.dumps({"instruction": "q", "output": "a", "prompt": "p", "conversations": None, "chosen": None}).encode(),
    json.dumps({"text": "t", "prompt": "p", "question": "q", "instruction": "i", "messages": None, "conversations": None}).encode(),
    json.dumps({"prompt": "q", "completion": "a", "instruction": "i", "question": "q", "answer": "b", "output": "o"}).encode(),
]  # fmt: skip


@pytest.mark.parametrize("target", BY_RANK)
def test_record_written_in_any_format_reads_back_as_itself_or_names_what_is_lost(read, target):
    wrong = []
    for record in ROUND_TRIP:
        written, losses = _core.render_record(record, target)
        compact = json.dumps(json.loads(record)).encode()
        original, again = settled(as_samples(read(compact))), settled(as_samples(read(written)))
        if not losses and (again != original or b"\n" in written):
            wrong.append((compact, written))
    assert wrong == []


@pytest.mark.parametrize(("record", "format_name", "expected"), VARIANTS)
def test_record_written_in_its_own_format_loses_nothing(read, record, format_name, expected):
    written, losses = _core.render_record(json.dumps(record).encode(), format_name)
    if losses == ["turns beyond one exchange"]:
        assert format_name == "alpaca"  # a history is read, and written in another format only
        return
    if format_name in ("prompt_completion", "kto") and losses:
        pytest.fail(f"lost {losses}")
    assert losses == []
    reading = read(written)
    assert turns(reading) == expected
    assert reading.samples[0]["format"] == format_name


@pytest.mark.parametrize(
    ("record", "target", "losses"),
    [
        ({"messages": [{"role": "system", "content": "s"}, U, A]}, "question_answer", ["system prompt"]),
        ({"messages": [U, A, U, A]}, "alpaca", ["turns beyond one exchange"]),
        ({"messages": [U, {**A, "reasoning_content": "r", "name": "n", "weight": 1, "x": 1}], "tools": []}, "prompt_completion", []),
        ({"messages": [U, {**A, "reasoning_content": "r", "name": "n", "weight": 1, "x": 1}], "tools": []}, "question_answer",
         ["names", "reasoning", "tools", "unknown message keys", "weights"]),
        ({"prompt": "q", "chosen": "a", "rejected": "b"}, "messages", ["chosen and rejected"]),
        ({"prompt": "q", "completion": "a", "label": True}, "messages", ["label"]),
        ({"prompt": "q", "completion": "a"}, "kto", ["that there is no label"]),
        ({"prompt": "q", "completion": "a", "k": 1}, "message_list", ["metadata"]),
        ({"text": "t", "question": "q"}, "question_answer", ["metadata under a key of the format", "that a turn is absent", "turns beyond one exchange"]),
        ({"messages": [U, A]}, "text", ["roles"]),
        ({"messages": [U, A]}, "preference", ["that there is no chosen and rejected"]),
    ],
)  # fmt: skip
def test_losses_are_named(record, target, losses):
    assert sorted(_core.render_record(json.dumps(record).encode(), target)[1]) == losses


ROLES = st.sampled_from(
    ["user", "assistant", "system", "tool", "developer", "human", "gpt", "text", "observation", "x"]
)
CALLS = st.sampled_from(
    [{"type": "function", "function": {"name": "f"}}, {"id": "1", "function": {}}, {"a": 1}, "text", 7]
)
MESSAGES = st.fixed_dictionaries(
    {"role": ROLES},
    optional={
        "content": st.none()
        | st.text(max_size=5)
        | st.just("x")
        | st.lists(st.sampled_from(["p", {"type": "image"}]), max_size=2),
        "tool_calls": st.lists(CALLS, max_size=2),
        "weight": st.floats(allow_nan=False, allow_infinity=False),
        "reasoning_content": st.text(max_size=3),
        "value": st.text(max_size=3),
        "y": st.integers(),
    },
)
KEYS = ["messages", "conversations", "chosen", "rejected", "prompt", "completion", "response", "label", "tools", "system",
        "text", "question", "answer", "instruction", "input", "output", "kto_tag", "metadata", "category"]  # fmt: skip
RECORDS = st.dictionaries(
    st.sampled_from(KEYS),
    st.none()
    | st.booleans()
    | st.sampled_from(["", "q", "5", "[]", "a\nb"])
    | st.lists(MESSAGES, max_size=3)
    | MESSAGES,
    min_size=1,
    max_size=6,
)


def readable(record: object) -> bool:
    try:
        _core.detect_format(json.dumps(record).encode())
    except ValueError:
        return False
    return True


def sample_of(record: bytes, path: str) -> Any:
    with open(path, "wb") as file:
        file.write(record)
    reader = _core.SourceReader(path, lines=True)
    batch = reader.next()
    rows = SimpleNamespace(
        samples=pl.DataFrame(batch.samples).to_dicts(), messages=pl.DataFrame(batch.messages).to_dicts()
    )
    return settled(as_samples(rows))


@settings(max_examples=400, deadline=None)
@given(record=RECORDS.filter(readable), target=st.sampled_from(BY_RANK))
def test_any_record_written_in_any_format_reads_back_as_itself_or_names_what_is_lost(tmp_path_factory, record, target):
    path = str(tmp_path_factory.getbasetemp() / "any-record")
    text = json.dumps(record).encode()
    written, losses = _core.render_record(text, target)
    if not losses:
        assert sample_of(written, path) == sample_of(text, path)
