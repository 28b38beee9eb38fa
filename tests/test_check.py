"""Check files: the closed schema, loading, selecting and a user's limits."""

import os
import re
from pathlib import Path

import pytest
from tunegate.check import Gate, apply_limits, load_gates, packaged_gates, select
from tunegate.config import load_config
from tunegate.errors import CheckError, ConfigError, UsageError
from tunegate.verdict import Bound

GATE = "id: Q1\nname: format-consistency\nsummary: Records are what they seem.\n"
HEAD = """\
id: {id}
name: {name}
summary: Turns alternate.
why: Templates drop turns.
source: https://example.org
remedy: Fix the producer.
reads: [samples, messages]
"""
TAIL = """\
examples:
  pass: ['{}']
  fail: ['{}']
"""
ROWS = "rows: select sample_id from samples\nfail: '> 0'\n"


def write(folder: Path, check_id: str = "Q103", name: str = "role-order", body: str = ROWS, tail: str = TAIL) -> Path:
    folder.mkdir(exist_ok=True, parents=True)
    file = folder / f"{check_id}-{name}.yaml"
    file.write_text(HEAD.format(id=check_id, name=name) + body + tail)
    return file


@pytest.fixture
def gates_folder(tmp_path: Path) -> Path:
    folder = tmp_path / "gates" / "q1_format"
    write(folder)
    (folder / "gate.yaml").write_text(GATE)
    return tmp_path / "gates"


def fault(folder: Path) -> str:
    with pytest.raises(CheckError) as caught:
        load_gates([folder])
    assert "\n" not in str(caught.value)
    return str(caught.value)


def ids(gates: tuple[Gate, ...]) -> dict[str, list[str]]:
    return {gate.id: [check.id for check in gate.checks] for gate in gates}


def test_a_gate_is_a_folder_of_check_files(gates_folder: Path):
    write(gates_folder / "q1_format", "Q101", "unreadable-record")
    (gates_folder / "q1_format" / "notes.txt").write_text("no check")
    (gates_folder / "q1_format" / ".Q102-hidden.yaml").write_text("no check")
    (gate,) = load_gates([gates_folder])
    assert (gate.id, gate.name, gate.summary) == ("Q1", "format-consistency", "Records are what they seem.")
    assert [(check.id, check.name, check.file) for check in gate.checks] == [
        ("Q101", "unreadable-record", "Q101-unreadable-record.yaml"),
        ("Q103", "role-order", "Q103-role-order.yaml"),
    ]


def test_own_checks_join_the_gate_of_their_id_or_make_one(gates_folder: Path, tmp_path: Path):
    write(tmp_path / "our_checks", "Q190", "no-greeting")
    write(tmp_path / "our_checks", "X101", "brand-name")
    loaded = load_gates([gates_folder, tmp_path / "our_checks"])
    assert ids(loaded) == {"Q1": ["Q103", "Q190"], "X1": ["X101"]}
    assert [gate.name for gate in loaded] == ["format-consistency", "our-checks"]
    assert loaded == load_gates([tmp_path / "our_checks", gates_folder])


def test_gates_of_data_come_before_gates_of_checkpoints(tmp_path: Path):
    for letter in "RAFQDTP":
        write(tmp_path / letter, f"{letter}101", "x")
    assert list(ids(load_gates([tmp_path]))) == ["Q1", "D1", "P1", "T1", "R1", "F1", "A1"]


