"""`tunegate check`: exit codes, sources, settings, reports, stores, and what a run leaves behind."""

import gzip
import json
import os
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest
from tunegate.cli._dataset import explained
from tunegate.errors import StoreError

Workplace = Any  # the types of conftest.py, which cannot be imported
Tunegate = Callable[..., Any]


def chat(question: str, answer: str = "a", **more: Any) -> str:
    turns = [{"role": "user", "content": question}, {"role": "assistant", "content": answer}]
    return json.dumps({"messages": turns, **more}) + "\n"


GOOD = "".join(chat(f"question {number}") for number in range(5))
TWICE = chat("one") * 2 + chat("two")  # one copy among three samples: 33.3 %
SECRET = "Hildegard-4711"
CHECK = """id: {id}
name: own
summary: s
why: w
source: s
remedy: r
reads: [samples]
examples: {{}}
"""


def own_check(workplace: Workplace, body: str, check_id: str = "Q901") -> None:
    workplace.write(f"ours/{check_id}-own.yaml", CHECK.format(id=check_id) + body + "\n")
    workplace.write("tunegate.yaml", "checks: [ours]\n")


TWO_OF_FIVE = "rows: select sample_id from samples where sample_id < 2\n"
ENDLESS = 'rows: select sample_id from samples, range(1000000000) a, range(1000000000) b where a + b < 0\nfail: "> 0"'


# Exit codes


def test_exit_code_0_means_that_no_gate_failed(workplace: Workplace, process: Tunegate):
    workplace.write("good.jsonl", GOOD)
    said = process("check", "good.jsonl", "--gates", "Q101,D101")
    assert (said.code, said.err) == (0, "")
    assert said.out == (
        "pass  Q101 unreadable-record  0 of 5 records\n"
        "pass  D101 exact-duplicates   0 of 5 samples\n"
        "5 records in 1 source = 5 samples + 0 unreadable\n"
        "no gate failed; 2 passed: Q1, D1.\n"
    )


def test_exit_code_1_means_that_a_gate_failed(workplace: Workplace, process: Tunegate):
    workplace.write("twice.jsonl", TWICE)
    said = process("check", "twice.jsonl", "--gates", "Q101,D101")
    assert (said.code, said.err) == (1, "")
    assert said.out == (
        "pass  Q101 unreadable-record  0 of 3 records\n"
        "fail  D101 exact-duplicates   33.3 % of 3 samples, limit 5 %    1 sample, first at line 2\n"
        "3 records in 1 source = 3 samples + 0 unreadable\n"
        "1 of 2 gates failed: D1.\n"
        "See them: tunegate show twice.jsonl:2   Why, what to do: tunegate gates show D101\n"
    )


def test_exit_code_2_means_that_nothing_was_judged(workplace: Workplace, process: Tunegate):
    workplace.write("good.jsonl", GOOD)
    said = process("check", "good.jsonl", "--gates", "Q501")
    assert said.code == 2
    assert said.out.startswith("skip  Q501 dominant-category  no field `category`")
    assert said.err == ("error: nothing was judged: every check was skipped, for the reasons in the report\n")


def test_exit_code_3_means_inconclusive(workplace: Workplace, process: Tunegate):
    workplace.write("good.jsonl", GOOD)
    own_check(workplace, TWO_OF_FIVE + 'fail: "> 0.3"\nconfidence: 0.95')
    said = process("check", "good.jsonl", "--gates", "Q9,D1")
    assert (said.code, said.err) == (3, "")
    assert "no gate failed; 1 passed: D1; 1 inconclusive: Q9." in said.out
    assert process("check", "good.jsonl", "--gates", "Q9,D1", "--allow-inconclusive").code == 0


def wait_for(condition: Callable[[], object], seconds: float = 30.0) -> None:
    ends = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < ends, "waited too long"
        time.sleep(0.05)


def children(process: "subprocess.Popen[bytes]") -> list[int]:
    return [int(pid) for pid in Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()]


