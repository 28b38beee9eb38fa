"""Bad input: one clear line on stderr with the next step, exit 2, nothing on stdout, nothing half-written."""

import gzip
import json
import os
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest

Workplace = Any  # the types of conftest.py, which cannot be imported
Tunegate = Callable[..., Any]

RECORD = '{"messages": [{"role": "user", "content": "q%d"}, {"role": "assistant", "content": "a"}]}\n'
GOOD = "".join(RECORD % number for number in range(5))
CHECK = """id: Q901
name: own
summary: s
why: w
source: s
remedy: r
reads: [samples]
examples: {}
"""


@pytest.fixture
def refused(workplace: Workplace, tunegate: Tunegate) -> Callable[..., str]:
    """Run a command that must be refused, and return what it said after `error: `."""
    workplace.write("good.jsonl", GOOD)

    def run(*arguments: str) -> str:
        before = workplace.listing()
        said = tunegate(*arguments)
        assert (said.code, said.out) == (2, "")
        assert said.err.startswith("error: ")
        assert said.err.count("\n") == 1
        assert said.err.endswith("\n")
        assert workplace.listing() == before
        return said.err.removeprefix("error: ").removesuffix("\n")

    return run


def test_a_missing_file_is_named(refused: Callable[..., str]):
    assert refused("check", "support.jsonl") == (
        "support.jsonl: No such file or directory; expected a readable file, a directory or `-`"
    )


def test_one_missing_file_among_good_ones_stops_the_run(refused: Callable[..., str]):
    assert refused("check", "good.jsonl", "support.jsonl").startswith("support.jsonl: No such file")


def test_a_folder_without_data_names_the_files_that_would_be_read(workplace: Workplace, refused: Callable[..., str]):
    workplace.write("raw/notes.txt", GOOD)
    workplace.write("raw/.hidden.jsonl", GOOD)
    assert refused("check", "raw") == (
        "raw holds no data file: expected *.jsonl, *.ndjson, *.json, plain or with .gz or .zst"
    )


def test_a_pattern_without_a_match_is_named(refused: Callable[..., str]):
    assert refused("check", "data-*.jsonl").startswith("no file matches 'data-*.jsonl'; expected ")


CUT_GZIP = gzip.compress("".join(RECORD % (number**5) for number in range(2000)).encode(), mtime=0)[:4000]


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("empty.jsonl", b"", "empty.jsonl is empty; expected at least one record"),
        ("blank.jsonl", b"\n \n\n", "blank.jsonl holds no record; expected at least one"),
        (
            "model.jsonl",
            bytes(range(256)) * 4,
            "model.jsonl is a binary file; expected JSON or JSON lines in UTF-8, plain or as .gz or .zst",
        ),
        (
            "excel.jsonl",
            GOOD.encode("utf-16"),
            "excel.jsonl is UTF-16 text; expected JSON or JSON lines in UTF-8, plain or as .gz or .zst",
        ),
        (
            "notes.jsonl",
            b"Dear all,\nthis is no data.\n",
            "notes.jsonl has not one readable record in 2; the first, at line 1: invalid JSON: ",
        ),
    ],
)
def test_a_file_that_is_no_data_says_what_it_is(
    workplace: Workplace, refused: Callable[..., str], name: str, content: bytes, said: str
):
    workplace.write(name, content)
    assert refused("check", name).startswith(said)


def test_an_archive_cut_short_says_how_far_it_went(workplace: Workplace, refused: Callable[..., str]):
    workplace.write("support.jsonl.gz", CUT_GZIP)
    whole = zlib.decompressobj(wbits=31).decompress(CUT_GZIP).count(b"\n")
    assert whole > 100
    assert refused("check", "support.jsonl.gz") == (
        f"support.jsonl.gz ends in the middle of a record at line {whole + 1:,}: the file is cut short. "
        f"{whole:,} records were read; nothing was judged"
    )


def test_an_archive_that_is_none_is_named(workplace: Workplace, refused: Callable[..., str]):
    workplace.write("plain.jsonl.gz", GOOD)
    assert "plain.jsonl.gz: not a sound gzip stream" in refused("check", "plain.jsonl.gz")


def test_a_pipe_under_a_name_is_refused_rather_than_waited_for(workplace: Workplace, refused: Callable[..., str]):
    os.mkfifo(workplace.folder / "pipe.jsonl")
    assert refused("check", "pipe.jsonl") == (
        "pipe.jsonl is no regular file; send it to standard input and name it `-`"
    )


