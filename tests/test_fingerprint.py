"""The fingerprint against an independent oracle: docs/formats.md's layout, written by hand in Python, and xxhash."""

import json
from typing import Any

import polars as pl
import pytest
import xxhash
from hypothesis import given, settings
from hypothesis import strategies as st
from tunegate import _core

PARTS = {"main": b"\0", "chosen": b"\1", "rejected": b"\2"}
LABELS = {None: b"-", False: b"0", True: b"1"}
ABSENT = b"\xff" * 8


def text_field(text: str | None) -> bytes:
    if text is None:
        return ABSENT
    encoded = text.encode()
    return len(encoded).to_bytes(8, "little") + encoded


def canonical(value: Any) -> str:
    """Write JSON as docs/formats.md says; Python's own compact form differs only in how it escapes and sorts."""
    match value:
        case dict():
            members = sorted((json_string(key), canonical(member)) for key, member in value.items())
            return "{" + ",".join(f"{key}:{member}" for key, member in members) + "}"
        case list():
            return "[" + ",".join(map(canonical, value)) + "]"
        case str():
            return json_string(value)
        case _:
            return json.dumps(value)


def json_string(text: str) -> str:
    named = {'"': '\\"', "\\": "\\\\", "\b": "\\b", "\f": "\\f", "\n": "\\n", "\r": "\\r", "\t": "\\t"}
    return '"' + "".join(named.get(c) or (f"\\u{ord(c):04x}" if c < " " else c) for c in text) + '"'


def json_field(value: Any) -> bytes:
    """`value` is parsed JSON, or None for what is absent."""
    return ABSENT if value is None else text_field(canonical(value))


def turn(
    part: str, role: str, content: str | None, *, reasoning: str | None = None, calls: Any = None, media: Any = None
) -> bytes:
    return (
        PARTS[part]
        + text_field(role)
        + text_field(content)
        + text_field(reasoning)
        + json_field(calls)
        + json_field(media)
    )


def expected(*turns: bytes, tools: Any = None, label: bool | None = None) -> str:
    return xxhash.xxh3_128_hexdigest(json_field(tools) + LABELS[label] + b"".join(turns))


@pytest.fixture
def fingerprint(read_bytes):
    def of(record: object) -> str:
        text = record if isinstance(record, bytes) else json.dumps(record).encode()
        reading = read_bytes(text, lines=True)
        assert reading.reasons == [None]
        assert reading.samples[0]["fingerprint"] == reading.records[0]["fingerprint"]
        return reading.samples[0]["fingerprint"]

    return of


QA = (turn("main", "user", "q"), turn("main", "assistant", "a"))
MESSAGES = {"messages": [{"role": "user", "content": "q"}, {"role": "assistant", "content": "a"}]}


def test_bytes_hashed_for_one_turn_are_those_of_the_docs(fingerprint):
    by_hand = (
        b"\xff\xff\xff\xff\xff\xff\xff\xff"  # no tools
        b"-"  # no label
        b"\x00"  # part main
        b"\x04\0\0\0\0\0\0\0text"  # role
        b"\x02\0\0\0\0\0\0\0\xc3\xa9"  # content
        b"\xff\xff\xff\xff\xff\xff\xff\xff"  # no reasoning
        b"\xff\xff\xff\xff\xff\xff\xff\xff"  # no tool calls
        b"\xff\xff\xff\xff\xff\xff\xff\xff"  # no media
    )
    assert fingerprint({"text": "é"}) == xxhash.xxh3_128_hexdigest(by_hand)


@pytest.mark.parametrize(
    ("record", "hashed"),
    [
        (MESSAGES, expected(*QA)),
        ({"messages": []}, expected()),
        ({"prompt": "q", "completion": "a", "label": False}, expected(*QA, label=False)),
        ({"prompt": "q", "completion": "a", "label": True}, expected(*QA, label=True)),
        (
            {"prompt": "q", "chosen": "a", "rejected": "b"},
            expected(QA[0], turn("chosen", "assistant", "a"), turn("rejected", "assistant", "b")),
        ),
        (
            {"messages": [{"role": "assistant", "content": None, "reasoning_content": "r", "tool_calls": [{"b": 1, "a": "é\n\u2028\x7f"}]}]},
            expected(turn("main", "assistant", None, reasoning="r", calls=[{"a": "é\n\u2028\x7f", "b": 1}])),
        ),
        (
            {"messages": [{"role": "user", "content": [{"type": "image", "x": [1, True, None]}]}], "tools": '{"z": {}, "a": []}'},
            expected(turn("main", "user", None, media=[{"type": "image", "x": [1, True, None]}]), tools={"a": [], "z": {}}),
        ),
        ({"messages": [{"role": "user", "content": ""}]}, expected(turn("main", "user", ""))),
    ],
)  # fmt: skip
def test_fingerprint_is_the_hash_of_the_documented_layout(fingerprint, record, hashed):
    assert fingerprint(record) == hashed