def is_running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_an_interrupt_ends_the_run_with_130_and_leaves_nothing(
    workplace: Workplace, start: Callable[..., "subprocess.Popen[bytes]"]
):
    workplace.write("good.jsonl", GOOD)
    own_check(workplace, ENDLESS)
    before = workplace.listing()
    run = start("check", "good.jsonl", "--gates", "Q9", "--write", "json=report.json")
    wait_for(lambda: children(run))
    (judge,) = children(run)
    run.send_signal(signal.SIGINT)
    out, err = run.communicate(timeout=30)
    assert (run.returncode, out, err) == (130, b"", b"interrupted; nothing was judged\n")
    assert workplace.listing() == before
    wait_for(lambda: not is_running(judge))


@pytest.mark.parametrize("error", [RuntimeError("Query interrupted"), duckdb.InterruptException("Interrupted!")])
def test_an_interrupt_inside_the_engine_is_an_interrupt(error: Exception):
    with pytest.raises(KeyboardInterrupt), explained("a.duckdb"):
        raise error


def test_a_fault_of_the_engine_is_one_line_and_any_other_fault_stays_one():
    told = (
        r"^a\.duckdb cannot be used: its file cannot be read or written \(DuckDB IO\); name another file or make room$"
    )
    with pytest.raises(StoreError, match=told), explained("a.duckdb"):
        raise duckdb.IOException("IO Error: disk full\nmore about it")
    with pytest.raises(RuntimeError, match="a mistake of ours"), explained("a.duckdb"):
        raise RuntimeError("a mistake of ours")


def test_the_next_run_sweeps_up_after_a_killed_one(
    workplace: Workplace, start: Callable[..., "subprocess.Popen[bytes]"], tunegate: Tunegate
):
    workplace.write("good.jsonl", GOOD)
    own_check(workplace, ENDLESS)
    run = start("check", "good.jsonl", "--gates", "Q9")
    wait_for(lambda: children(run))
    (judge,) = children(run)
    run.kill()
    run.communicate()
    wait_for(lambda: not is_running(judge))
    (left,) = workplace.temporary.iterdir()
    assert left.stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o077 for path in left.iterdir()} == {0}
    assert tunegate("check", "good.jsonl", "--gates", "D1").code == 0
    assert list(workplace.temporary.iterdir()) == []


def test_another_running_process_keeps_its_temporary_folder(workplace: Workplace, tunegate: Tunegate):
    workplace.write("good.jsonl", GOOD)
    alive = workplace.temporary / f"tunegate-run-{os.getppid()}-abc"
    alive.mkdir()
    tunegate("check", "good.jsonl", "--gates", "D1")
    assert list(workplace.temporary.iterdir()) == [alive]


@pytest.mark.parametrize(
    ("limit", "options", "code"),
    [
        ("warn: '> 0'", "", 0),
        ("warn: '> 0'", "--fail-on warn", 1),
        ("warn: '> 0'", "--fail-on never", 0),
        ("fail: '> 0'", "", 1),
        ("fail: '> 0'", "--fail-on warn", 1),
        ("fail: '> 0'", "--fail-on never", 0),
        ("fail: '> 0.3'\nconfidence: 0.95", "--fail-on never", 3),
        ("report_only: true", "--fail-on never", 2),
    ],
)
def test_fail_on_says_what_makes_exit_code_1(
    workplace: Workplace, tunegate: Tunegate, limit: str, options: str, code: int
):
    workplace.write("good.jsonl", GOOD)
    own_check(workplace, TWO_OF_FIVE + limit)
    assert tunegate("check", "good.jsonl", "--gates", "Q9", *options.split()).code == code


@pytest.mark.parametrize(
    ("required", "code", "said"),
    [
        ("Q5", 1, "error: required, but skipped: Q5\n"),
        ("D1,Q501", 1, "error: required, but skipped: Q501\n"),
        ("Q501,Q5", 1, "error: required, but skipped: Q501, Q5\n"),
        ("D1,D101", 0, ""),
    ],
)
def test_a_required_gate_or_check_that_is_skipped_is_a_failure(
    workplace: Workplace, tunegate: Tunegate, required: str, code: int, said: str
):
    workplace.write("good.jsonl", GOOD)
    answer = tunegate("check", "good.jsonl", "--gates", "Q501,D1", "--require", required)
    assert (answer.code, answer.err) == (code, said)