def test_the_gates_of_a_source_tree_lie_beside_python():
    assert packaged_gates().name == "gates"


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("treshold: 3\n" + ROWS, 'line 8: unknown key "treshold".'),
        ("popullation: records\n" + ROWS, 'line 8: unknown key "popullation". Did you mean "population"?'),
        ("rows: select 1\nvalue: select 1\nfail: '> 0'\n", "exactly one of rows and value"),
        ("fail: '> 0'\n", "exactly one of rows and value"),
        ("rows: select 1\n", "a check has warn, fail or both, or else report_only: true"),
        ("report_only: true\n" + ROWS, "a check has warn, fail or both, or else report_only: true"),
        ("rows: select 1\nfail: '=> 1'\n", "bound '=> 1' is not an operator and a number"),
        ("rows: select 1\nfail: 1\n", "line 9: fail: expected text, found a number"),
        ("rows: ''\nfail: '> 0'\n", "line 8: rows:"),
        ("confidence: 1.5\n" + ROWS, "line 8: confidence: input should be less than 1, found a number"),
        ("rows: select $topic\nfail: '> 0'\n", "$topic is not declared in params"),
        ("rows: select $topc\nparams: {topic: a}\nfail: '> 0'\n", 'Did you mean "topc"?'),
        ("params: {lower: 1}\n" + ROWS, "parameter lower is used neither in the SQL nor in a bound"),
        ("rows: select 1\nparams: {lower: a}\nfail: '> $lower'\n", "needs a number for $lower, found a text"),
        (
            "rows: select 1\nparams: {lower: true}\nfail: '> $lower'\n",
            "needs a number for $lower, found true or false",
        ),
        ("rows: select 1\nfail: '> $lower'\n", "bound '> $lower' names no parameter of the check"),
        ("option: method\n" + ROWS, "option and cases go together"),
        (
            "value: select 1\noption: method\ncases: {lora: {lower: 1}, full: {}}\nfail: '< $lower'\n",
            "names no parameter",
        ),
        (
            "value: select $a\noption: method\ncases: {lora: {a: 1}, full: {}}\nfail: '< 1'\n",
            "case full lacks a; write null",
        ),
    ],
)
def test_a_malformed_check_is_told_with_file_and_reason(gates_folder: Path, body: str, message: str):
    file = write(gates_folder / "q1_format", body=body)
    assert fault(gates_folder).startswith(f"{file} line ")
    assert message in fault(gates_folder)


def test_a_misspelt_or_missing_key_of_the_head_is_told(gates_folder: Path):
    file = gates_folder / "q1_format" / "Q103-role-order.yaml"
    text = file.read_text()
    file.write_text(text.replace("why:", "wy:"))
    assert 'line 4: unknown key "wy". Did you mean "why"?' in fault(gates_folder)
    file.write_text(text.replace("why: Templates drop turns.\n", ""))
    assert 'key "why" is missing' in fault(gates_folder)
    file.write_text(text.replace("reads: [samples, messages]", "reads: [samples, mesages]"))
    assert (
        'unknown table "mesages"; one of sources, records, samples, messages, pairs, clusters or signal_<name>.'
        in fault(gates_folder)
    )
    file.write_text(text.replace("  fail:", "  fial:"))
    assert 'line 12: unknown key "fial" in examples. Did you mean "fail"?' in fault(gates_folder)
    file.write_text(text.replace("id: Q103", "id: q103"))
    assert "line 1: id: " in fault(gates_folder)


def test_a_file_is_named_after_what_it_holds(gates_folder: Path):
    file = gates_folder / "q1_format" / "Q103-role-order.yaml"
    file.rename(file.with_name("Q104-role-order.yaml"))
    assert "line 1: the file holds Q103 role-order: name it Q103-role-order.yaml" in fault(gates_folder)


def test_an_id_is_used_once(gates_folder: Path, tmp_path: Path):
    write(tmp_path / "own", name="other")
    with pytest.raises(CheckError, match=r"id Q103 is used by Q103-role-order\.yaml and by Q103-other\.yaml"):
        load_gates([gates_folder, tmp_path / "own"])


def test_a_check_belongs_to_the_gate_of_its_folder(gates_folder: Path):
    write(gates_folder / "q1_format", "Q501", "balance")
    assert "Q501-balance.yaml: id Q501 does not belong to gate Q1" in fault(gates_folder)


def test_a_gate_is_declared_once(gates_folder: Path, tmp_path: Path):
    write(tmp_path / "own", "Q190", "other")
    (tmp_path / "own" / "gate.yaml").write_text(GATE)
    with pytest.raises(CheckError, match="gate Q1 is declared twice"):
        load_gates([gates_folder, tmp_path / "own"])


def test_a_missing_folder_is_named(tmp_path: Path):
    with pytest.raises(CheckError, match=r"no folder .*nowhere' of checks"):
        load_gates([tmp_path / "nowhere"])