def test_a_file_name_that_is_not_utf8_is_refused(workplace: Workplace, refused: Callable[..., str]):
    name = os.fsdecode(b"caf\xe9.jsonl")
    (workplace.folder / name).write_text(GOOD)
    assert refused("check", name) == r"the file name caf\udce9.jsonl is not UTF-8; rename the file"


def test_a_file_name_with_control_characters_is_written_out(refused: Callable[..., str]):
    assert r"a\x1b[31m\nb.jsonl" in refused("check", "a\x1b[31m\nb.jsonl")


@pytest.mark.parametrize("name", ["locked.jsonl", "locked"])
def test_a_file_or_folder_without_permission_is_named(workplace: Workplace, process: Tunegate, name: str):
    workplace.write("locked.jsonl", GOOD).chmod(0)
    workplace.write("locked/data.jsonl", GOOD).parent.chmod(0)
    try:
        said = process("check", name)
        assert sorted(path.name for path in workplace.folder.iterdir()) == ["locked", "locked.jsonl"]
        assert list(workplace.temporary.iterdir()) == []
    finally:
        (workplace.folder / "locked").chmod(0o700)
    assert (said.code, said.out) == (2, "")
    assert said.err.startswith(f"error: {name}: Permission denied; ")
    assert said.err.count("\n") == 1


def test_no_error_shows_a_traceback_of_a_real_process(workplace: Workplace, process: Tunegate):
    workplace.write("support.jsonl.gz", CUT_GZIP)
    for source in ("support.jsonl.gz", "nowhere.jsonl"):
        said = process("check", source)
        assert (said.code, said.out) == (2, "")
        assert said.err.startswith(f"error: {source}")
        assert said.err.count("\n") == 1
    assert list(workplace.temporary.iterdir()) == []


# The config and the check files


@pytest.mark.parametrize(
    ("config", "said"),
    [
        ("method: lora\nlimts: {}\n", 'unknown key "limts". Did you mean "limits"?'),
        ("\nfields: {catgory: topic}\n", 'unknown key "catgory" in fields. Did you mean "category"?'),
        (
            "limits:\n  Q103: {fial: '> 1'}\n",
            'unknown key "fial" in limits.Q103. Did you mean "fail"?',
        ),
        ("gates: [Q1]\ngates: [Q5]\n", 'key "gates" stands twice; it is first on line 1'),
        ("gates: [Q1]\n fail_on: warn\n", "not valid YAML: "),
        ("\nchecks: [ours]\n", "checks.0: no such folder of checks"),
        ("\nfail_on: sometimes\n", "fail_on: input should be 'fail', 'warn' or 'never', found a text"),
        (
            "limits:\n  D1011: {severity: off}\n",
            'unknown check "D1011" in limits. Did you mean "D101"?',
        ),
        (
            "limits:\n  D101: {fail: 5%}\n",
            "D101: bound '5%' is not an operator and a number, such as '> 0.01'",
        ),
    ],
)
def test_a_fault_in_the_config_is_told_with_its_line(
    workplace: Workplace, refused: Callable[..., str], config: str, said: str
):
    workplace.write("gates.yaml", config)
    text = refused("check", "good.jsonl", "-c", "gates.yaml")
    assert text.startswith(f"gates.yaml line 2: {said}")


def test_a_missing_config_is_named(refused: Callable[..., str]):
    assert refused("check", "good.jsonl", "-c", "gates.yaml") == (
        "gates.yaml cannot be read: No such file or directory; expected a YAML file"
    )


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (
            'rows: select sample_id from samples\nfial: "> 0"',
            'line 10: unknown key "fial". Did you mean "fail"?',
        ),
        ('rows: [select\nfail: "> 0"', "line 10: not valid YAML: "),
        ("rows: select sample_id from samples", "line 1: a check has warn, fail or both"),
        ('rows: select sample_id from samples\nfail: "> 1%"', "line 1: bound '> 1%' is not an operator"),
    ],
)
def test_a_malformed_check_file_is_told_with_its_line(
    workplace: Workplace, refused: Callable[..., str], lines: str, said: str
):
    workplace.write("ours/Q901-own.yaml", f"{CHECK}{lines}\n")
    workplace.write("tunegate.yaml", "checks: [ours]\n")
    assert refused("check", "good.jsonl").startswith(f"{Path('ours') / 'Q901-own.yaml'} {said}")


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ("select sample_id from samples; select 1", "2 statements found; a check is one SELECT"),
        ("select sampel_id from samples", 'unknown column "sampel_id". Did you mean "sample_id"?'),
        ("select sample_id from sampels", "unknown table"),
        ("copy samples to 'stolen.csv'", "COPY is refused"),
    ],
)
def test_a_check_that_cannot_run_is_reported_and_the_others_are_judged(
    workplace: Workplace, tunegate: Tunegate, rows: str, said: str
):
    workplace.write("good.jsonl", GOOD)
    workplace.write("ours/Q901-own.yaml", f'{CHECK}rows: "{rows}"\nfail: "> 0"\n')
    workplace.write("tunegate.yaml", "checks: [ours]\n")
    before = workplace.listing()
    answer = tunegate("check", "good.jsonl", "--gates", "Q9,D101")
    wrong, right, funnel, end = answer.out.splitlines()
    assert wrong.startswith("error  Q901 own               Q901-own.yaml line 9: ")
    assert said in wrong
    assert right == "pass   D101 exact-duplicates  0 of 5 samples"
    assert funnel == "5 records in 1 source = 5 samples + 0 unreadable"
    assert end == "no gate failed; 1 passed: D1; 1 could not be judged: Q9."
    assert answer.err == "error: Q901 could not be judged, for the reasons in the report\n"
    assert answer.code == 2
    assert workplace.listing() == before


