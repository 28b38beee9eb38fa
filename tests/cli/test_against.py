"""`--against` and `--against-eval`: what the samples are compared with, in check, show, the config and the report."""

import gzip
import json
from collections.abc import Callable
from typing import Any

import pytest

Workplace = Any  # the types of conftest.py, which cannot be imported
Tunegate = Callable[..., Any]

QUESTION = "A train leaves at nine and arrives at noon after 240 miles; how fast was it on average?"
ITEM = json.dumps({"question": QUESTION}) + "\n"


def chat(question: str, answer: str = "a short answer", **more: Any) -> str:
    turns = [{"role": "user", "content": question}, {"role": "assistant", "content": answer}]
    return json.dumps({"messages": turns, **more}) + "\n"


DATA = chat("first") + chat("second") + chat(f"Solve: {QUESTION}")


@pytest.fixture
def files(workplace: Workplace) -> Workplace:
    workplace.write("data.jsonl", DATA)
    workplace.write(
        "held/out.json",
        json.dumps(
            [{"prompt": "third", "completion": "x"}, {"prompt": "Second!", "completion": "A short answer."}], indent=1
        ),
    )
    workplace.write("items.jsonl", "\n" + ITEM)
    return workplace


def test_leaks_and_contamination_are_found_counted_and_shown_with_the_commands_to_look(
    files: Workplace, process: Tunegate
):
    said = process("check", "data.jsonl", "--gates", "D103,D104", "--against", "held", "--against-eval", "items.jsonl")
    assert (said.code, said.err) == (1, "")
    assert said.out == (
        "fail  D103 split-leakage  33.3 % of 3 samples, limit 0    1 sample, first at line 2\n"
        "fail  D104 contamination  33.3 % of 3 samples, limit 0    1 sample, first at line 3\n"
        "3 records in 1 source = 3 samples + 0 unreadable\n"
        "compared with 3 records in 2 sources\n"
        "1 of 1 gate failed: D1.\n"
        "See them: tunegate show data.jsonl:2 held/out.json:6 --against held --against-eval items.jsonl   "
        "Why, what to do: tunegate gates show D103\n"
    )


def test_the_command_to_look_shows_the_sample_and_what_it_repeats(files: Workplace, tunegate: Tunegate):
    said = tunegate(
        "show",
        "data.jsonl:2,3",
        "held/out.json:6",
        "items.jsonl:2",
        "--gates",
        "D103,D104",
        "--against",
        "held",
        "--against-eval",
        "items.jsonl",
    )
    assert (said.code, said.err) == (0, "")
    lines = said.out.splitlines()
    assert lines[:2] == ["data.jsonl:2  messages", "  D103 split-leakage: other held/out.json:6, similarity 1.0"]
    assert "  D104 contamination: item items.jsonl:2, containment 1.0, " in said.out
    at = lines.index("held/out.json:6  named by --against")
    assert lines[at + 1 : at + 3] == ["  0 user                | Second!", "  1 assistant           | A short answer."]
    at = lines.index("items.jsonl:2  named by --against-eval")
    assert lines[at + 1] == f"  item                  | {QUESTION}"


def test_a_record_that_is_compared_with_is_shown_alone_too(files: Workplace, tunegate: Tunegate):
    files.write("tunegate.yaml", "against: [held]\n")
    assert tunegate("show", "held/out.json:6", "--gates", "D1").out.startswith("held/out.json:6  prompt_completion\n")


def test_the_config_names_what_to_compare_with_beside_itself_and_the_command_line_wins(
    files: Workplace, tunegate: Tunegate
):
    files.write("settings/tunegate.yaml", "against: [../held/*.json]\nagainst_eval: [../items.jsonl]\n")
    arguments = ("check", "data.jsonl", "--gates", "D103,D104", "--format", "json", "-c", "settings/tunegate.yaml")
    report = json.loads(tunegate(*arguments).out)
    assert [check["offenders"] for check in report["gates"][0]["checks"]] == [1, 1]
    assert report["settings"]["against"] == ["settings/../held/*.json"]
    assert report["settings"]["against_eval"] == ["settings/../items.jsonl"]
    files.write("other.jsonl", chat("another question"))
    report = json.loads(tunegate(*arguments, "--against", "other.jsonl").out)
    assert [check["offenders"] for check in report["gates"][0]["checks"]] == [0, 1]
    assert report["settings"]["against"] == ["other.jsonl"]


