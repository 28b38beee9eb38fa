"""The report for people: the golden files are written by hand."""

from pathlib import Path

import pytest
from tunegate.report import render
from tunegate.report._wording import count, number, places, share, told_apart
from tunegate.verdict import Evidence, Report

GOLDEN = Path(__file__).parents[1] / "data" / "report"


def test_every_report_is_rendered_as_its_golden_file_says(made: tuple[str, Report]):
    name, report = made
    assert render("text")(report) == (GOLDEN / f"{name}.txt").read_text(encoding="utf-8")


def test_no_line_ends_in_blanks_and_no_character_is_unprintable(made: tuple[str, Report]):
    _, report = made
    for line in render("text")(report).split("\n"):
        assert line == line.rstrip()
        assert line.isprintable()


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0"),
        (1.0, "100 %"),
        (0.29, "29 %"),
        (0.5, "50 %"),
        (1 / 3, "33.3 %"),
        (0.023058, "2.3 %"),
        (0.0999, "10 %"),
        (0.000049, "0.0049 %"),
        (1e-9, "< 0.01 %"),
        (1 - 1e-9, "> 99.9 %"),
        (0.9994, "99.9 %"),
    ],
)
def test_a_share_is_a_percentage_that_is_never_0_or_100_when_the_share_is_not(value: float, text: str):
    assert share(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [(0, "0"), (12.0, "12"), (1234567.0, "1,234,567"), (0.684, "0.68"), (1234.56, "1,234.56"), (0.0042, "0.0042")],
)
def test_a_value_keeps_what_distinguishes_it_from_0(value: float, text: str):
    assert number(value) == text


def test_a_value_just_beyond_its_limit_does_not_look_equal_to_it():
    assert told_apart(0.7996, 0.8, number) == ("0.7996", "0.8000")
    assert told_apart(0.010004, 0.01, share) == ("1.0004 %", "1 %")
    assert told_apart(0.8, 0.8, number) == ("0.80", "0.80")


def test_one_thing_is_singular():
    assert [count(n, "samples") for n in (0, 1, 2, 4120)] == ["0 samples", "1 sample", "2 samples", "4,120 samples"]


def test_a_file_name_reaches_no_terminal_with_its_control_characters():
    evidence = [Evidence("c\x1b[31m\n.jsonl", 2, "0" * 32, {})]
    assert places(evidence, many_sources=True) == r"c\x1b[31m\n.jsonl:2"