def test_a_check_that_takes_too_long_is_stopped_and_the_others_are_judged(workplace: Workplace, tunegate: Tunegate):
    workplace.write("good.jsonl", GOOD)
    endless = "select sample_id from samples, range(1000000000) a, range(1000000000) b where a + b < 0"
    workplace.write("ours/Q901-own.yaml", f'{CHECK}rows: {endless}\nfail: "> 0"\n')
    workplace.write("tunegate.yaml", "checks: [ours]\n")
    answer = tunegate("check", "good.jsonl", "--gates", "Q9,D101", "--check-timeout", "0.5")
    assert "stopped after 0.5 s; simplify the query or raise --check-timeout" in answer.out
    assert "pass   D101" in answer.out
    assert answer.code == 2
    assert list(workplace.temporary.iterdir()) == []


# Arguments


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ("chekc good.jsonl", 'unknown verb "chekc"; one of check, dedup, gates, show, tokens. Did you mean "check"?'),
        ("check good.jsonl --gates Q601x", 'no gate or check begins with "Q601x". Did you mean "Q601"?'),
        (
            "check good.jsonl --method lorra",
            'method "lorra" is not known to Q601: one of lora, qlora, full, dpo, distillation. Did you mean "lora"?',
        ),
        (
            "check good.jsonl --format jsno",
            'unknown report format "jsno"; one of json, text. Did you mean "json"?',
        ),
        ("check good.jsonl --write json", '--write is "json", expected FORMAT=PATH such as json=report.json'),
        (
            "check good.jsonl --write json=",
            '--write is "json=", expected FORMAT=PATH such as json=report.json',
        ),
        ("check good.jsonl --write jsno=a", 'unknown report format "jsno"; one of json, text. Did you mean'),
        (
            "check good.jsonl --write json=gone/report.json",
            '--write is "json=gone/report.json", expected the name of a file in a folder that exists',
        ),
        ("check good.jsonl --write text=.", '--write is "text=.", expected the name of a file in a folder'),
        (
            "check good.jsonl --gates D1 --write json=./good.jsonl",
            "--write would overwrite good.jsonl, which this run uses; name another file",
        ),
        (
            "check good.jsonl --field categry=topic",
            '--field maps "categry", expected one of category, difficulty, split. Did you mean "category"?',
        ),
        ("check good.jsonl --field category", '--field is "category", expected FIELD=NAME such as category='),
        (
            "check good.jsonl --field category=",
            '--field is "category=", expected FIELD=NAME such as category=',
        ),
        (
            "check good.jsonl --check-timeout soon",
            'argument --check-timeout: "soon" is no number of seconds above 0 and up to 1,000,000; '
            "`tunegate check --help` tells what it takes",
        ),
        ("check good.jsonl --check-timeout 0", 'argument --check-timeout: "0" is no number of seconds'),
        ("check good.jsonl --check-timeout nan", 'argument --check-timeout: "nan" is no number of seconds'),
        ("check good.jsonl --check-timeout 1e9", 'argument --check-timeout: "1e9" is no number of seconds'),
        ("check good.jsonl --fail-on bad", "argument --fail-on: invalid choice: 'bad' (choose from "),
        ("check good.jsonl --gates D1 --require Q1", 'required "Q1" is not among the checks to run.'),
        ("check good.jsonl --frobnicate", "unrecognized arguments: --frobnicate; `tunegate check --help` "),
        ("check", "the following arguments are required: SOURCE; `tunegate check --help` tells"),
        ("show good.jsonl", 'place is "good.jsonl", expected FILE:LINE such as support.jsonl:118'),
        ("gates explain", "argument list | show ID: invalid choice: 'explain'"),
        ("gates show Q1030", 'no gate or check is called "Q1030". Did you mean "Q103"?'),
        ("--frobnicate", "unrecognized arguments: --frobnicate; `tunegate --help` tells what it takes"),
    ],
)
def test_a_wrong_argument_is_told_with_what_would_be_right(refused: Callable[..., str], arguments: str, said: str):
    assert refused(*arguments.split()).startswith(said)


