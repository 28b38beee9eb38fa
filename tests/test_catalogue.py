"""Every shipped check: its file is complete, its SQL is fit to run, its examples are judged as it says."""

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import duckdb
import pytest
import yaml
from tunegate.check import Check, Example, load_gates, select
from tunegate.gatekeeper import run
from tunegate.signals import needs
from tunegate.sources import AGAINST, EVAL, find_compared, find_sources
from tunegate.store import Store
from tunegate.tokens.tokenizer import load_tokenizer
from tunegate.verdict import Outcome, Verdict

GATES = Path(__file__).parents[1] / "gates"
TOKENIZERS = Path(__file__).parent / "data" / "tokenizers"  # those that examples name
CHECKS = {path.stem: yaml.safe_load(path.read_text(encoding="utf-8")) for path in sorted(GATES.glob("*/*-*.yaml"))}
QUERIES = {
    f"{stem} {key}": check[key]
    for stem, check in CHECKS.items()
    for key in ("rows", "value", "population")
    if check.get(key, "records") != "records"
}

# docs/design.md, "Check ids and default limits": warn, fail
LIMITS = {
    "Q101 unreadable-record": (None, "> 0"),
    "Q102 mixed-formats": (None, "> 0"),
    "Q103 role-order": ("> 0", "> 0.01"),
    "Q104 unknown-role-or-field": ("> 0", "> 0"),
    "Q105 missing-response": (None, "> 0"),
    "Q106 empty-turn": (None, "> 0"),
    "Q107 template-leak": ("> 0", "> 0.01"),
    "Q108 broken-text": ("> 0", "> 0.01"),
    "Q109 broken-tool-call": (None, "> 0"),
    "Q110 system-prompt-variants": ("> 5", None),
    "Q111 preference-pair": (None, "> 0"),
    "Q112 context-overflow": ("> 0", "> 0.01"),
    "Q113 response-cut-off": (None, "> 0"),
    "Q114 template-refusal": (None, "> 0"),
    "Q501 dominant-category": ("> 0.5", "> 0.8"),
    "Q502 category-entropy": (None, "< 0.8"),
    "Q503 small-cells": ("< $minimum", None),
    "Q601 effective-volume": ("> $upper", "< $lower"),
    "Q602 expected-outcome": (None, None),
    "Q603 token-volume": (None, None),
    "Q604 trained-share": (None, None),
    "Q605 sample-length": (None, None),
    "D101 exact-duplicates": ("> 0", "> 0.05"),
    "D102 near-duplicates": ("> 0", "> 0.05"),
    "D103 split-leakage": (None, "> 0"),
    "D104 contamination": (None, "> 0"),
    "D105 contradictory-twins": ("> 0", "> 0.01"),
}


def records(example: Any) -> list[str]:
    """The records an example is made of, one of each that is repeated, and those it is compared with."""
    if isinstance(example, dict):
        example = [*example["records"], *example.get("against", []), *example.get("against_eval", [])]
    items = [example] if isinstance(example, str) else example
    return [item if isinstance(item, str) else item["record"] for item in items]


def examples(check: dict[str, Any], outcome: str) -> list[Any]:
    return list(check.get("examples", {}).get(outcome, []))


def format_key(record: str) -> str:
    """The key that tells the format of a record apart, well enough to see that two formats are shown."""
    keys = ("conversations", "chosen", "label", "messages", "instruction", "question", "completion", "text")
    return next((key for key in keys if f'"{key}":' in record), "none")


def test_checks_and_limits_are_those_of_the_design():
    shipped = {f"{c['id']} {c['name']}": (c.get("warn"), c.get("fail")) for c in CHECKS.values()}
    assert shipped == LIMITS


def test_ids_and_names_are_unique_and_make_the_file_name():
    assert [f"{check['id']}-{check['name']}" for check in CHECKS.values()] == list(CHECKS)
    assert len({check["id"] for check in CHECKS.values()}) == len(CHECKS)
    assert len({check["name"] for check in CHECKS.values()}) == len(CHECKS)


def test_every_folder_is_a_gate_whose_checks_carry_its_id():
    for folder in sorted(path for path in GATES.iterdir() if path.is_dir()):
        gate = yaml.safe_load((folder / "gate.yaml").read_text(encoding="utf-8"))
        assert folder.name == f"{gate['id'].lower()}_{gate['name'].replace('-', '_')}"
        assert gate["summary"].endswith(".")
        assert all(path.stem.startswith(gate["id"]) for path in folder.glob("*-*.yaml"))


@pytest.mark.parametrize("stem", CHECKS)
def test_a_check_says_what_holds_why_from_where_and_what_to_do(stem):
    check = CHECKS[stem]
    assert check["summary"].count(".") == 1
    assert check["summary"].endswith(".")
    assert check["why"].endswith(".")
    assert "https://" in check["source"]
    assert "`" in check["remedy"] or check.get("report_only", False)


@pytest.mark.parametrize("stem", [stem for stem in CHECKS if not CHECKS[stem].get("report_only", False)])
def test_a_check_shows_two_passing_and_two_failing_examples_in_two_formats(stem):
    check = CHECKS[stem]
    shown = examples(check, "pass") + examples(check, "fail")
    assert len(examples(check, "pass")) >= 2
    assert len(examples(check, "fail")) >= 2
    assert len({format_key(record) for example in shown for record in records(example)}) >= 2