@pytest.mark.parametrize(
    "text",
    [
        "SECRET",
        "[SECRET]",
        "id: SECRET",
        "id: {SECRET: 1}",
        "SECRET words of a file: 1",
        "id: Q103\nid: SECRET",
        "SECRET" + "x" * 40 + ": 1\nSECRET" + "x" * 40 + ": 2",
        "id: !SECRET x",
        "id: *SECRET",
        "id: &SECRET x",
        "id: 5SECRET: [",
        "id: 77777777777777777777777",
        "id: 7777777e999",
        '"SECRET',
        "'SECRET': |\nSECRET",
        HEAD.format(id="Q103", name="role-order")
        + "rows: select 1\nfail: '> SECRET SECRET SECRET SECRET SECRET SECRET'\n",
        HEAD.format(id="Q103", name="role-order").replace("[samples", "['SECRET table'") + ROWS + TAIL,
        HEAD.format(id="Q103", name="role-order") + "rows: select $a\nparams: {a: SECRET}\nfail: '> $a'\n" + TAIL,
        HEAD.format(id="Q103", name="role-order") + "cases: {SECRET word: {a: 1}}\noption: x\n" + ROWS + TAIL,
        HEAD.format(id="Q103", name="SECRET") + ROWS + TAIL,
        HEAD.format(id="Q103", name="role-order") + "confidence: SECRET\n" + ROWS + TAIL,
        HEAD.format(id="Q103", name="role-order")
        + ROWS
        + "examples: {pass: [{records: [{record: '', times: SECRET}]}]}",
    ],
)
def test_an_error_never_prints_a_value_of_the_file(gates_folder: Path, text: str):
    (gates_folder / "q1_format" / "Q103-role-order.yaml").write_text(text)
    said = fault(gates_folder).partition(".yaml")[2]
    assert "7777777" not in said
    assert "SECRET" not in said.replace('unknown key "SECRET"', "")


def test_a_link_out_of_the_folder_of_the_gates_is_refused(gates_folder: Path, tmp_path: Path):
    outside = write(tmp_path / "outside", "Q104", "other")
    link = gates_folder / "q1_format" / "Q104-other.yaml"
    link.symlink_to(outside)
    assert fault(gates_folder) == f"{link} leads outside {gates_folder}; put the file itself there"
    link.unlink()
    link.symlink_to(tmp_path / "nowhere")
    assert "leads outside" in fault(gates_folder)
    link.unlink()
    (gates_folder / "q2_linked").symlink_to(tmp_path / "outside")
    assert f"{gates_folder / 'q2_linked'} leads outside" in fault(gates_folder)


def test_a_link_within_the_folder_of_the_gates_is_followed(gates_folder: Path):
    file = gates_folder / "q1_format" / "Q103-role-order.yaml"
    (gates_folder / "kept").mkdir()
    file.rename(gates_folder / "kept" / ".kept.yaml")
    file.symlink_to("../kept/.kept.yaml")
    assert ids(load_gates([gates_folder])) == {"Q1": ["Q103"]}


def test_only_a_regular_file_of_limited_size_is_read(gates_folder: Path):
    pipe = gates_folder / "q1_format" / "Q104-pipe.yaml"
    os.mkfifo(pipe)
    assert fault(gates_folder) == f"{pipe} line 1: it is no regular file"
    pipe.unlink()
    with open(pipe, "wb") as sparse:
        sparse.truncate(1 << 40)  # reading it all would take a terabyte of memory
    assert "larger than 1,000,000 bytes" in fault(gates_folder)


def test_an_example_is_a_record_records_or_a_whole_run(gates_folder: Path):
    tail = """\
examples:
  pass:
    - '{"text": "a"}'
    - ['{"text": "a"}', '{"text": "b"}']
    - {records: ['{"text": "a"}'], fields: {category: topic}, option: {method: lora}}
"""
    write(gates_folder / "q1_format", tail=tail)
    (check,) = load_gates([gates_folder])[0].checks
    one, two, run = check.examples.pass_
    assert [len(example.records) for example in (one, two, run)] == [1, 2, 1]
    assert (run.fields, run.option) == ({"category": "topic"}, {"method": "lora"})
    assert check.examples.fail == ()


