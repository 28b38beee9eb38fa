"""Broken text by sample; the rules themselves are tested in csrc/tests/broken_text_test.cpp."""

from tunegate.signals import broken_text


def test_counts_sum_over_turns_and_first_is_placed_in_characters(batch):
    turns = [
        {"role": "user", "content": "ça va \ufeff?"},
        {"role": "assistant", "content": "CafÃ© crÃ¨me\x07 \ufffd", "reasoning": "\ufffd"},
    ]
    measured = broken_text.compute(batch(turns)).row(0, named=True)
    assert {kind: measured[kind] for kind in broken_text.COUNTS} == {
        "mojibake": 2,
        "control": 1,
        "zero_width": 1,
        "replacement": 2,
    }
    first = {name: measured[name] for name in ("turn", "part", "kind", "start", "end")}
    assert first == {"turn": 0, "part": "main", "kind": "zero-width", "start": 6, "end": 7}


def test_broken_reasoning_has_a_turn_but_no_place(batch):
    turns = [
        {"role": "assistant", "content": "fine", "reasoning": "\x07"},
        {"role": "user", "content": "\x07"},
    ]
    measured = broken_text.compute(batch(turns)).row(0)
    assert measured == (10, 0, 2, 0, 0, 0, "main", "control", None, None)


def test_content_comes_before_the_reasoning_of_its_turn(batch):
    turns = [{"role": "assistant", "content": "a\ufeff", "reasoning": "\x07"}]
    assert broken_text.compute(batch(turns))["kind"].to_list() == ["zero-width"]
