"""Token counts per sample, by tokenizers small enough to count by hand: `bytes` has one token for every byte."""

import random
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pytest
from tunegate.errors import SignalError
from tunegate.signals import Batch, overflows, stored_samples, tokens
from tunegate.store_tables import ArrowStream
from tunegate.tokens.tokenizer import Tokenizer, load_tokenizer

TOKENIZERS = Path(__file__).parents[1] / "data" / "tokenizers"
BYTES = load_tokenizer(str(TOKENIZERS / "bytes.json"))
ALTERNATING = load_tokenizer(str(TOKENIZERS / "alternating"))

CHAT = [
    {"role": "system", "content": "Be brief."},
    {"role": "user", "content": "1+1?"},
    {"role": "assistant", "content": "2"},
    {"role": "user", "content": "é"},
    {"role": "assistant", "content": "four"},
]
TEXT = [{"role": "text", "content": "abcé"}]
PAIR = [
    {"role": "user", "content": "1+1?"},
    {"role": "assistant", "content": "2", "part": "chosen"},
    {"role": "assistant", "content": "three", "part": "rejected"},
]


def stored(samples: Batch, name: str = "messages") -> duckdb.DuckDBPyConnection:
    """A store that holds the samples, each a record of a.jsonl."""
    connection = duckdb.connect()
    connection.execute(files("tunegate").joinpath("schema.sql").read_text())
    for table, frame in (("samples", samples.samples), ("messages", samples.messages)):
        connection.register("incoming", ArrowStream(frame))
        connection.execute(f"insert into {table} by position from incoming")
    connection.execute("update samples set format = ?", [name])
    connection.execute("insert into records select sample_id, 'a.jsonl', sample_id + 1, 0, 0, null, null from samples")
    return connection


def counts(connection: duckdb.DuckDBPyConnection, tokenizer: Tokenizer = BYTES) -> dict[int, dict[str, Any]]:
    measured = tokens.measure(connection, tokens.settled({"tokenizer": tokenizer}))
    assert measured.schema == pl.Schema(tokens.WRITES)
    return {row.pop("sample_id"): row for row in measured.to_dicts()}


def cuts(connection: duckdb.DuckDBPyConnection, most: int, tokenizer: Tokenizer = BYTES) -> dict[int, dict[str, Any]]:
    made = tokens.measure(connection, tokens.settled({"tokenizer": tokenizer}))
    connection.register("incoming", ArrowStream(made))
    connection.execute("create or replace table signal_tokens as from incoming")
    measured = overflows.measure(connection, overflows.settled({"tokenizer": tokenizer, "max_length": most}))
    assert measured.schema == pl.Schema(overflows.WRITES)
    return {row.pop("sample_id"): row for row in measured.to_dicts()}


def row(prompt: int, response: int, tokens: int, trained: int, longest: int) -> dict[str, Any]:
    named = {"prompt": prompt, "response": response, "tokens": tokens, "trained": trained, "longest": longest}
    return {**named, "rendered": None, "fault": None}


def test_counts_are_sums_over_the_contents(batch):
    measured = counts(
        stored(
            batch(
                CHAT,
                TEXT,
                PAIR,
                [],
                [{"role": "user", "content": "1+1?"}],
                [
                    {"role": "user", "content": "a"},
                    {"role": "assistant", "content": None, "tool_calls": "[{}]"},
                    {"role": "tool", "content": "bb"},
                ],
                [{"role": "assistant", "content": "x", "part": "rejected"}],
                [{"role": "guest", "content": "zz"}, {"role": "narrator", "content": None}],
            )
        )
    )
    assert list(measured.items()) == [
        (10, row(prompt=7, response=4, tokens=20, trained=5, longest=20)),
        (11, row(prompt=0, response=5, tokens=5, trained=5, longest=5)),
        (12, row(prompt=4, response=1, tokens=10, trained=1, longest=9)),
        (13, row(prompt=0, response=0, tokens=0, trained=0, longest=0)),
        (14, row(prompt=4, response=0, tokens=4, trained=0, longest=4)),
        (15, row(prompt=1, response=0, tokens=3, trained=0, longest=3)),
        (16, row(prompt=0, response=0, tokens=1, trained=0, longest=1)),
        (17, row(prompt=2, response=0, tokens=2, trained=0, longest=2)),
    ]