def test_the_report_keeps_what_was_judged_apart_from_what_it_was_compared_with(files: Workplace, tunegate: Tunegate):
    files.write("held/more.jsonl.gz", gzip.compress((chat("first") + "broken\n").encode()))
    said = tunegate(
        "check", "data.jsonl", "--gates", "D1", "--format", "json", "--against", "held", "--against-eval", "items.jsonl"
    )
    report = json.loads(said.out)
    assert [source["source"] for source in report["sources"]] == ["data.jsonl"]
    assert report["funnel"] == {"records": 3, "samples": 3, "unreadable": 0}
    shown = [(s["source"], s["role"], s["records"], s["unreadable"]) for s in report["compared"]]
    assert shown == [
        ("held/more.jsonl.gz", "against", 2, 1), ("held/out.json", "against", 2, 0), ("items.jsonl", "eval", 1, 0),
    ]  # fmt: skip


def test_without_anything_to_compare_with_both_checks_say_what_to_name(files: Workplace, tunegate: Tunegate):
    out = tunegate("check", "data.jsonl", "--gates", "D1").out
    assert "skip  D103 split-leakage" in out
    assert "no second split; map one with `--field split=NAME`, or name held-out data with `--against FILE`\n" in out
    assert "no benchmark to compare with; name its items with `--against-eval FILE`\n" in out


def test_splits_in_files_of_their_own_are_compared(workplace: Workplace, tunegate: Tunegate):
    workplace.write("train.jsonl", chat("one") + chat("two"))
    workplace.write("test.jsonl", chat("two") + chat("three"))
    said = tunegate("check", "train.jsonl", "test.jsonl", "--gates", "D103")
    assert said.code == 1
    assert "1 sample, first at train.jsonl:2\n" in said.out
    assert "See them: tunegate show train.jsonl:2 test.jsonl:1   " in said.out


def test_a_report_is_not_written_over_what_the_data_is_compared_with(files: Workplace, tunegate: Tunegate):
    said = tunegate("check", "data.jsonl", "--against-eval", "items.jsonl", "--write", "json=items.jsonl")
    assert said.code == 2
    assert "--write would overwrite items.jsonl, which this run uses" in said.err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--against", "data.jsonl"), "data.jsonl is named as data and by --against; name it once"),
        (
            ("--against", "absent.jsonl"),
            "absent.jsonl: No such file or directory; expected a readable file, a directory or `-`",
        ),
        (("--against-eval", "-"), "--against-eval names `-`, but standard input is for the data; expected a file"),
        (("--against-eval", "notes.txt"), "notes.txt is no file of items by its name; expected "),
        (
            ("--against-eval", "empty"),
            "empty holds no data file: expected *.jsonl, *.ndjson, *.json, *.csv, *.tsv, plain or with .gz or .zst",
        ),
    ],
)
def test_what_cannot_be_compared_with_is_one_line_and_exit_code_2(
    files: Workplace, tunegate: Tunegate, arguments: tuple[str, ...], said: str
):
    files.write("notes.txt", "text")
    files.write("empty/notes.txt", "text")
    answer = tunegate("check", "data.jsonl", "--gates", "D1", *arguments)
    assert (answer.code, answer.out) == (2, "")
    assert answer.err.startswith(f"error: {said}")
    assert answer.err.count("\n") == 1
    assert list(files.temporary.iterdir()) == []


@pytest.mark.parametrize("cores", [1, 2])
def test_the_same_run_prints_the_same_bytes_on_one_core_and_on_two(files: Workplace, process: Tunegate, cores: int):
    files.write(
        "many.jsonl", "".join(chat(f"question {number % 40} of many", f"answer {number % 3}") for number in range(300))
    )
    arguments = (
        "check",
        "many.jsonl",
        "data.jsonl",
        "--gates",
        "D1",
        "--against",
        "held",
        "--against-eval",
        "items.jsonl",
        "--format",
        "json",
    )
    assert process(*arguments, cores=cores, PYTHONHASHSEED=str(cores)).out == process(*arguments).out
