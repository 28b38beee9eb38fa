"""`tunegate gates`: what is checked, why, and with which limits."""

from collections.abc import Callable
from typing import Any

import pytest

Workplace = Any  # the types of conftest.py, which cannot be imported
Tunegate = Callable[..., Any]

OWN = """id: Q901
name: our-own
summary: Nobody says hello twice.
why: Once is polite.
source: us
remedy: Cut it out.
reads: [samples]
rows: |
  select sample_id
  from samples
warn: "> 0.25"
examples:
  pass:
    - '{"text": "sound"}'
  fail:
    - '{"text": "not sound"}'
"""


@pytest.fixture
def own_check(workplace: Workplace) -> None:
    workplace.write("ours/Q901-our-own.yaml", OWN)
    workplace.write("gates.yaml", "checks: [ours]\n")


def test_the_list_holds_every_gate_and_check_with_its_limits(workplace: Workplace, tunegate: Tunegate):
    said = tunegate("gates", "list")
    lines = said.out.splitlines()
    assert (said.code, said.err) == (0, "")
    assert [line.split()[0] for line in lines if not line.startswith(" ")] == ["Q1", "Q5", "Q6", "D1"]
    assert [line.split()[0] for line in lines if line.startswith(" ")] == [
        *(f"Q1{number:02}" for number in range(1, 15)),
        "Q501", "Q502", "Q503", *(f"Q6{number:02}" for number in range(1, 6)), "D101", "D102", "D103", "D104", "D105",
    ]  # fmt: skip
    assert "  Q103 role-order               warn > 0, fail > 0.01" in lines
    assert "  Q602 expected-outcome         report only" in lines
    assert "  Q112 context-overflow         warn > 0, fail > 0.01 (with --tokenizer, --max-length)" in lines
    assert "  Q605 sample-length            report only (with --tokenizer)" in lines


def test_a_check_is_explained_by_its_file(workplace: Workplace, tunegate: Tunegate, own_check: None):
    assert tunegate("gates", "show", "Q901", "-c", "gates.yaml").out == (
        "Q901 our-own\n"
        "Nobody says hello twice.\n"
        "\n"
        "Why: Once is polite.\n"
        "What to do: Cut it out.\n"
        "Source: us\n"
        "Limits: warn > 0.25\n"
        "Judged: all samples\n"
        "Offending samples:\n"
        "  select sample_id\n"
        "  from samples\n"
        "Sound:\n"
        '  {"text": "sound"}\n'
        "Not sound:\n"
        '  {"text": "not sound"}\n'
    )


@pytest.mark.parametrize(
    "arguments",
    [
        ("gates", "-c", "gates.yaml", "list"),
        ("gates", "list", "-c", "gates.yaml"),
        ("gates", "show", "Q9", "--config", "gates.yaml"),
    ],
)
def test_the_checks_of_a_config_are_among_them(
    workplace: Workplace, tunegate: Tunegate, own_check: None, arguments: tuple[str, ...]
):
    said = tunegate(*arguments)
    assert "Q9 ours\n  Q901 our-own                  warn > 0.25\n" in said.out


def test_the_limits_of_the_config_in_the_working_directory_are_shown(workplace: Workplace, tunegate: Tunegate):
    workplace.write("tunegate.yaml", "limits: {Q103: {fail: '> 0.2'}}\n")
    assert "  Q103 role-order               warn > 0, fail > 0.2\n" in tunegate("gates", "list").out
    assert "\nLimits: warn > 0, fail > 0.2\n" in tunegate("gates", "show", "Q103").out


def test_a_gate_is_shown_with_its_checks_only(workplace: Workplace, tunegate: Tunegate):
    lines = tunegate("gates", "show", "Q6").out.splitlines()
    assert [line.split()[0] for line in lines] == ["Q6", "Q601", "Q602", "Q603", "Q604", "Q605"]


def test_the_cases_of_a_run_option_are_shown(workplace: Workplace, tunegate: Tunegate):
    said = tunegate("gates", "show", "Q601").out
    assert "  --method lora: lower 100, upper 10000" in said
    assert "  --method dpo: lower 5000, upper 50000" in said


def test_the_options_that_a_check_needs_are_shown_with_its_limits_and_its_examples(
    workplace: Workplace, tunegate: Tunegate
):
    said = tunegate("gates", "show", "Q112").out
    assert "\nLimits: warn > 0, fail > 0.01 (with --tokenizer, --max-length)\n" in said
    assert '\nNot sound:\n  {"text":"123456789"}\n  --tokenizer bytes\n  --max-length 8\n' in said


def test_every_check_can_be_explained(workplace: Workplace, tunegate: Tunegate):
    listed = [line.split()[0] for line in tunegate("gates", "list").out.splitlines() if line.startswith(" ")]
    for check_id in listed:
        said = tunegate("gates", "show", check_id)
        assert (said.code, said.err) == (0, "")
        for title in ("Why: ", "What to do: ", "Source: ", "Limits: ", "Judged: ", "Sound:", "Not sound:"):
            assert f"\n{title}" in said.out or "\nLimits: report only" in said.out, (check_id, title)


@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        ("Q1030", 'no gate or check is called "Q1030". Did you mean "Q103"?'),
        ("q103", 'no gate or check is called "q103". Did you mean "Q103"?'),
        ("nothing-like-it", 'no gate or check is called "nothing-like-it".'),
    ],
)
def test_an_unknown_id_is_answered_with_the_nearest(workplace: Workplace, tunegate: Tunegate, wanted: str, said: str):
    answer = tunegate("gates", "show", wanted)
    assert (answer.code, answer.out, answer.err) == (2, "", f"error: {said}\n")