def test_the_response_is_the_last_assistant_turn_of_the_chosen_branch(batch):
    turns = [
        {"role": "user", "content": "a"},
        {"role": "assistant", "content": "bb"},
        {"role": "user", "content": "ccc"},
        {"role": "assistant", "content": "dddd", "part": "chosen"},
        {"role": "user", "content": "eeeee", "part": "chosen"},
        {"role": "assistant", "content": "f", "part": "rejected"},
    ]
    assert counts(stored(batch(turns)))[10] == row(prompt=6, response=4, tokens=16, trained=6, longest=15)


def test_batches_of_any_size_give_the_same_counts(batch, monkeypatch: pytest.MonkeyPatch):
    connection = stored(batch(CHAT, PAIR, [], TEXT, CHAT))
    whole = counts(connection), cuts(connection, 4)
    monkeypatch.setattr(stored_samples, "SAMPLES_PER_BATCH", 2)
    assert (counts(connection), cuts(connection, 4)) == whole
    monkeypatch.setattr(stored_samples, "SAMPLES_PER_BATCH", 5)
    monkeypatch.setattr(stored_samples, "BYTES_PER_BATCH", 20)
    assert (counts(connection), cuts(connection, 4)) == whole


def test_long_samples_come_few_at_a_time(batch, monkeypatch: pytest.MonkeyPatch):
    connection = stored(batch(*[[{"role": "text", "content": "x" * 10}]] * 8))
    monkeypatch.setattr(stored_samples, "BYTES_PER_BATCH", 20)
    sizes = [len(one.samples) for one in stored_samples.stored_samples(connection)]
    assert sum(sizes) == 8
    assert max(sizes) <= 2


def test_a_conversation_is_counted_as_its_template_writes_it(batch):
    connection = stored(batch([{"role": "user", "content": "1+1?"}, {"role": "assistant", "content": "2"}], PAIR, CHAT))
    measured = counts(connection, ALTERNATING)
    assert measured[10]["rendered"] == len("<user>1+1?</s><assistant>2</s>")
    assert measured[11]["rendered"] == len("<user>1+1?</s><assistant>three</s>")
    assert (measured[12]["rendered"], measured[12]["fault"]) == (None, "refused")  # it begins with a system message
    assert measured[12]["longest"] == 20
    assert measured[10]["fault"] is None


def test_no_template_touches_a_plain_text(batch):
    measured = counts(stored(batch(TEXT), "text"), ALTERNATING)
    assert (measured[10]["rendered"], measured[10]["fault"]) == (5, None)


def test_what_no_template_can_render_is_a_fault_of_that_sample_alone(batch):
    turns = [{"role": "user", "content": "1+1?"}, {"role": "assistant", "content": "2"}]
    absent = [turns[0], {"role": "assistant", "content": None}]
    measured = counts(stored(batch(turns, turns, absent, turns, tools=[None, "[", None, "[]"])), ALTERNATING)
    assert [one["fault"] for one in measured.values()] == [None, "failed", "failed", None]
    assert [one["rendered"] for one in measured.values()] == [30, None, None, 30]


@pytest.mark.parametrize(
    ("template", "said"),
    [
        (
            "{% if messages[0].role == 'system' %}{{ 'x' * 1000000000 }}{% endif %}",
            r"a\.jsonl:12: .* text or a list of more",
        ),
        ("{% for message in %}", r"^(?!a\.jsonl).* is no valid Jinja"),
        ("{{ messages | no_filter }}", r"^(?!a\.jsonl).* is no valid Jinja"),
        ("{% for a in [1] %}" * 30 + "{% endfor %}" * 30, r"^(?!a\.jsonl).* is no valid Jinja"),  # Python takes 20
        ("{% if 1 %}" * 300 + "{% endif %}" * 300, r"^(?!a\.jsonl).* is no valid Jinja"),
    ],
)
def test_a_template_that_cannot_be_used_is_an_error(batch, tmp_path: Path, template: str, said: str):
    (tmp_path / "tokenizer.json").write_bytes((TOKENIZERS / "bytes.json").read_bytes())
    (tmp_path / "chat_template.jinja").write_text(template)
    with pytest.raises(SignalError, match=said):
        counts(stored(batch(PAIR, CHAT)), load_tokenizer(str(tmp_path)))


