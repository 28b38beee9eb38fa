"""Each shipped check's SQL on hand-made tables: who offends is written by hand, on one thread and on four."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pytest
import yaml

GATES = Path(__file__).parents[1] / "gates"
FILES = {path.name.split("-")[0]: path for path in sorted(GATES.glob("*/*-*.yaml"))}

SCHEMA = """
create table records(record_id bigint, source varchar, line bigint, byte_offset bigint, byte_length bigint,
  fingerprint varchar, reason varchar);
create table samples(sample_id bigint, format varchar, category varchar, difficulty varchar, split varchar,
  tools varchar, label boolean, metadata varchar, fingerprint varchar);
create table messages(sample_id bigint, turn integer, part varchar, role varchar, content varchar,
  reasoning varchar, tool_calls varchar, tool_call_id varchar, name varchar, weight double, media varchar,
  extra varchar);
create type branch as enum ('main', 'chosen', 'rejected');
create table signal_blanks(sample_id bigint, blank_turns uinteger, turn integer, part branch,
  role enum ('system', 'user', 'assistant', 'tool', 'text', 'other'));
create table signal_template_leaks(sample_id bigint, leaks uinteger, turn integer, part branch,
  marker enum ('[INST]', '### Response:'), start uinteger, "end" uinteger);
create table signal_broken_text(sample_id bigint, mojibake uinteger, control uinteger, zero_width uinteger,
  replacement uinteger, turn integer, part branch,
  kind enum ('mojibake', 'control', 'zero-width', 'replacement'), start uinteger, "end" uinteger);
create table signal_tool_calls(sample_id bigint, calls uinteger, broken uinteger, turn integer, part branch,
  fault enum ('undeclared-tool', 'arguments-not-json'));
create table signal_role_order(sample_id bigint, turn integer, part branch,
  fault enum ('same role twice', 'tool without assistant'));
create table signal_preference(sample_id bigint, pair boolean, fault enum ('identical', 'rejected-blank'),
  turn integer, part enum ('chosen', 'rejected'));
create table sources(source varchar, role varchar, bytes bigint, sha256 varchar);
create table signal_near_copies(sample_id bigint, earlier_sample_id bigint, similarity double, is_exact boolean);
create table signal_leaks(sample_id bigint, other_sample_id bigint, similarity double);
create table signal_contamination(sample_id bigint, item_sample_id bigint, containment double, similarity double,
  exact boolean, items bigint);
create table signal_twins(sample_id bigint, other_sample_id bigint, prompt_similarity double,
  response_similarity double, is_label boolean);
create table signal_tokens(sample_id bigint, prompt bigint, response bigint, tokens bigint, trained bigint,
  longest bigint, rendered bigint, fault enum ('refused', 'failed'));
create table signal_overflows(sample_id bigint, turn integer, part branch, tokens bigint, tokens_over bigint,
  trained_cut bigint, trained_left bigint);
