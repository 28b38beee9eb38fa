"""Benchmark items in training data: the same matches as a plain search in Python, from any reader setting."""

import json
import re
from fractions import Fraction
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tunegate import _core
from tunegate.eval_items import read_items

COLUMNS = {
    "record_id": pl.Int64,
    "item": pl.UInt32,
    "shared": pl.UInt32,
    "item_grams": pl.UInt32,
    "sample_grams": pl.UInt32,
    "exact": pl.Boolean,
    "matched": pl.UInt32,
}
Row = tuple[Any, ...]


def scan(index: _core.ItemIndex, path: Path, **options: Any) -> list[Row]:
    reader = _core.ContaminationReader(index, str(path), **options)
    rows: list[Row] = []
    while (table := reader.next()) is not None:
        frame = pl.DataFrame(table)
        assert frame.schema == COLUMNS
        rows += frame.rows()
    assert reader.consumed == path.stat().st_size
    return rows


def words(text: str) -> list[str]:
    return re.findall(r"\w+", text.lower())


def grams(text: str, n: int) -> set[tuple[str, ...]]:
    found = words(text)
    return {tuple(found[i : i + n]) for i in range(len(found) - n + 1)}


def search(items: list[str], samples: list[list[str]], n: int, containment: Fraction, jaccard: Fraction) -> list[Row]:
    """Compare every item with every sample, a list of turns."""
    rows: list[Row] = []
    item_grams = [grams(text, n) for text in items]
    for record, turns in enumerate(samples):
        sample = grams("\n".join(turns), n)
        found = []
        for number, text in enumerate(items):
            item = item_grams[number]
            if item:
                shared = len(item & sample)
                shares = Fraction(shared, len(item)), Fraction(shared, len(item | sample))
                counts = (number, shared, len(item), len(sample), False)
            elif words(text) and words(text) in map(words, turns):
                shares, counts = (Fraction(1), Fraction(1)), (number, 1, 1, 1, True)
            else:
                continue
            if shares[0] >= containment or shares[1] >= jaccard:
                found.append((-shares[0], -shares[1], *counts))
        if found:
            rows.append((record, *min(found)[2:], len(found)))
    return rows


def write(path: Path, samples: list[list[str]]) -> Path:
    roles = ("user", "assistant")
    records = [
        {"messages": [{"role": roles[i % 2], "content": text} for i, text in enumerate(turns)]} for turns in samples
    ]
    path.write_text("".join(json.dumps(record) + "\n" for record in records))
    return path


TEXTS = st.text("abAB é_Σς.\n", max_size=30)
SHARES = st.fractions(Fraction(1, 20), 1, max_denominator=20)


@given(st.lists(TEXTS, max_size=8), st.lists(st.lists(TEXTS, min_size=1, max_size=3), min_size=1, max_size=6), st.integers(1, 4), SHARES, SHARES)  # fmt: skip
def test_matches_are_those_of_a_plain_search(tmp_path_factory, items, samples, n, containment, jaccard):
    path = write(tmp_path_factory.mktemp("scan") / "a.jsonl", samples)
    index = _core.ItemIndex(items, n, containment.as_integer_ratio(), jaccard.as_integer_ratio())
    assert scan(index, path, lines=True) == search(items, samples, n, containment, jaccard)


def test_record_ids_run_on_from_the_first_and_count_unreadable_records(tmp_path):
    path = tmp_path / "a.jsonl"
    path.write_text('{"text": "x"}\nbroken\n{"text": "Hello, there!"}\n')
    index = _core.ItemIndex(["hello there"])
    assert scan(index, path, lines=True, first_record_id=40) == [(42, 0, 1, 1, 1, True, 1)]


def test_index_counts_its_items():
    index = _core.ItemIndex(["", "one two", "a b c d e f g h i"])
    assert (len(index), index.items_without_words, index.short_items, index.grams) == (3, 1, 1, 2)
    assert index.postings == 1  # 0.7 of 2 is met by both only: either is enough to look up


@pytest.mark.parametrize("options", [{"n": 0}, {"containment": (0, 1)}, {"jaccard": (5, 4)}, {"containment": (1, 0)}])
def test_limit_that_is_no_fraction_is_refused(options):
    with pytest.raises(ValueError, match="expected"):
        _core.ItemIndex(["a"], **options)


def test_source_that_cannot_be_read_is_told(tmp_path):
    with pytest.raises(OSError, match="No such file"):
        _core.ContaminationReader(_core.ItemIndex(["a"]), str(tmp_path / "none.jsonl")).next()
    with pytest.raises(ValueError, match="expected none, gzip or zstd"):
        _core.ContaminationReader(_core.ItemIndex(["a"]), "a", compression="bz2")
    with pytest.raises(TypeError):
        _core.ContaminationReader(None, "a")


def test_grade_school_math_is_found_in_data_made_of_it(shared_data, tmp_path):
    source = shared_data / "grade-school-math/grade_school_math/data/train.jsonl"
    records = [json.loads(line) for line in source.read_text().splitlines()[:600]]
    samples = [["Solve: " + record["question"], record["answer"]] for record in records]
    items = [item.text for item in read_items(source)][300:400]
    path = write(tmp_path / "a.jsonl", samples)
    rows = scan(_core.ItemIndex(items), path, lines=True, threads=2, block_bytes=1 << 16)
    assert [row[0] for row in rows] == list(range(300, 400))
    assert rows == search(items, samples, 8, Fraction(7, 10), Fraction(4, 5))