def test_where_the_sql_stands_is_kept(gates_folder: Path):
    body = "population: select 1\nrows: |\n  select\n  sample_id from samples\nfail: '> 0'\n"
    write(gates_folder / "q1_format", body=body)
    (check,) = load_gates([gates_folder])[0].checks
    assert dict(check.lines) == {"population": 8, "rows": 10}


def test_a_digest_changes_with_the_verdict_and_not_with_the_words(gates_folder: Path):
    def digest(body: str, tail: str = TAIL) -> str:
        write(gates_folder / "q1_format", body=body, tail=tail)
        return load_gates([gates_folder])[0].checks[0].digest

    first = digest(ROWS)
    assert len(first) == 64
    assert digest(ROWS, "examples: {pass: ['[]']}\n") == first
    assert digest("empty: nothing there\n" + ROWS) == first
    assert digest(ROWS.replace("> 0", "> 1")) != first
    assert digest("population: records\n" + ROWS) != first


def test_prefixes_select_gates_and_checks(gates_folder: Path, tmp_path: Path):
    write(gates_folder / "q1_format", "Q101", "unreadable-record")
    write(tmp_path / "more", "Q501", "dominant-category")
    gates = load_gates([gates_folder, tmp_path / "more"])
    assert ids(select(gates, [])) == {"Q1": ["Q101", "Q103"], "Q5": ["Q501"]}
    assert ids(select(gates, ["Q1"])) == {"Q1": ["Q101", "Q103"]}
    assert ids(select(gates, ["Q103", "Q5"])) == {"Q1": ["Q103"], "Q5": ["Q501"]}
    for prefix, hint in (("q103", "Q103"), ("Q130", "Q103"), ("", None), ("zzz", None)):
        with pytest.raises(UsageError) as caught:
            select(gates, [prefix])
        assert f'no gate or check begins with "{prefix}".' in str(caught.value)
        assert hint is None or f'Did you mean "{hint}"?' in str(caught.value)


CASES = """\
value: select count(*) as value, count(*) as n from samples
option: method
cases:
  lora: {lower: 100, upper: 10000, note: "100 to 10,000"}
  full: {lower: 50000, upper: null}
fail: "< $lower"
warn: "> $upper"
"""


@pytest.fixture
def volume(gates_folder: Path) -> tuple[Gate, ...]:
    write(gates_folder / "q1_format", body=CASES)
    return load_gates([gates_folder])


def test_a_run_option_picks_the_case(volume: tuple[Gate, ...]):
    check = volume[0].checks[0]
    lora = check.case({"method": "lora"})
    assert lora is not None
    assert (lora.fail, lora.warn, lora.note) == (Bound("<", 100), Bound(">", 10000), "100 to 10,000")
    full = check.case({"method": "full"})
    assert full is not None
    assert (full.fail, full.warn, full.note) == (Bound("<", 50000), None, None)
    assert check.case({}) is None
    with pytest.raises(UsageError, match=r'method "lorra" is not known to Q103: one of lora, full\. Did you mean'):
        check.case({"method": "lorra"})


NEEDS = """\
rows: select sample_id from samples where sample_id > $max_length
needs: [tokenizer, max_length]
fail: "> $max_length"
"""


def test_a_check_may_need_options_of_the_run_and_use_their_numbers(gates_folder: Path):
    write(gates_folder / "q1_format", body=NEEDS)
    (check,) = load_gates([gates_folder])[0].checks
    assert check.run_options == ("tokenizer", "max_length")
    assert check.case({"tokenizer": "a.json"}) is None
    assert check.case({"max_length": 8}) is None
    case = check.case({"tokenizer": "a.json", "max_length": 8})
    assert case is not None
    assert (dict(case.params), case.fail) == ({"max_length": 8}, Bound(">", 8))


