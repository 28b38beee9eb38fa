"""Who keeps whom: across runs with an index, beside labels and tool calls, and when a file changes meanwhile."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tunegate import _core

Workplace = Any  # the types of conftest.py, which cannot be imported
Tunegate = Callable[..., Any]

WORDS = [f"w{number}" for number in range(60)]
A = json.dumps({"text": " ".join(WORDS[:50])})
B = json.dumps({"text": " ".join(WORDS[:54])})  # near A: 46 of 50 shingles
C = json.dumps({"text": " ".join(WORDS[:60])})  # near B: 50 of 56, and not near A: 46 of 56


def kept(workplace: Workplace) -> list[str]:
    return (workplace.folder / "kept.jsonl").read_text(encoding="utf-8").splitlines()


def test_a_record_that_an_earlier_run_removed_keeps_nobody(workplace: Workplace, tunegate: Tunegate):
    workplace.write("first.jsonl", f"{A}\n{B}\n")
    workplace.write("second.jsonl", f"{C}\n")
    arguments = ("-o", "kept.jsonl", "--index", "seen.index", "--threshold", "0.85")
    tunegate("dedup", "first.jsonl", *arguments, "--keep", "longest")
    assert kept(workplace) == [B]
    tunegate("dedup", "second.jsonl", *arguments)
    assert kept(workplace) == []
    (workplace.folder / "seen.index").unlink()
    tunegate("dedup", "first.jsonl", *arguments)
    assert kept(workplace) == [A]
    tunegate("dedup", "second.jsonl", *arguments)
    assert kept(workplace) == [C]  # near B, which the first run removed


def test_an_index_holds_what_was_read_and_not_what_it_was_compared_with(workplace: Workplace, tunegate: Tunegate):
    workplace.write("other.jsonl", f"{A}\n")
    workplace.write("first.jsonl", '{"text": "one"}\n')
    workplace.write("second.jsonl", f"{A}\n")
    tunegate("dedup", "first.jsonl", "--against", "other.jsonl", "-o", "kept.jsonl", "--index", "seen.index")
    said = tunegate("dedup", "second.jsonl", "-o", "kept.jsonl", "--index", "seen.index")
    assert said.out.splitlines()[0] == "           1 records read, compared with 1 old ones"
    assert kept(workplace) == [A]


def test_a_file_is_known_by_its_records_and_not_by_its_name(workplace: Workplace, tunegate: Tunegate):
    workplace.write("first.jsonl", f"{A}\n{C}\n")
    workplace.write("again/first.jsonl", f"{C}\n{A}\n")
    workplace.write("copy.jsonl", f"{A}\n{C}\n")
    arguments = ("-o", "kept.jsonl", "--index", "seen.index")
    assert tunegate("dedup", "first.jsonl", *arguments).code == 0
    assert tunegate("dedup", "again/first.jsonl", *arguments).code == 0
    said = tunegate("dedup", "copy.jsonl", *arguments)
    assert said.err == ("error: copy.jsonl is in the index seen.index already, as first.jsonl; name new files only\n")


def call(name: str) -> dict[str, Any]:
    function = {"name": name, "arguments": "{}"}
    return {"role": "assistant", "content": None, "tool_calls": [{"type": "function", "function": function}]}


ASKED = {"role": "user", "content": "what is the weather in oslo"}
UNLIKE = {
    "label": [{"prompt": "p q", "completion": "r", "label": label} for label in (True, False)],
    "rejected": [{"prompt": "p q", "chosen": "r", "rejected": other} for other in ("s", "t")],
    "tool call": [{"messages": [ASKED, call(name)]} for name in ("get_weather", "search")],
    "media": [
        {"messages": [{"role": "user", "content": [{"type": "text", "text": "p"}, {"type": "image", "url": url}]}]}
        for url in ("a", "b")
    ],
    "reasoning": [
        {"messages": [ASKED, {"role": "assistant", "content": "rain", "reasoning_content": why}]} for why in ("x", "y")
    ],
}


@pytest.mark.parametrize("besides", UNLIKE)
def test_the_same_words_beside_another_are_no_duplicates(workplace: Workplace, tunegate: Tunegate, besides: str):
    lines = [json.dumps(record) for record in UNLIKE[besides]]
    workplace.write("a.jsonl", "\n".join([*lines, lines[1]]) + "\n")
    tunegate("dedup", "a.jsonl", "-o", "kept.jsonl", "--pairs", "pairs.jsonl")
    assert kept(workplace) == lines
    assert len((workplace.folder / "pairs.jsonl").read_text().splitlines()) == 3


def test_a_tiny_similarity_is_written_as_a_number(workplace: Workplace, tunegate: Tunegate):
    item = "who was it that came to oslo"
    long = " ".join(f"x{number}" for number in range(10_000))
    workplace.write("items.jsonl", json.dumps({"question": f"{item} then"}) + "\n")
    workplace.write("a.jsonl", json.dumps({"text": f"{item} then {long}"}) + "\n")
    tunegate("dedup", "a.jsonl", "--against-eval", "items.jsonl", "-o", "kept.jsonl", "--removed", "r.jsonl")
    (why,) = map(json.loads, (workplace.folder / "r.jsonl.why.jsonl").read_text().splitlines())
    assert why["containment"] == 1.0
    assert why["similarity"] == pytest.approx(1 / 10_000, rel=1e-3)


def rename_over(path: Path) -> None:
    path.with_name("new").write_text(f"{C}\n{C}\n")
    path.with_name("new").replace(path)


CHANGES = {
    "replaced": rename_over,
    "rewritten": lambda path: path.write_text(f"{B}\n{B}\n"),
    "grown": lambda path: path.open("a").write("x"),
    "gone": lambda path: path.unlink(),
}


@pytest.mark.filterwarnings("ignore::ResourceWarning")
@pytest.mark.parametrize("moment", ["before the search", "after the search"])
@pytest.mark.parametrize("change", CHANGES)
def test_a_file_that_changes_is_noticed(tmp_path: Path, change: str, moment: str):
    path = tmp_path / "a.jsonl"
    path.write_text(f"{A}\n{B}\n")
    engine = _core.NearDuplicates()
    engine.open_source(str(path), lines=True, name="a.jsonl")
    while engine.read_more():
        pass
    if moment == "after the search":
        engine.find()
    CHANGES[change](path)
    with pytest.raises(_core.ReadError, match=r"a\.jsonl"):
        engine.write_records(str(tmp_path / "kept"), "", "") if moment == "after the search" else engine.find()