def test_a_check_that_is_turned_off_is_a_skip_and_counts_as_one(workplace: Workplace, tunegate: Tunegate):
    workplace.write("twice.jsonl", TWICE)
    workplace.write("tunegate.yaml", "limits: {D101: {severity: off}}\n")
    said = tunegate("check", "twice.jsonl", "--gates", "D101,Q101")
    assert said.code == 0
    assert "skip  D101 exact-duplicates   turned off by severity: off\n" in said.out
    assert tunegate("check", "twice.jsonl", "--gates", "D101,Q101", "--require", "D1").code == 1


def test_a_failure_beside_a_check_that_cannot_be_judged_is_exit_code_2_and_both_are_told(
    workplace: Workplace, tunegate: Tunegate
):
    workplace.write("twice.jsonl", TWICE)
    own_check(workplace, 'rows: select nothing from samples\nfail: "> 0"')
    said = tunegate("check", "twice.jsonl", "--gates", "Q9,D101")
    assert said.code == 2
    assert "error  Q901 own               Q901-own.yaml line 9: unknown column" in said.out
    assert "1 of 2 gates failed: D1." in said.out
    assert said.err == "error: Q901 could not be judged, for the reasons in the report\n"


# Sources


def report_of(said: Any) -> Any:
    return json.loads(said.out)


def source_names(said: Any) -> list[str]:
    return [source["source"] for source in report_of(said)["sources"]]


def test_standard_input_is_read_as_a_dash_and_never_named_as_a_place_to_look(workplace: Workplace, process: Tunegate):
    said = process("check", "-", "--gates", "D1", stdin=TWICE.encode())
    assert said.code == 1
    assert "1 sample, first at line 2" in said.out
    assert "tunegate show" not in said.out
    assert list(workplace.temporary.iterdir()) == []
    assert process("check", "-", "--gates", "D1").err == ("error: stdin is empty; expected at least one record\n")


def test_files_folders_patterns_and_standard_input_are_one_dataset_in_the_order_of_their_names(
    workplace: Workplace, process: Tunegate
):
    workplace.write("b.jsonl", chat("b"))
    workplace.write("a-1.jsonl", chat("a1"))
    workplace.write("a-2.jsonl", chat("a2"))
    workplace.write("folder/deep/c.jsonl.gz", gzip.compress(chat("c").encode()))
    workplace.write("folder/d.json", f"[{chat('d')}, {chat('e')}]")
    workplace.write("folder/notes.txt", "no data")
    said = process(
        "check", "-", "folder", "b.jsonl", "a-?.jsonl", "--gates", "D1", "--format", "json",
        stdin=chat("b").encode(),
    )  # fmt: skip
    assert source_names(said) == [
        "a-1.jsonl", "a-2.jsonl", "b.jsonl", "folder/d.json", "folder/deep/c.jsonl.gz", "-",
    ]  # fmt: skip
    report = report_of(said)
    assert report["funnel"] == {"records": 7, "samples": 7, "unreadable": 0}
    (copy,) = report["gates"][0]["checks"][0]["evidence"]
    assert (copy["source"], copy["line"]) == ("-", 1)
    assert copy["detail"] == {"first": {"source": "b.jsonl", "line": 1}}


def test_a_file_named_twice_is_read_once(workplace: Workplace, tunegate: Tunegate):
    workplace.write("data/good.jsonl", GOOD)
    said = tunegate("check", "data/good.jsonl", "./data/good.jsonl", "data", "data/*.jsonl", "--gates", "D1")
    assert said.code == 0
    assert "5 records in 1 source" in said.out