# Stores


@pytest.mark.parametrize("name", ["notes.txt", "good.jsonl", "table.csv"])
def test_a_file_that_is_no_store_is_refused_and_kept(workplace: Workplace, refused: Callable[..., str], name: str):
    workplace.write("notes.txt", "buy milk\n")
    workplace.write("table.csv", "a,b\n1,2\n")
    said = refused("check", "good.jsonl", "--store", name)
    assert said == f"{workplace.folder / name} is no store of tunegate; name another file"


@pytest.mark.parametrize("table", ["prices (euro int)", "store_info (a int)"])
def test_a_database_of_somebody_else_is_refused_and_kept(workplace: Workplace, refused: Callable[..., str], table: str):
    with duckdb.connect(str(workplace.folder / "prices.duckdb")) as connection:
        connection.execute(f"create table {table}")
    said = refused("check", "good.jsonl", "--store", "prices.duckdb")
    assert "prices.duckdb" in said


def test_a_store_of_another_version_is_refused_and_kept(workplace: Workplace, refused: Callable[..., str]):
    with duckdb.connect(str(workplace.folder / "old.duckdb")) as connection:
        connection.execute("create table store_info (key varchar primary key, value varchar not null)")
        connection.execute("insert into store_info values ('version', '0')")
    said = refused("check", "good.jsonl", "--store", "old.duckdb")
    assert "old.duckdb holds tables of version 0, expected " in said
    assert said.endswith("; remove it to measure again")


@pytest.mark.parametrize(
    ("name", "said"),
    [
        (".", "is no store of tunegate; name another file"),
        ("gone/a.duckdb", "the folder is missing or cannot be written; name a file elsewhere"),
    ],
)
def test_a_store_that_cannot_be_a_file_is_refused(refused: Callable[..., str], name: str, said: str):
    assert refused("check", "good.jsonl", "--store", name).endswith(said)


def test_a_store_without_permission_is_refused(workplace: Workplace, process: Tunegate):
    workplace.write("good.jsonl", GOOD)
    (workplace.folder / "locked").mkdir(mode=0o500)
    said = process("check", "good.jsonl", "--store", "locked/a.duckdb")
    assert (said.code, said.out) == (2, "")
    folder = workplace.folder / "locked"
    assert said.err == (
        f"error: {folder / 'a.duckdb'}: the folder is missing or cannot be written; name a file elsewhere\n"
    )


def test_a_store_is_not_begun_from_bad_input(workplace: Workplace, refused: Callable[..., str]):
    workplace.write("notes.jsonl", "no data\n" * 50)
    refused("check", "good.jsonl", "notes.jsonl", "--store", "a.duckdb")


def test_a_report_is_not_written_when_the_input_is_bad(workplace: Workplace, refused: Callable[..., str]):
    workplace.write("notes.jsonl", "no data\n")
    workplace.write("report.json", "the old one")
    refused("check", "notes.jsonl", "--write", "json=report.json", "--write", "text=report.txt")


# What was in the data stays out of every message

SECRET = "Hildegard-4711"


@pytest.mark.parametrize(
    "record",
    [
        f'{{"messages": [{{"role": "user", "content": "{SECRET}"}},]}}',
        f'{{"{SECRET}": 1}}',
        f'{{"messages": [{{"role": "{SECRET}"}}], "messages": 1}}',
        f'{{"messages": "{SECRET}"}}',
        f'"{SECRET}"',
        f"{SECRET}",
        json.dumps({"messages": [{"role": SECRET, SECRET: SECRET, "content": {SECRET: 1}}]}),
        json.dumps({"prompt": SECRET, "completion": [SECRET], "label": SECRET}),
    ],
)
def test_no_error_holds_what_the_data_says(workplace: Workplace, refused: Callable[..., str], record: str):
    workplace.write("secret.jsonl", record + "\n")
    assert SECRET not in refused("check", "secret.jsonl")