create table signal_balance(sample_id bigint, axis varchar, cell varchar, a varchar, b varchar);
"""


@dataclass(frozen=True)
class Turn:
    role: str
    content: str | None = "text"
    part: str = "main"
    tool_calls: str | None = None
    media: str | None = None
    extra: str | None = None


@dataclass(frozen=True)
class Sample:
    turns: Sequence[Turn] = (Turn("user"), Turn("assistant"))
    format: str = "messages"
    source: str = "a.jsonl"
    category: str | None = None
    tools: str | None = None
    fingerprint: str | None = None
    reason: str | None = None


def tables(*samples: Sample) -> duckdb.DuckDBPyConnection:
    """A store of these records, ids from 0 in this order; one with a reason is a record only."""
    connection = duckdb.connect()
    connection.execute(SCHEMA)
    for number, sample in enumerate(samples):
        fingerprint = sample.fingerprint or f"{number:032x}"
        insert(connection, "records", [number, sample.source, number + 1, 0, 0, fingerprint, sample.reason])
        if sample.reason is None:
            row = [number, sample.format, sample.category, None, None, sample.tools, None, None, fingerprint]
            insert(connection, "samples", row)
            insert_turns(connection, number, sample.turns)
    return connection


def insert_turns(connection: duckdb.DuckDBPyConnection, sample_id: int, turns: Sequence[Turn]) -> None:
    """Number the turns as the reader does: chosen and rejected both count on from the last main turn."""
    main = sum(turn.part == "main" for turn in turns)
    following = {"main": 0, "chosen": main, "rejected": main}
    for turn in turns:
        number = following[turn.part]
        following[turn.part] += 1
        row = [sample_id, number, turn.part, turn.role, turn.content, None, turn.tool_calls, None, None, None]
        insert(connection, "messages", [*row, turn.media, turn.extra])


def insert(connection: duckdb.DuckDBPyConnection, table: str, row: Sequence[object]) -> None:
    connection.execute(f"insert into {table} values ({', '.join('?' * len(row))})", row)


def rows(connection: duckdb.DuckDBPyConnection, sql: str, parameters: Mapping[str, object]) -> list[dict[str, Any]]:
    """The answer in its own order, the same on one thread and on four."""
    answers = []
    for threads in (1, 4):
        connection.execute(f"set threads = {threads}")
        cursor = connection.execute(sql, dict(parameters) or None)
        names = [column[0] for column in cursor.description or ()]
        answers.append([dict(zip(names, row, strict=True)) for row in cursor.fetchall()])
    one, four = answers
    assert one == four
    return one


def check(check_id: str) -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load(FILES[check_id].read_text(encoding="utf-8"))
    return loaded


def offenders(check_id: str, connection: duckdb.DuckDBPyConnection) -> dict[int, dict[str, Any]]:
    """Offending sample ids with their detail; a sample stands in one row only."""
    sql, params = check(check_id)["rows"], check(check_id).get("params", {})
    found = rows(connection, f"select * from ({sql}) order by sample_id", params)
    by_sample = {row.pop("sample_id"): row for row in found}
    assert len(by_sample) == len(found)
    return by_sample


def population(check_id: str, connection: duckdb.DuckDBPyConnection) -> set[int]:
    sql = check(check_id)["population"]
    return {row["sample_id"] for row in rows(connection, f"select * from ({sql}) order by sample_id", {})}


def slices(check_id: str, connection: duckdb.DuckDBPyConnection, **parameters: object) -> list[dict[str, Any]]:
    loaded = check(check_id)
    return rows(connection, loaded["value"], {**loaded.get("params", {}), **parameters})


def test_unreadable_records_offend_and_readable_ones_do_not():
    store = tables(Sample(), Sample(reason="trailing comma"), Sample())
    assert offenders("Q101", store) == {1: {}}
    assert check("Q101")["population"] == "records"


def test_samples_outside_the_most_common_format_of_their_source_offend():
    store = tables(
        Sample(format="sharegpt"),
        Sample(),
        Sample(),
        Sample(format="alpaca", source="b.jsonl"),
        Sample(reason="not a record"),
    )
    assert offenders("Q102", store) == {0: {"found": "sharegpt", "expected": "messages"}}


def test_on_a_tie_the_format_seen_first_is_the_expected_one():
    store = tables(Sample(format="kto"), Sample(format="text"), Sample(format="text"), Sample(format="kto"))
    assert set(offenders("Q102", store)) == {1, 2}


def test_a_format_this_check_has_no_word_for_is_called_other():
    store = tables(Sample(), Sample(), Sample(format="parquet_chat"))
    assert offenders("Q102", store) == {2: {"found": "other", "expected": "messages"}}


def test_misplaced_turns_offend_with_their_first_place():
    store = tables(Sample(), Sample())
    insert(store, "signal_role_order", [0, None, None, None])
    insert(store, "signal_role_order", [1, 2, "chosen", "same role twice"])
    assert offenders("Q103", store) == {1: {"turn": 2, "part": "chosen", "fault": "same role twice"}}


@pytest.mark.parametrize("check_id", ["Q103", "Q104", "Q105"])
def test_plain_text_is_no_part_of_the_population_of_checks_on_turns(check_id):
    store = tables(Sample([Turn("text")], format="text"), Sample())
    assert population(check_id, store) == {1}
    assert offenders(check_id, store) == {}


def test_an_unknown_role_fails_and_an_unknown_field_warns():
    store = tables(
        Sample(),
        Sample([Turn("moderator"), Turn("user"), Turn("assistant")]),
        Sample([Turn("user"), Turn("assistant", extra='{"raiting": 5}')]),
    )
    main = {"part": "main"}
    assert offenders("Q104", store) == {
        1: {"severity": "fail", "kind": "unknown role", "turn": 0, **main},
        2: {"severity": "warn", "kind": "unknown field", "turn": 1, **main},
    }


def test_an_unknown_role_is_reported_before_an_earlier_unknown_field():
    turns = [Turn("user", extra="{}"), Turn("assistant"), Turn("critic", part="rejected")]
    expected = {"severity": "fail", "kind": "unknown role", "turn": 2, "part": "rejected"}
    assert offenders("Q104", tables(Sample(turns, format="preference"))) == {0: expected}


def test_of_two_branches_with_the_same_turn_number_the_chosen_one_is_reported():
    turns = [Turn("user"), Turn("judge", part="rejected"), Turn("critic", part="chosen")]
    assert offenders("Q104", tables(Sample(turns, format="preference")))[0]["part"] == "chosen"


def test_text_is_an_unknown_role_in_a_conversation():
    assert set(offenders("Q104", tables(Sample([Turn("text"), Turn("assistant")])))) == {0}


@pytest.mark.parametrize(
    ("turns", "turn", "fault"),
    [
        ([Turn("user")], 0, "ends with user"),
        ([Turn("user"), Turn("assistant"), Turn("user")], 2, "ends with user"),
        ([Turn("user"), Turn("assistant", tool_calls="[{}]"), Turn("tool")], 2, "ends with tool"),
        ([Turn("system")], 0, "ends with system"),
        ([Turn("user"), Turn("narrator")], 1, "ends with another role"),
        ([Turn("user"), Turn("assistant", None)], 1, "content absent"),
        ([Turn("user"), Turn("assistant", None, tool_calls="[]")], 1, "content absent"),
        ([Turn("user"), Turn("assistant", None, tool_calls="[\n]")], 1, "content absent"),
        (
            [Turn("user"), Turn("assistant", None, part="chosen"), Turn("assistant", part="rejected")],
            1,
            "content absent",
        ),
        ([Turn("user"), Turn("assistant", part="rejected")], 0, "ends with user"),
        ([], None, "no turn"),
        ([Turn("assistant", part="rejected")], None, "no turn"),
    ],
)
def test_a_sample_without_a_response_names_how_it_ends(turns, turn, fault):
    part = None if turn is None else next(t.part for t in turns[::-1] if t.part != "rejected")
    assert offenders("Q105", tables(Sample(turns), Sample())) == {0: {"turn": turn, "part": part, "fault": fault}}


@pytest.mark.parametrize(
    "turns",
    [
        [Turn("user"), Turn("assistant")],
        [Turn("user"), Turn("assistant", "")],
        [Turn("user"), Turn("assistant", None, tool_calls='[{"type": "function"}]')],
        [Turn("user"), Turn("assistant", None, media='[{"type": "image_url"}]')],
        [Turn("user"), Turn("assistant", None), Turn("user"), Turn("assistant")],
        [
            Turn("user"),
            Turn("assistant", part="chosen"),
            Turn("user", part="rejected"),
            Turn("user", part="rejected"),
        ],
    ],
)
def test_a_response_that_is_said_called_or_shown_is_present(turns):
    assert offenders("Q105", tables(Sample(turns))) == {}


def test_blank_turns_offend_with_their_first_place():
    store = tables(Sample(), Sample())
    insert(store, "signal_blanks", [0, 0, None, None, None])
    insert(store, "signal_blanks", [1, 2, 3, "main", "user"])
    assert offenders("Q106", store) == {1: {"turn": 3, "part": "main", "role": "user", "blank_turns": 2}}


def test_template_leaks_offend_with_marker_and_offsets():
    store = tables(Sample(), Sample())
    insert(store, "signal_template_leaks", [0, 0, None, None, None, None, None])
    insert(store, "signal_template_leaks", [1, 1, 1, "chosen", "[INST]", 4, 10])
    expected = {"turn": 1, "part": "chosen", "marker": "[INST]", "start": 4, "end": 10, "leaking_turns": 1}
    assert offenders("Q107", store) == {1: expected}


@pytest.mark.parametrize("kind", ["mojibake", "control", "zero-width", "replacement"])
def test_one_broken_character_of_any_kind_offends(kind):
    store = tables(Sample(), Sample())
    kinds = ["mojibake", "control", "zero-width", "replacement"]
    insert(store, "signal_broken_text", [0, 0, 0, 0, 0, None, None, None, None, None])
    insert(store, "signal_broken_text", [1, *(int(kind == one) for one in kinds), 0, "main", kind, 2, 3])
    found = offenders("Q108", store)
    assert found.keys() == {1}
    assert (found[1]["kind"], found[1]["start"], found[1]["end"]) == (kind, 2, 3)


def test_broken_calls_offend_among_the_samples_that_have_to_do_with_tools():
    store = tables(
        Sample(),
        Sample(tools="[]"),
        Sample([Turn("user"), Turn("assistant", tool_calls="[{}]")]),
        Sample([Turn("user"), Turn("tool"), Turn("assistant")]),
    )
    for row in ([0, 0, 0, None, None, None], [2, 1, 1, 1, "main", "undeclared-tool"]):
        insert(store, "signal_tool_calls", row)
    assert population("Q109", store) == {1, 2, 3}
    expected = {"turn": 1, "part": "main", "fault": "undeclared-tool", "broken": 1, "calls": 1}
    assert offenders("Q109", store) == {2: expected}


def prompted(text: str | None, category: str | None = None) -> Sample:
    system = [Turn("system", text)] if text is not None else []
    return Sample([*system, Turn("user"), Turn("assistant")], category=category)


def variants(slice_name: str, value: int, n: int, without: int) -> dict[str, Any]:
    return {"slice": slice_name, "value": value, "n": n, "without_system_prompt": without}


def test_system_prompts_are_counted_once_per_wording_and_category():
    store = tables(
        prompted("a", "refunds"),
        prompted("a", "refunds"),
        prompted("b", "refunds"),
        prompted("a", "login"),
        prompted(None),
    )
    assert slices("Q110", store) == [
        variants("login", 1, 1, 0),
        variants("no category", 0, 1, 1),
        variants("refunds", 2, 3, 0),
    ]


def test_without_categories_all_conversations_are_one_slice():
    store = tables(prompted("a"), prompted("b"), prompted(None), Sample([Turn("text")], format="text"))
    assert slices("Q110", store) == [variants("all", 2, 3, 1)]


def test_a_store_of_plain_text_has_no_system_prompt_to_judge():
    assert slices("Q110", tables(Sample([Turn("text")], format="text"))) == []


def test_faulty_pairs_offend_among_the_pairs():
    store = tables(Sample(), Sample(), Sample(), Sample())
    for row in ([0, False], [1, True, "identical"], [2, True], [3, True, "rejected-blank", 1, "rejected"]):
        insert(store, "signal_preference", [*row, None, None, None][:5])
    assert population("Q111", store) == {1, 2, 3}
    assert offenders("Q111", store) == {
        1: {"turn": None, "part": None, "fault": "identical"},
        3: {"turn": 1, "part": "rejected", "fault": "rejected-blank"},
    }


def balanced(counts: Mapping[str, int | Mapping[str, int]], unlabelled: int = 0) -> duckdb.DuckDBPyConnection:
    """One axis `category` from plain counts, or the axis `category*difficulty` from counts per category."""
    store = tables()
    for a, count in counts.items():
        cells = [(a, None, count)] if isinstance(count, int) else [(a, b, n) for b, n in count.items()]
        for category, difficulty, n in cells:
            axis = "category" if difficulty is None else "category*difficulty"
            cell = category if difficulty is None else f"{category} * {difficulty}"
            for _ in range(n):
                insert(store, "signal_balance", [0, axis, cell, category, difficulty])
    samples = "insert into samples (sample_id) select i from range((select count(*) from signal_balance) + ?) t(i)"
    store.execute(samples, [unlabelled])
    return store


def counted(check_id: str, store: duckdb.DuckDBPyConnection, **parameters: object) -> list[dict[str, Any]]:
    """The slices that any sample has a value for."""
    return [row for row in slices(check_id, store, **parameters) if row["n"]]


def test_the_dominant_category_is_measured_by_its_share():
    expected = {"slice": "category", "value": 0.75, "n": 8, "label": "refunds", "cells": 2, "unlabelled": None}
    assert counted("Q501", balanced({"login": 2, "refunds": 6})) == [expected]


def test_of_two_equally_large_categories_the_alphabetically_first_is_named():
    expected = {"slice": "category", "value": 0.5, "n": 4, "label": "a", "cells": 2, "unlabelled": None}
    assert counted("Q501", balanced({"b": 2, "a": 2})) == [expected]


def test_one_category_alone_has_all_the_share_and_no_entropy():
    store = balanced({"refunds": 5})
    assert [row["value"] for row in counted("Q501", store)] == [1.0]
    assert [row["value"] for row in counted("Q502", store)] == [0.0]


def test_equal_categories_have_the_entropy_one_however_many_they_are():
    for cells in (2, 3, 7):
        (row,) = counted("Q502", balanced({str(number): 4 for number in range(cells)}))
        # 12 significant digits are what a measurement keeps
        assert row["value"] == pytest.approx(1.0, rel=1e-12)
        assert (row["n"], row["cells"]) == (4 * cells, cells)


def test_entropy_is_shannons_over_the_logarithm_of_the_number_of_categories():
    (row,) = counted("Q502", balanced({"a": 2, "b": 1, "c": 1}))
    # halves and quarters: 1.5 bits of at most log2(3) bits
    assert row["value"] == pytest.approx(1.5 / math.log2(3), rel=1e-12)
    assert row["label"] == "a"


def test_axes_are_judged_apart_and_listed_by_name():
    store = balanced({"x": {"hard": 1, "easy": 1}})
    insert(store, "signal_balance", [0, "category", "x", "x", None])
    for check_id in ("Q501", "Q502", "Q503"):
        assert [row["slice"] for row in counted(check_id, store)] == ["category", "category*difficulty"]


def small(**values: object) -> dict[str, Any]:
    return {"slice": "category", "label": None, "small_cells": 0, "unlabelled": None, **values}


def test_the_smallest_cell_is_named_and_the_small_ones_are_counted():
    (row,) = counted("Q503", balanced({"a": 9, "b": 10, "c": 3, "d": 3}))
    assert row == small(value=3, n=25, label="c", small_cells=3, cells=4)


def test_ten_samples_are_no_small_cell():
    (row,) = counted("Q503", balanced({"a": 10, "b": 11}))
    assert row == small(value=10, n=21, label="a", cells=2)


def test_the_size_of_a_small_cell_is_a_parameter():
    (row,) = counted("Q503", balanced({"a": 10, "b": 11}), minimum=11)
    assert row["small_cells"] == 1


def test_a_combination_that_never_occurs_counts_as_zero():
    (row,) = counted("Q503", balanced({"sums": {"easy": 12, "hard": 12}, "products": {"easy": 12}}))
    assert row == small(slice="category*difficulty", value=0, n=36, small_cells=1, cells=4)


def test_a_cross_whose_combinations_all_occur_is_judged_by_its_smallest():
    (row,) = counted("Q503", balanced({"sums": {"easy": 12, "hard": 4}, "products": {"easy": 12, "hard": 12}}))
    assert (row["value"], row["label"], row["small_cells"], row["cells"]) == (4, "sums * hard", 1, 4)


@pytest.mark.parametrize("check_id", ["Q501", "Q502", "Q503"])
def test_samples_without_a_value_are_counted_in_their_slice(check_id):
    (row,) = counted(check_id, balanced({"a": 3, "b": 3}, unlabelled=5))
    assert (row["n"], row["cells"], row["unlabelled"]) == (6, 2, 5)


@pytest.mark.parametrize("check_id", ["Q501", "Q502", "Q503"])
def test_category_and_difficulty_are_listed_also_when_no_sample_has_them(check_id):
    store = balanced({"a": 3, "b": 3})
    store.execute("update signal_balance set axis = 'region'")
    absent = {"value": None, "n": 0, "label": None, "cells": 0, "unlabelled": 6}
    rows = [{key: row[key] for key in ("slice", *absent)} for row in slices(check_id, store)]
    assert rows[:2] == [{"slice": "category", **absent}, {"slice": "difficulty", **absent}]
    assert [row["slice"] for row in rows[2:]] == ["region"]


@pytest.mark.parametrize("check_id", ["Q501", "Q502", "Q503"])
def test_without_categories_there_is_nothing_to_balance(check_id):
    assert [row["value"] for row in slices(check_id, tables(Sample()))] == [None, None]


PAIR = (Turn("user"), Turn("assistant", part="chosen"), Turn("assistant", part="rejected"))


@pytest.mark.parametrize(("pairs", "value"), [(False, 3), (True, 1)])
def test_effective_volume_counts_different_samples_and_for_dpo_only_pairs(pairs, value):
    store = tables(
        Sample(fingerprint="a"),
        Sample(fingerprint="a"),
        Sample(PAIR, fingerprint="b"),
        Sample(PAIR, fingerprint="b"),
        Sample([Turn("user"), Turn("assistant", part="chosen")], fingerprint="c"),
        Sample(fingerprint="d", reason="bad JSON"),
    )
    assert slices("Q601", store, pairs=pairs) == [{"value": value, "n": 5}]


def test_every_method_has_a_band_and_says_where_it_comes_from():
    cases = check("Q601")["cases"]
    bands = {name: (case["lower"], case["upper"], case["pairs"]) for name, case in cases.items()}
    assert bands == {
        "lora": (100, 10_000, False),
        "qlora": (100, 10_000, False),
        "full": (10_000, None, False),
        "dpo": (5_000, 50_000, True),
        "distillation": (50_000, None, False),
    }
    assert all("practitioner" in case["note"] and "5-10 times" in case["note"] for case in cases.values())
    assert "5,000-50,000" in cases["full"]["note"]
    assert "500-1,000" in cases["lora"]["note"]


@pytest.mark.parametrize(
    ("samples", "expected"),
    [
        (1, "too few"),
        (49, "too few"),
        (50, "minimal"),
        (99, "minimal"),
        (100, "small"),
        (499, "small"),
        (500, "noticeable"),
        (999, "noticeable"),
        (1_000, "strong"),
        (10_000, "strong"),
        (10_001, "diminishing"),
    ],
)
def test_the_expected_outcome_follows_the_number_of_different_samples(samples, expected):
    store = tables()
    store.execute(f"insert into samples (sample_id, fingerprint) select i, i from range({samples}) as t(i)")
    store.execute("insert into samples (sample_id, fingerprint) values (-1, 0)")
    assert slices("Q602", store) == [{"value": samples, "n": samples, "expected": expected}]


def test_the_first_of_exact_copies_is_kept_and_later_ones_point_to_it():
    store = tables(*(Sample(fingerprint=letter) for letter in "abacba"))
    first = {sample_id: row["first_sample_id"] for sample_id, row in offenders("D101", store).items()}
    assert first == {2: 0, 4: 1, 5: 0}


def test_near_copies_from_the_threshold_on_offend_unless_they_are_exact():
    store = tables()
    for row in ([1, 0, 0.8, False], [2, 0, 0.79999, False], [3, 0, 1.0, True], [4, 1, 1.0, False]):
        insert(store, "signal_near_copies", row)
    assert offenders("D102", store) == {
        1: {"earlier_sample_id": 0, "similarity": 0.8},
        4: {"earlier_sample_id": 1, "similarity": 1.0},
    }


def test_leaks_from_the_threshold_on_offend():
    store = tables()
    insert(store, "signal_leaks", [1, 7, 0.80004])
    insert(store, "signal_leaks", [2, 8, 0.79])
    assert offenders("D103", store) == {1: {"other_sample_id": 7, "similarity": 0.8}}


@pytest.mark.parametrize(
    ("splits", "role", "judged"),
    [
        (["train", "train", None], "data", set()),
        ([None, None, None], "data", set()),
        (["train", "test", None], "data", {0, 1}),
        (["train", "train", None], "against", {0, 1, 2}),
        ([None, None, None], "eval", set()),
    ],
)
def test_leakage_is_judged_where_there_is_another_side(splits, role, judged):
    store = tables()
    insert(store, "sources", ["a.jsonl", role, 0, ""])
    for number, split in enumerate(splits):
        store.execute("insert into samples (sample_id, split) values (?, ?)", [number, split])
    assert population("D103", store) == judged


def test_samples_that_hold_enough_of_an_item_offend():
    store = tables(Sample(), Sample())
    for row in (
        [1, 9, 0.7, 0.1, False, 2],
        [2, 9, 0.69, 0.79, False, 1],
        [3, 8, 0.69, 0.8, False, 1],
        [4, 8, 1, 1, True, 1],
    ):
        insert(store, "signal_contamination", row)
    found = offenders("D104", store)
    assert {sample_id: row["item_sample_id"] for sample_id, row in found.items()} == {1: 9, 3: 8, 4: 8}
    assert {name: found[1][name] for name in ("containment", "containment_limit", "similarity", "similarity_limit", "items")} == {
        "containment": 0.7, "containment_limit": 0.7, "similarity": 0.1, "similarity_limit": 0.8, "items": 2,
    }  # fmt: skip
    assert population("D104", store) == set()
    insert(store, "sources", ["items.jsonl", "eval", 0, ""])
    assert population("D104", store) == {0, 1}


def test_unlike_responses_to_one_prompt_warn_and_unlike_labels_fail():
    store = tables()
    for row in ([1, 0, 1.0, 0.0, True], [2, 0, 1.0, 0.09, False], [3, 0, 1.0, 0.1, True], [4, 0, 0.99, 0.0, True]):
        insert(store, "signal_twins", row)
    severity = {sample_id: row["severity"] for sample_id, row in offenders("D105", store).items()}
    assert severity == {1: "fail", 2: "warn"}


def test_samples_that_are_cut_offend_and_those_of_which_no_response_is_left():
    store = tables()
    insert(store, "signal_overflows", [0, 3, "main", 20, 5, 4, 1])
    insert(store, "signal_overflows", [1, 0, "rejected", 20, 13, 5, 0])
    insert(store, "signal_overflows", [2, None, None, 20, 4, 0, 0])  # only what a template adds is too much
    detail = {"turn": 0, "part": "rejected", "tokens": 20, "tokens_over": 13, "trained_cut": 5}
    assert set(offenders("Q112", store)) == {0, 1, 2}
    assert offenders("Q112", store)[1] == {**detail, "trained_left": 0}
    assert offenders("Q113", store) == {1: detail}


def test_a_sample_without_a_response_has_none_to_lose():
    store = tables()
    insert(store, "signal_tokens", [0, 4, 0, 4, 0, 4, None, None])
    insert(store, "signal_tokens", [1, 4, 1, 5, 1, 5, None, None])
    assert population("Q113", store) == {1}


def test_refused_conversations_offend_among_those_that_have_a_template():
    store = tables(Sample(), Sample(), Sample(), Sample([Turn("text")], format="text"))
    insert(store, "signal_tokens", [0, 4, 1, 5, 1, 5, None, None])
    insert(store, "signal_tokens", [1, 4, 1, 5, 1, 5, 9, None])
    insert(store, "signal_tokens", [2, 4, 1, 5, 1, 5, None, "failed"])
    insert(store, "signal_tokens", [3, 0, 5, 5, 5, 5, 5, None])
    assert population("Q114", store) == {1, 2}
    assert offenders("Q114", store) == {2: {"fault": "failed"}}


def test_tokens_are_summed_and_lengths_are_rendered_ones_where_known():
    store = tables()
    for sample_id, (tokens, trained, rendered) in enumerate([(5, 1, None), (10, 0, 35), (20, 8, None), (41, 10, 66)]):
        insert(store, "signal_tokens", [sample_id, 0, 0, tokens, trained, tokens, rendered, None])
    assert slices("Q603", store) == [{"value": 76, "n": 4, "tokens_per_sample": 19.0, "trained_tokens": 19}]
    assert slices("Q604", store) == [{"value": 0.25, "n": 4, "untrained_samples": 1}]
    assert slices("Q605", store) == [{"value": 20, "n": 4, "p90": 66, "p99": 66, "longest": 66}]


def test_without_samples_no_tokens_are_measured():
    for check_id in ("Q603", "Q604", "Q605"):
        (measured,) = slices(check_id, tables())
        assert (measured["value"], measured["n"]) == (None, 0)


def test_every_check_has_a_test_of_its_sql_here():
    text = Path(__file__).read_text(encoding="utf-8")
    assert [check_id for check_id in FILES if f'"{check_id}"' not in text] == []


@pytest.fixture(scope="module")
def large() -> Iterator[duckdb.DuckDBPyConnection]:
    """140,000 samples with faults of every kind: more than one row group, so that four threads have work."""
    connection = tables()
    connection.execute("""
        insert into records
          select i, 'file' || (i // 50000), i, 0, 0, md5((i - (i % 17 = 0)::int)::varchar),
            if(i % 5000 = 3, 'bad', null)
          from range(140000) as t(i);
        insert into samples
          select record_id, if(record_id % 997 = 1, 'sharegpt', 'messages'), 'c' || record_id % 11,
            null, null, if(record_id % 20 = 0, '[]', null), null, null, fingerprint
          from records where reason is null;
        insert into messages (sample_id, turn, part, role, content, extra)
          select sample_id, 0, 'main', 'system', 'prompt ' || sample_id % 40, null
            from samples where sample_id % 3 = 0
          union all
          select sample_id, (sample_id % 3 = 0)::int, 'main', if(sample_id % 1999 = 0, 'guest', 'user'),
            'ask', null from samples
          union all
          select sample_id, 1 + (sample_id % 3 = 0)::int, if(sample_id % 10 = 0, 'chosen', 'main'),
            if(sample_id % 499 = 0, 'user', 'assistant'), if(sample_id % 991 = 0, null, 'say'),
            if(sample_id % 1009 = 0, '{}', null) from samples
          union all
          select sample_id, 1 + (sample_id % 3 = 0)::int, 'rejected', 'assistant', 'no', null
            from samples where sample_id % 10 = 0;
        insert into signal_blanks
          select sample_id, (sample_id % 500 = 0)::int, 0, 'main', 'user' from samples;
        insert into signal_template_leaks
          select sample_id, (sample_id % 500 = 0)::int, 0, 'main', '[INST]', 0, 6 from samples;
        insert into signal_broken_text
          select sample_id, 0, 0, (sample_id % 500 = 0)::int, 0, 0, 'main', 'zero-width', 0, 1 from samples;
        insert into signal_tool_calls
          select sample_id, 1, (sample_id % 500 = 0)::int, 0, 'main', 'undeclared-tool' from samples;
        insert into signal_role_order
          select sample_id, 0, 'main', if(sample_id % 500 = 0, 'same role twice', null) from samples;
        insert into signal_preference
          select sample_id, sample_id % 10 = 0, if(sample_id % 500 = 0, 'identical', null), null, null
          from samples;
        insert into signal_near_copies
          select sample_id, sample_id - 1, if(sample_id % 500 = 0, 0.9, 0.7), false from samples where sample_id > 0;
        insert into signal_leaks
          select sample_id, sample_id + 1, if(sample_id % 500 = 0, 0.9, 0.7) from samples;
        insert into signal_contamination
          select sample_id, 140000, if(sample_id % 500 = 0, 0.9, 0.6), 0.5, false, 1 from samples;
        insert into signal_twins
          select sample_id, sample_id - 1, 1.0, (sample_id % 500) / 500, sample_id % 2 = 0 from samples where sample_id > 0;
        insert into signal_tokens
          select sample_id, 5, 3, 8 + sample_id % 97, sample_id % 4, 8 + sample_id % 97,
            if(sample_id % 3 = 0, 12 + sample_id % 97, null), if(sample_id % 500 = 0, 'refused', null)
          from samples;
        insert into signal_overflows
          select sample_id, 1, 'main', 90, sample_id % 7, 3, sample_id % 2 from samples where sample_id % 500 = 0;
        insert into signal_balance
          select sample_id, 'category', category, category, null from samples
          union all
          select sample_id, 'category*split', category || ' * ' || sample_id % 7, category,
            (sample_id % 7)::varchar from samples where sample_id % 77 <> 5;
    """)
    yield connection
    connection.close()


@pytest.mark.parametrize("check_id", FILES)
def test_many_samples_give_the_same_answer_on_one_thread_and_on_four(check_id, large):
    loaded = check(check_id)
    if "rows" in loaded:
        assert len(offenders(check_id, large)) > 1
    else:
        assert slices(check_id, large, **({"pairs": True} if check_id == "Q601" else {}))