def test_a_name_with_pattern_characters_is_the_file_of_that_name(workplace: Workplace, tunegate: Tunegate):
    workplace.write("[a]*.jsonl", GOOD)
    workplace.write("a.jsonl", TWICE)
    assert source_names(tunegate("check", "[a]*.jsonl", "--gates", "D1", "--format", "json")) == ["[a]*.jsonl"]


def test_unreadable_records_are_counted_and_placed_and_the_rest_is_judged(workplace: Workplace, tunegate: Tunegate):
    workplace.write("mixed.jsonl", chat("one") + "{broken\n\n" + chat("one"))
    said = tunegate("check", "mixed.jsonl", "--gates", "Q101,D1")
    assert said.code == 1
    assert "33.3 % of 3 records, limit 0    1 record, first at line 2\n" in said.out
    assert "50 % of 2 samples, limit 5 %    1 sample, first at line 4\n" in said.out
    assert "3 records in 1 source = 2 samples + 1 unreadable\n" in said.out


# The same bytes


def test_the_same_run_prints_the_same_bytes_whatever_the_seed_the_cores_and_the_working_directory(
    workplace: Workplace, process: Tunegate
):
    lines = [chat(f"q{number % 70}", "a", category=f"c{number % 7}") for number in range(400)]
    lines[7] = "{broken\n"
    data = workplace.write("data/many.jsonl", "".join(lines))
    other = workplace.write("elsewhere/x", "").parent
    arguments = ("check", str(data), "--format", "json", "--method", "lora")
    first = process(*arguments, PYTHONHASHSEED="1")
    assert first.code == 1
    assert process(*arguments, PYTHONHASHSEED="2", cores=1).out == first.out
    assert process(*arguments, cwd=other, LC_ALL="C", TZ="Asia/Tokyo").out == first.out


# Nothing of the text in what is shared


def planted() -> str:
    """Records with a secret in every place that holds somebody's words, and faults that make checks speak."""
    s = SECRET
    records: list[dict[str, Any]] = [
        {"messages": [{"role": s, "content": s}, {"role": "assistant", "content": s}], s: s},
        {"messages": [{"role": "user", "content": s, s: s}, {"role": "assistant", "content": ""}]},
        {"messages": [{"role": "user", "content": s}, {"role": "user", "content": f"<|im_start|>{s}"}]},
        {
            "messages": [{"role": "user", "content": f"{s}\u200b", "name": s}],
            "metadata": {s: s, "source": f"{s} 123456"},
        },
        {
            "messages": [
                {"role": "user", "content": s},
                {
                    "role": "assistant",
                    "tool_calls": [{"id": s, "type": "function", "function": {"name": s, "arguments": f"{{{s}"}}],
                },
                {"role": "tool", "tool_call_id": s, "content": s},
            ],
            "tools": [{"type": "function", "function": {"name": f"{s}2", "parameters": {}}}],
        },
        {"prompt": s, "chosen": s, "rejected": s},
        {"prompt": s, "chosen": "", "rejected": [{"role": s, "content": s}]},
    ]
    lines = [json.dumps({"category": f"{s}@example.org", **record}) for record in records] * 40
    broken = [f'{{"role": "{s}",}}', f'"{s}"', f'{{"{s}": 1}}', s, f'{{"text": "\x01{s}"}}']
    return "\n".join([*lines, *broken]) + "\n"


def test_no_report_or_message_holds_words_of_the_data(workplace: Workplace, process: Tunegate):
    workplace.write("planted.jsonl", planted())
    workplace.write("tunegate.yaml", "balance: [category, source]\n")
    said = process("check", "planted.jsonl", "--method", "dpo", "--write", "json=report.json", "--store", "a.duckdb")
    written = (workplace.folder / "report.json").read_text()
    assert said.code == 1
    judged = [check for gate in json.loads(written)["gates"] for check in gate["checks"]]
    failed = {check["id"] for check in judged if check["outcome"] in ("fail", "warn")}
    assert {"Q101", "Q102", "Q103", "Q104", "Q105", "Q106", "Q107", "Q109", "Q111", "Q501", "D101"} <= failed
    for text in (said.out, said.err, written):
        assert SECRET not in text
        assert SECRET.lower() not in text.lower()