def test_numbers_and_lone_surrogates_in_tools_keep_their_spelling(fingerprint):
    record = b'{"text":"t","messages":null,"tools":[1.0,1e999,-0,"\\uD800x"]}'.replace(
        b'"text":"t","messages":null', b'"messages":[]'
    )
    layout = text_field('[1.0,1e999,-0,"\\uD800x"]') + b"-"
    assert fingerprint(record) == xxhash.xxh3_128_hexdigest(layout)


def test_tools_that_are_no_json_count_as_they_stand(fingerprint):
    assert fingerprint({"messages": [], "tools": "f( )"}) == xxhash.xxh3_128_hexdigest(text_field("f( )") + b"-")


SAME = [
    {"conversations": [{"from": "human", "value": "q"}, {"from": "gpt", "value": "a"}]},
    {"instruction": "q", "input": "", "output": "a"},
    {"question": "q", "answer": "a"},
    {"prompt": "q", "completion": "a"},
    [{"role": "user", "content": "q"}, {"role": "assistant", "content": "a"}],
    {**MESSAGES, "id": 7, "metadata": {"x": 1}, "category": "c"},
    {"messages": [{"content": "q", "role": "user", "name": "n", "weight": 0}, {"content": [{"type": "text", "text": "a"}], "role": "assistant", "odd": 1}]},
    b' { "messages" : [ {"role":"\\u0075ser" , "content":"\\u0071"}, {"role":"assistant","content":"a","tool_calls":[]} ] }\r',
]  # fmt: skip


@pytest.mark.parametrize("record", SAME)
def test_format_metadata_key_order_and_spelling_do_not_count(fingerprint, record):
    assert fingerprint(record) == fingerprint(MESSAGES)


OTHER = [
    {"messages": [{"role": "user", "content": "qa"}, {"role": "assistant", "content": ""}]},
    {"messages": [{"role": "user", "content": "q"}, {"role": "assistant", "content": "a "}]},
    {"messages": [{"role": "assistant", "content": "q"}, {"role": "user", "content": "a"}]},
    {"messages": [{"role": "user", "content": "q"}]},
    {**MESSAGES, "label": True},
    {**MESSAGES, "tools": []},
    {"prompt": "q", "chosen": "a"},
    {"messages": [{"role": "user", "content": "q"}, {"role": "assistant", "content": None, "reasoning": "a"}]},
    {"messages": [{"role": "user", "content": "q"}, {"role": "assistant", "content": "a", "tool_calls": [1]}]},
    {"messages": [{"role": "user", "content": ["q", {"type": "image"}]}, {"role": "assistant", "content": "a"}]},
]


def test_what_a_sample_says_counts(fingerprint):
    prints = [fingerprint(record) for record in [MESSAGES, *OTHER]]
    assert len(set(prints)) == len(prints)


def test_order_and_white_space_inside_tool_json_do_not_count(fingerprint):
    one = {"messages": [], "tools": [{"a": 1, "b": {"c": "/", "d": []}}]}
    other = b'{"messages":[],"tools":"[ {\\"b\\": {\\"d\\":[ ], \\"c\\":\\"\\\\/\\"},\\n\\"a\\":1} ]"}'
    assert fingerprint(one) == fingerprint(other)


def test_unreadable_record_is_known_by_its_raw_bytes(read_bytes):
    content = b'  {"text":"a"\r\n \xff\xfe\n[1, 2]'
    raw = [b'{"text":"a"\r', b"\xff\xfe", b"[1, 2]"]
    reading = read_bytes(content, lines=True)
    assert [row["fingerprint"] for row in reading.records] == [xxhash.xxh3_128_hexdigest(text) for text in raw]


VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=4),
    max_leaves=8,
)


@settings(max_examples=200, deadline=None)
@given(content=st.none() | st.text(), tools=st.lists(VALUES, max_size=3), ascii_only=st.booleans(), label=st.booleans())
def test_fingerprint_of_any_sample_is_that_of_the_oracle(tmp_path_factory, content, tools, ascii_only, label):
    record = {"messages": [{"role": "user", "content": content}], "tools": tools, "label": label}
    path = tmp_path_factory.getbasetemp() / "any-sample"
    path.write_bytes(json.dumps(record, ensure_ascii=ascii_only).encode())
    batch = _core.SourceReader(str(path), lines=True).next()
    (found,) = pl.DataFrame(batch.samples)["fingerprint"]
    assert found == expected(turn("main", "user", content), tools=tools, label=label)