@pytest.mark.parametrize("stem", CHECKS)
def test_passing_examples_are_valid_json(stem):
    for example in examples(CHECKS[stem], "pass"):
        assert all(isinstance(json.loads(record), dict) for record in records(example))


@pytest.mark.parametrize("query", QUERIES)
def test_sql_is_one_lower_case_select_that_reads_no_clock_and_no_chance(query):
    sql = QUERIES[query]
    (statement,) = duckdb.extract_statements(sql)
    assert statement.type == duckdb.StatementType.SELECT
    code = re.sub(r"'[^']*'", "''", sql)
    assert code == code.lower()
    assert not re.search(r"\b(random|now|today|current_\w+|uuid|first|last|any_value|list)\s*\(", code)


@pytest.mark.parametrize("query", QUERIES)
def test_a_parameter_of_a_query_is_set_by_the_check_in_every_case(query):
    check = CHECKS[query.split()[0]]
    cases = list(check.get("cases", {}).values()) or [{}]
    used = set(re.findall(r"\$(\w+)", QUERIES[query] + check.get("warn", "") + check.get("fail", "")))
    given = check.get("params", {}).keys() | check.get("needs", [])
    assert all(used <= given | case.keys() for case in cases)


@pytest.mark.parametrize("stem", CHECKS)
def test_reads_names_the_tables_of_the_query_and_of_its_population(stem):
    used: set[str] = set()
    for query, sql in QUERIES.items():
        if query.split()[0] == stem:
            # get_table_names takes no parameters; a null stands for any
            used |= duckdb.connect().get_table_names(re.sub(r"\$\w+", "null", sql))
    assert CHECKS[stem]["reads"] == sorted(used)


LOADED = load_gates([GATES])
SHIPPED = {check.id: check for gate in LOADED for check in gate.checks}
EXAMPLES = [
    pytest.param(check, example, outcome, id=f"{check.id}-{outcome}-{number}")
    for check in SHIPPED.values()
    for outcome, shown in (("pass", check.examples.pass_), ("fail", check.examples.fail))
    for number, example in enumerate(shown, 1)
]


def written(folder: Path, name: str, records: Sequence[str]) -> list[str]:
    """The file with these records, none without any."""
    path = folder / f"{name}.jsonl"
    path.write_text("".join(f"{record}\n" for record in records), encoding="utf-8")
    return [str(path)] if records else []


def ingested(folder: Path, example: Example, signals: tuple[str, ...]) -> Store:
    data = find_sources(written(folder, "example", example.records), folder)
    named = {AGAINST: written(folder, "against", example.against), EVAL: written(folder, "eval", example.against_eval)}
    store = Store(folder / "store.duckdb")
    store.ingest(data + find_compared(named, data), example.fields, signals, threads=1)
    return store


def with_tokenizer(option: Mapping[str, str | int]) -> dict[str, Any]:
    """What the signals are measured with: the tokenizer that an example names."""
    if "tokenizer" not in option:
        return {}
    (path,) = TOKENIZERS.glob(f"{option['tokenizer']}*")
    return {"tokenizer": load_tokenizer(str(path))}


def judged(check: Check, example: Example, folder: Path) -> Verdict:
    store = ingested(folder, example, check.signals)
    parameters = with_tokenizer(example.option)
    (verdict,) = run(store, select(LOADED, [check.id]), option=example.option, parameters=parameters).verdicts
    return verdict


@pytest.mark.parametrize("check_id", SHIPPED)
def test_a_check_says_itself_which_options_its_signals_need(check_id):
    check = SHIPPED[check_id]
    assert {name for signal in check.signals for name in needs(signal)} <= set(check.needs)


@pytest.mark.parametrize(("check", "example", "outcome"), EXAMPLES)
def test_an_example_is_judged_as_its_check_says(check, example, outcome, tmp_path):
    verdict = judged(check, example, tmp_path)
    expected = {Outcome.PASS} if outcome == "pass" else {Outcome.WARN, Outcome.FAIL}
    assert verdict.outcome in expected, verdict
    assert (verdict.offenders > 0) == (outcome == "fail" and check.kind == "rows")


def test_every_query_can_be_explained_on_a_store_without_samples(tmp_path):
    signals = tuple(sorted({signal for check in SHIPPED.values() for signal in check.signals}))
    store = ingested(tmp_path, Example(records=['{"text": "a"}']), ())
    store.ensure(signals, {**with_tokenizer({"tokenizer": "bytes"}), "max_length": 8})
    for (table,) in store.connection.execute("select table_name from duckdb_tables()").fetchall():
        store.connection.execute(f"delete from {table}")
    for query, sql in QUERIES.items():
        case = SHIPPED[query.split("-")[0]].case({"method": "lora", "tokenizer": "bytes", "max_length": 8})
        assert case is not None
        parameters = {name: value for name, value in case.params.items() if f"${name}" in sql}
        assert store.connection.execute(f"explain {sql}", parameters or None).fetchall()
    store.close()