# Reports


def test_written_reports_are_what_stdout_would_show(workplace: Workplace, tunegate: Tunegate):
    workplace.write("twice.jsonl", TWICE)
    arguments = ("check", "twice.jsonl", "--gates", "D1")
    text = tunegate(*arguments, "--write", "json=report.json", "--write", "text=report.txt").out
    assert (workplace.folder / "report.txt").read_text() == text
    assert (workplace.folder / "report.json").read_text() == tunegate(*arguments, "--format", "json").out
    assert sorted(path.name for path in workplace.folder.iterdir()) == [
        "report.json",
        "report.txt",
        "twice.jsonl",
    ]


def test_a_report_replaces_the_file_behind_a_link_and_keeps_the_link(workplace: Workplace, tunegate: Tunegate):
    workplace.write("good.jsonl", GOOD)
    target = workplace.write("reports/latest.json", "the old one")
    (workplace.folder / "report.json").symlink_to(target)
    assert tunegate("check", "good.jsonl", "--gates", "D1", "--write", "json=report.json").code == 0
    assert (workplace.folder / "report.json").is_symlink()
    assert json.loads(target.read_text())["schema_version"] == 1


def test_a_pipe_or_a_device_is_written_to_and_never_replaced(workplace: Workplace, tunegate: Tunegate):
    workplace.write("good.jsonl", GOOD)
    pipe = workplace.folder / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDWR | os.O_NONBLOCK)
    try:
        assert tunegate("check", "good.jsonl", "--gates", "D1", "--write", "json=pipe").code == 0
        assert pipe.is_fifo()
        assert json.loads(os.read(reader, 1 << 16))["schema_version"] == 1
    finally:
        os.close(reader)


def test_a_report_is_not_written_through_a_full_device(workplace: Workplace, tunegate: Tunegate):
    workplace.write("good.jsonl", GOOD)
    said = tunegate("check", "good.jsonl", "--gates", "D1", "--write", "json=/dev/full")
    assert (said.code, said.out) == (2, "")
    assert said.err == ("error: /dev/full: No space left on device; the json report cannot be written there\n")


# Settings


def test_a_config_in_the_working_directory_is_used(workplace: Workplace, tunegate: Tunegate):
    workplace.write("twice.jsonl", TWICE)
    workplace.write("tunegate.yaml", "gates: [D101]\nlimits: {D101: {fail: '> 0.5'}}\n")
    said = tunegate("check", "twice.jsonl")
    assert said.code == 0
    assert said.out.startswith("warn  D101 exact-duplicates  33.3 % of 3 samples, limit 0    1 sample, ")


def test_a_named_config_is_used_instead_of_the_one_in_the_working_directory(workplace: Workplace, tunegate: Tunegate):
    workplace.write("twice.jsonl", TWICE)
    workplace.write("tunegate.yaml", "limts: {}\n")
    workplace.write("other/gates.yaml", "gates: [Q101, D1]\nrequire: [D1]\n")
    said = tunegate("check", "twice.jsonl", "-c", "other/gates.yaml")
    assert [line.split()[1] for line in said.out.splitlines()[:2]] == ["Q101", "D101"]


def test_the_command_line_wins_over_the_config(workplace: Workplace, tunegate: Tunegate):
    workplace.write("data.jsonl", "".join(chat(f"q{n}", kind="k", topic="t", category="c") for n in range(30)))
    workplace.write(
        "tunegate.yaml",
        "gates: [Q601, Q501]\nmethod: full\nfail_on: fail\nfields: {category: kind, difficulty: topic}\n",
    )
    said = tunegate(
        "check", "data.jsonl", "--gates", "Q601,D1", "--method", "lora", "--fail-on", "never",
        "--field", "category=topic", "--format", "json",
    )  # fmt: skip
    report = report_of(said)
    volume = report["gates"][0]["checks"][0]
    assert [gate["id"] for gate in report["gates"]] == ["Q6", "D1"]
    assert volume["limit"] == {"warn": "> 10000", "fail": "< 100"}
    assert volume["outcome"] == "fail"
    assert said.code == 0
    assert report["settings"]["method"] == "lora"
    assert report["settings"]["field category"] == "topic"
    assert report["settings"]["field difficulty"] == "topic"