def test_a_check_that_needs_an_option_and_picks_its_case_by_one_takes_both(gates_folder: Path):
    write(gates_folder / "q1_format", body=CASES + "needs: [max_length]\n")
    (check,) = load_gates([gates_folder])[0].checks
    assert check.run_options == ("method", "max_length")
    assert check.case({"method": "lora"}) is None
    case = check.case({"method": "lora", "max_length": 8})
    assert case is not None
    assert (case.params["lower"], case.params["max_length"]) == (100, 8)
    with pytest.raises(UsageError, match=r"lorra.*Did you mean"):
        check.case({"method": "lorra"})


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (NEEDS.replace("max_length]", "max_lenght]"), r'needs: unknown option "max_lenght".*Did you mean "max_length"'),
        (NEEDS.replace(", max_length]", "]"), r"bound '> \$max_length' names no parameter of the check"),
        (
            NEEDS.replace(", max_length]", "]").replace('"> $max_length"', '"> 0"'),
            r"\$max_length is not declared in params",
        ),
        (NEEDS + "params: {max_length: 5}\n", "max_length is an option of the run, which needs names"),
        (NEEDS.replace("$max_length\nneeds", "$tokenizer\nneeds"), r"\$tokenizer is not declared in params"),
    ],
)
def test_what_a_check_needs_is_one_of_the_options_there_are(gates_folder: Path, body: str, message: str):
    write(gates_folder / "q1_format", body=body)
    assert re.search(message, fault(gates_folder))


def test_a_user_changes_the_limits_of_a_check_that_needs_an_option(gates_folder: Path, tmp_path: Path):
    write(gates_folder / "q1_format", body=NEEDS)
    (gate,) = limited(load_gates([gates_folder]), "  Q103: {fail: '> 0.5'}", tmp_path)
    case = gate.checks[0].case({"tokenizer": "a.json", "max_length": 8})
    assert case is not None
    assert case.fail == Bound(">", 0.5)
    with pytest.raises(ConfigError, match="Q103 has no parameter"):
        limited(load_gates([gates_folder]), "  Q103: {params: {max_length: 5}}", tmp_path)


def limited(gates: tuple[Gate, ...], text: str, folder: Path) -> tuple[Gate, ...]:
    (folder / "tunegate.yaml").write_text("limits:\n" + text)
    return apply_limits(gates, load_config(folder / "tunegate.yaml"))


def test_a_user_changes_limits_severity_and_parameters(volume: tuple[Gate, ...], tmp_path: Path):
    (gate,) = limited(volume, "  Q103: {params: {lower: 500}, warn: '> 7'}", tmp_path)
    case = gate.checks[0].case({"method": "lora"})
    assert case is not None
    assert (case.fail, case.warn) == (Bound("<", 500), Bound(">", 7))
    for severity in ("warn", "fail"):  # limits on both sides stay: the gatekeeper turns what they come to
        (gate,) = limited(volume, f"  Q103: {{severity: {severity}}}", tmp_path)
        assert (gate.checks[0].warn, gate.checks[0].fail) == ("> $upper", "< $lower")
    (gate,) = limited(volume, "  Q103: {severity: warn, warn: '< 9'}", tmp_path)
    assert (gate.checks[0].warn, gate.checks[0].fail) == ("< 9", None)
    (gate,) = limited(volume, "  Q103: {severity: fail, warn: '< 9'}", tmp_path)
    assert (gate.checks[0].warn, gate.checks[0].fail) == (None, "< 9")
    (gate,) = limited(volume, "  Q103: {severity: off}", tmp_path)
    assert gate.checks[0].severity == "off"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("  Q130: {}", 'line 2: unknown check "Q130" in limits. Did you mean "Q103"?'),
        ("  Q103:\n    params: {lowr: 1}", 'line 3: Q103 has no parameter "lowr". Did you mean "lower"?'),
        ("  Q103: {fail: 3 %}", "line 2: Q103: bound '3 %' is not an operator and a number"),
        (
            "  Q103: {params: {lower: x}}",
            "line 2: Q103: bound '< $lower' needs a number for $lower, found a text",
        ),
        ("  Q103: {fail: '> $uper'}", 'names no parameter of the check. Did you mean "upper"?'),
    ],
)
def test_a_wrong_limit_is_placed_in_the_users_file(volume: tuple[Gate, ...], tmp_path: Path, text: str, message: str):
    with pytest.raises(ConfigError) as caught:
        limited(volume, text, tmp_path)
    assert str(caught.value).startswith(f"{tmp_path}/tunegate.yaml line ")
    assert message in str(caught.value)