def test_without_a_tokenizer_nothing_is_counted(batch):
    with pytest.raises(SignalError, match="tokens cannot be counted without a tokenizer; name one with --tokenizer"):
        tokens.measure(stored(batch(TEXT)), {})


def cut(turn: int | None, part: str | None, tokens: int, over: int, cut: int, left: int) -> Mapping[str, Any]:
    measured = {"tokens": tokens, "tokens_over": over, "trained_cut": cut, "trained_left": left}
    return {"turn": turn, "part": part, **measured}


@pytest.mark.parametrize(
    ("most", "found"),
    [
        (20, None),  # the contents have 9, 4, 1, 2 and 4 tokens
        (19, cut(4, "main", 20, 1, cut=1, left=4)),
        (15, cut(3, "main", 20, 5, cut=4, left=1)),
        (14, cut(3, "main", 20, 6, cut=4, left=1)),
        (13, cut(2, "main", 20, 7, cut=5, left=0)),
        (1, cut(0, "main", 20, 19, cut=5, left=0)),
    ],
)
def test_a_sample_is_cut_at_its_right_end(batch, most: int, found: Mapping[str, Any] | None):
    assert cuts(stored(batch(CHAT)), most).get(10) == found


def test_a_text_loses_its_end_only(batch):
    assert cuts(stored(batch(TEXT, [])), 4) == {10: cut(0, "main", 5, 1, cut=1, left=4)}


def test_of_a_pair_the_longer_branch_is_looked_at_and_the_chosen_one_of_equals(batch):
    equal = [PAIR[0], PAIR[1], {**PAIR[2], "content": "3"}]
    assert cuts(stored(batch(PAIR, equal)), 4) == {
        10: cut(1, "rejected", 9, 5, cut=5, left=0),
        11: cut(1, "chosen", 5, 1, cut=1, left=0),
    }


def test_an_answer_within_the_prompt_of_a_pair_is_not_trained_on(batch):
    turns = [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}, PAIR[1], PAIR[2]]
    assert cuts(stored(batch(turns)), 3) == {10: cut(2, "rejected", 7, 4, cut=4, left=1)}


def test_where_only_the_template_is_too_much_no_content_is_said_to_be_cut(batch):
    turns = [{"role": "user", "content": "1+1?"}, {"role": "assistant", "content": "2"}]
    assert cuts(stored(batch(turns)), 20, ALTERNATING) == {10: cut(None, None, 30, 10, cut=0, left=1)}


def laid_out(turns: list[dict[str, Any]], branch: str) -> list[bool]:
    """For each byte of a branch, whether it is trained on."""
    kept = [turn for turn in turns if turn.get("part", "main") in ("main", branch)]
    return [
        turn["role"] == "assistant" and turn.get("part", "main") == branch
        for turn in kept
        for _ in turn["content"].encode()
    ]


def test_random_samples_are_cut_as_their_bytes_laid_end_to_end(batch):
    chance = random.Random(5)
    samples = [
        [
            {"role": chance.choice(["user", "assistant"]), "content": "é" * chance.randint(0, 3), "part": part}
            for part in chance.choice([["main"], ["main", "chosen"], ["main", "chosen", "rejected"]])
            for _ in range(chance.randint(1, 3))
        ]
        for _ in range(200)
    ]
    expected = {}
    for sample_id, turns in enumerate(samples, 10):
        branches = list(dict.fromkeys(turn["part"] for turn in turns))[1:] or ["main"]
        longest = max((laid_out(turns, branch) for branch in branches), key=len)
        if len(longest) > 8:
            expected[sample_id] = (len(longest), sum(longest[8:]), sum(longest[:8]))
    found = cuts(stored(batch(*samples)), 8)
    assert {i: (cut["tokens"], cut["trained_cut"], cut["trained_left"]) for i, cut in found.items()} == expected
    assert len(expected) > 50