def test_what_the_config_requires_and_the_command_line_requires_both_hold(workplace: Workplace, tunegate: Tunegate):
    workplace.write("good.jsonl", GOOD)
    workplace.write("tunegate.yaml", "require: [Q501]\n")
    said = tunegate("check", "good.jsonl", "--gates", "Q5,D1", "--require", "Q502")
    assert (said.code, said.err) == (1, "error: required, but skipped: Q501, Q502\n")


def test_a_mapped_field_is_what_the_balance_checks_read(workplace: Workplace, tunegate: Tunegate):
    workplace.write("data.jsonl", "".join(chat(f"q{n}", topic="refunds") for n in range(30)))
    said = tunegate("check", "data.jsonl", "--gates", "Q501", "--field", "category=topic")
    assert said.code == 1
    assert said.out.startswith(
        "fail  Q501 dominant-category  1, limit 0.80    category: refunds, cells 1; no field `difficulty`\n"
    )


# Stores


def test_a_store_is_made_once_and_reused_while_the_data_is_the_same(workplace: Workplace, tunegate: Tunegate):
    workplace.write("twice.jsonl", TWICE)
    store = workplace.folder / "a.duckdb"
    arguments = ("check", "twice.jsonl", "--store", "a.duckdb", "--gates", "Q101,D1")
    first = tunegate(*arguments)
    made = store.stat()
    again = tunegate(*arguments)
    assert (again.code, again.out) == (first.code, first.out)
    assert store.stat().st_ino == made.st_ino  # a new one is another file, renamed over it
    assert made.st_mode & 0o777 == 0o600
    assert sorted(path.name for path in workplace.folder.iterdir()) == ["a.duckdb", "twice.jsonl"]
    assert list(workplace.temporary.iterdir()) == []


def test_a_reused_store_measures_what_it_lacks(workplace: Workplace, tunegate: Tunegate):
    workplace.write("data.jsonl", chat("q\u200bq") + chat("", category="c"))
    tunegate("check", "data.jsonl", "--store", "a.duckdb", "--gates", "D1")
    later = tunegate("check", "data.jsonl", "--store", "a.duckdb")
    assert (later.code, later.out) == (1, tunegate("check", "data.jsonl").out)


@pytest.mark.parametrize("change", ["one more record", "another field", "another name"])
def test_a_store_is_made_anew_when_the_data_or_its_fields_change(workplace: Workplace, tunegate: Tunegate, change: str):
    records = GOOD + chat("with a topic", topic="t")
    workplace.write("good.jsonl", records)
    workplace.write("copy.jsonl", records)
    store = workplace.folder / "a.duckdb"
    tunegate("check", "good.jsonl", "--store", "a.duckdb", "--gates", "D1")
    made = store.stat().st_ino
    name, options = "good.jsonl", ()
    if change == "one more record":
        workplace.write("good.jsonl", records + chat("question 0"))
    elif change == "another field":
        options = ("--field", "category=topic")
    else:
        name = "copy.jsonl"
    said = tunegate("check", name, "--store", "a.duckdb", "--gates", "D1", *options)
    assert said.code == (1 if change == "one more record" else 0)
    assert store.stat().st_ino != made


def test_a_store_survives_a_run_that_fails(workplace: Workplace, tunegate: Tunegate):
    workplace.write("good.jsonl", GOOD)
    tunegate("check", "good.jsonl", "--store", "a.duckdb", "--gates", "D1")
    workplace.write("good.jsonl", "no data\n")
    before = workplace.listing()
    said = tunegate("check", "good.jsonl", "--store", "a.duckdb", "--gates", "D1")
    assert said.code == 2
    assert workplace.listing() == before


def test_what_a_killed_run_left_beside_a_store_is_swept_up(workplace: Workplace, tunegate: Tunegate):
    workplace.write("good.jsonl", GOOD)
    ended = subprocess.Popen(["true"])
    ended.wait()
    workplace.write(f"a.duckdb.partial-{ended.pid}", "half")
    workplace.write(f"a.duckdb.partial-{ended.pid}.wal", "half")
    workplace.write(f"a.duckdb.partial-{ended.pid}.spill/x", "half")
    alive = workplace.write(f"a.duckdb.partial-{os.getppid()}", "being written")
    tunegate("check", "good.jsonl", "--store", "a.duckdb", "--gates", "D1")
    assert sorted(path.name for path in workplace.folder.iterdir()) == ["a.duckdb", alive.name, "good.jsonl"]


@pytest.mark.parametrize("name", [":memory:", "md:a", "a.jsonl"])
def test_a_store_of_any_name_is_a_plain_file(workplace: Workplace, tunegate: Tunegate, name: str):
    workplace.write("good.jsonl", GOOD)
    for _ in range(2):
        assert tunegate("check", "good.jsonl", "--store", name, "--gates", "D1").code == 0
    assert (workplace.folder / name).is_file()


def test_a_store_is_made_from_standard_input_too(workplace: Workplace, process: Tunegate):
    arguments = ("check", "-", "--store", "a.duckdb", "--gates", "D1")
    assert process(*arguments, stdin=TWICE.encode()).code == 1
    assert process(*arguments, stdin=GOOD.encode()).code == 0


def test_the_working_directory_adds_no_code(workplace: Workplace, process: Tunegate):
    workplace.write("good.jsonl", GOOD)
    for module in ("json", "duckdb", "tunegate", "yaml"):
        workplace.write(f"{module}.py", "raise SystemExit('code of the working directory ran')\n")
    assert process("check", "good.jsonl", "--gates", "D1").code == 0


def test_a_field_that_no_sample_has_is_refused(workplace: Workplace, tunegate: Tunegate):
    workplace.write("good.jsonl", GOOD)
    run = tunegate("check", "good.jsonl", "--gates", "Q5", "--field", "category=nosuch")
    assert run.code == 2
    assert run.err == 'error: category=nosuch: no sample has the key "nosuch", at its top level or in its metadata\n'


def test_what_fails_by_an_option_says_so(workplace: Workplace, tunegate: Tunegate):
    workplace.write("twice.jsonl", GOOD + GOOD.splitlines(keepends=True)[0])
    workplace.write("tunegate.yaml", 'limits: {D101: {warn: "> 0", fail: "> 0.99"}}\n')
    run = tunegate("check", "twice.jsonl", "--gates", "D101", "--fail-on", "warn")
    assert run.code == 1
    assert run.err == "error: D1 warned, which counts as a failure by --fail-on warn\n"


def test_a_report_is_not_written_over_what_the_run_uses(workplace: Workplace, tunegate: Tunegate):
    workplace.write("good.jsonl", GOOD)
    workplace.write("c.yaml", "fail_on: fail\n")
    for place in ("s.db", "c.yaml", "good.jsonl"):
        run = tunegate("check", "good.jsonl", "-c", "c.yaml", "--store", "s.db", "--write", f"json={place}")
        assert run.err == f"error: --write would overwrite {place}, which this run uses; name another file\n"
    run = tunegate("check", "good.jsonl", "--write", "json=r", "--write", "text=./r")
    assert run.code == 2


@pytest.mark.parametrize(("severity", "outcome", "code"), [("warn", "warn", 0), ("fail", "fail", 1)])
def test_severity_turns_a_check_with_limits_on_both_sides(
    workplace: Workplace, tunegate: Tunegate, severity: str, outcome: str, code: int
):
    workplace.write("good.jsonl", GOOD)
    workplace.write("tunegate.yaml", f"limits: {{Q601: {{severity: {severity}}}}}\n")
    run = tunegate("check", "good.jsonl", "--gates", "Q601", "--method", "lora")
    assert run.code == code
    assert run.out.startswith(f"{outcome}  Q601 effective-volume  5, limit 100 ")
