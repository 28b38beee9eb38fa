"""The report for programs, as docs/report.md documents it."""

import json
import re
import tracemalloc
from pathlib import Path
from typing import Any

import pytest
from tunegate.cli import main
from tunegate.report import pieces, render, write
from tunegate.verdict import Evidence, Funnel, GateVerdict, Measurement, Outcome, Place, Report, Slice, Verdict

DOCUMENT = Path(__file__).parents[2] / "docs" / "report.md"

OUTCOME = {"pass", "warn", "fail", "inconclusive", "skip", "could not judge"}
MEMBERS = {
    "report": {"schema_version", "tunegate", "settings", "sources", "compared", "funnel", "gates"},
    "source": {"source", "bytes", "sha256", "records", "unreadable", "formats"},
    "compared": {"source", "role", "bytes", "sha256", "records", "unreadable"},
    "funnel": {"records", "samples", "unreadable"},
    "gate": {"id", "name", "outcome", "checks"},
    "check": {
        "id", "name", "outcome", "reason", "unit", "population", "measurement", "limit", "note", "slices",
        "offenders", "evidence",
    },
    "measurement": {"value", "n", "lower", "upper"},
    "limit": {"warn", "fail"},
    "slice": {"slice", "outcome", "judged", "measurement", "detail"},
    "evidence": {"source", "line", "fingerprint", "detail"},
}  # fmt: skip


def loaded(report: Report) -> dict[str, Any]:
    return json.loads(render("json")(report))


def objects(report: dict[str, Any]) -> list[tuple[str, Any]]:
    """Every object of a report whose members the schema fixes, with its kind."""
    checks = [check for gate in report["gates"] for check in gate["checks"]]
    slices = [part for check in checks for part in check["slices"]]
    measured = [item["measurement"] for item in (*checks, *slices) if item["measurement"] is not None]
    return [
        ("report", report),
        ("funnel", report["funnel"]),
        *(("source", source) for source in report["sources"]),
        *(("compared", source) for source in report["compared"]),
        *(("gate", gate) for gate in report["gates"]),
        *(("check", check) for check in checks),
        *(("limit", check["limit"]) for check in checks),
        *(("evidence", item) for check in checks for item in check["evidence"]),
        *(("slice", part) for part in slices),
        *(("measurement", item) for item in measured),
    ]


def test_every_object_has_exactly_the_members_of_the_schema(made: tuple[str, Report]):
    report = loaded(made[1])
    assert report["schema_version"] == 1
    for kind, found in objects(report):
        assert set(found) == MEMBERS[kind], kind
        assert found.get("outcome", "pass") in OUTCOME


def test_the_document_names_every_member():
    document = DOCUMENT.read_text(encoding="utf-8")
    named = set(re.findall(r"^\| `([a-z0-9_]+)` \|", document, flags=re.MULTILINE))
    assert named == set().union(*MEMBERS.values())


def test_the_excerpt_in_the_document_shows_every_member_and_is_what_the_command_prints(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    document = DOCUMENT.read_text(encoding="utf-8")
    (command,) = re.findall(r"^    tunegate (check .*)$", document, flags=re.MULTILINE)
    (excerpt,) = re.findall(r"```json\n(.*?)```", document, flags=re.DOTALL)
    shown = json.loads(excerpt)
    assert {kind for kind, _ in objects(shown)} == set(MEMBERS) - {"compared"}
    monkeypatch.chdir(DOCUMENT.parents[1])
    main(command.split())
    printed = json.loads(capsys.readouterr().out)
    for report in (shown, printed):
        assert re.fullmatch("[0-9a-f]{64}", report["settings"].pop("checks_sha256"))
        assert report.pop("tunegate")
    assert printed == shown


@pytest.fixture
def report() -> Report:
    """A gate of one check that found three records, and one that measured two slices."""
    evidence = (
        Evidence("a.jsonl", 7, "0" * 32, {"turn": 2, "fault": "same role twice", "half": 0.5, "sure": True}),
        Evidence("b.jsonl", 1, "1" * 32, {"first": Place("a.jsonl", 7), "absent": None}),
        Evidence("日本.jsonl", 3, "2" * 32, {}),
    )
    found = Verdict(
        id="Q103", name="role-order", outcome=Outcome.FAIL, kind="rows", unit="samples",
        measurement=Measurement(3 / 7, 7, 0.15, 0.75), offenders=3, warn="> 0", fail="> 0.01",
        population="select sample_id from samples", evidence=evidence, slices=(), reason=None, note=None,
    )  # fmt: skip
    measured = Verdict(
        id="Q104", name="x", outcome=Outcome.ERROR, kind="value", unit="samples", measurement=None, offenders=0,
        warn=None, fail=None, population=None, evidence=(),
        slices=(Slice("refunds", Measurement(None, 3), Outcome.SKIP, judged=False, detail={"label": "a"}),),
        reason="why", note="a note",
    )  # fmt: skip
    gate = GateVerdict("Q1", "format-consistency", Outcome.FAIL, (found, measured))
    return Report("1.2.3", (), (gate,), Funnel(8, 7, 1), {"gates": ["Q103", "Q104"], "method": "lora"})


def test_a_check_says_what_was_measured_against_which_limit(report: Report):
    check = loaded(report)["gates"][0]["checks"][0]
    del check["evidence"]
    assert check == {
        "id": "Q103",
        "name": "role-order",
        "outcome": "fail",
        "reason": None,
        "unit": "samples",
        "population": "select sample_id from samples",
        "measurement": {"value": 0.428571428571, "n": 7, "lower": 0.15, "upper": 0.75},
        "limit": {"warn": "> 0", "fail": "> 0.01"},
        "note": None,
        "slices": [],
        "offenders": 3,
    }


def test_the_evidence_is_complete_and_a_place_is_an_object(report: Report):
    assert loaded(report)["gates"][0]["checks"][0]["evidence"] == [
        {
            "source": "a.jsonl",
            "line": 7,
            "fingerprint": "0" * 32,
            "detail": {"turn": 2, "fault": "same role twice", "half": 0.5, "sure": True},
        },
        {
            "source": "b.jsonl",
            "line": 1,
            "fingerprint": "1" * 32,
            "detail": {"first": {"source": "a.jsonl", "line": 7}, "absent": None},
        },
        {"source": "日本.jsonl", "line": 3, "fingerprint": "2" * 32, "detail": {}},
    ]


def test_a_check_that_could_not_be_judged_and_a_slice_without_a_value_are_told(report: Report):
    check = loaded(report)["gates"][0]["checks"][1]
    assert (check["outcome"], check["reason"], check["note"]) == ("could not judge", "why", "a note")
    assert check["measurement"] is None
    assert check["slices"] == [
        {
            "slice": "refunds",
            "outcome": "skip",
            "judged": False,
            "measurement": {"value": None, "n": 3, "lower": None, "upper": None},
            "detail": {"label": "a"},
        }
    ]


def test_settings_version_and_funnel_are_told(report: Report):
    members = loaded(report)
    assert members["tunegate"] == "1.2.3"
    assert members["settings"] == {"gates": ["Q103", "Q104"], "method": "lora"}
    assert members["funnel"] == {"records": 8, "samples": 7, "unreadable": 1}


def test_evidence_is_never_cut(made: tuple[str, Report]):
    members = loaded(made[1])
    shown = [check["evidence"] for gate in members["gates"] for check in gate["checks"]]
    assert [len(evidence) for evidence in shown] == [len(check.evidence) for check in made[1].verdicts]


def test_the_text_is_utf8_ends_in_a_line_break_and_is_the_same_each_time(report: Report):
    text = render("json")(report)
    assert text == render("json")(report)
    assert "日本.jsonl" in text
    assert text.endswith("}\n")


def test_a_large_report_is_written_in_pieces_and_never_held_as_a_whole(tmp_path: Path):
    found = tuple(Evidence("a.jsonl", line, f"{line:032}", {"turn": line}) for line in range(20_000))
    check = Verdict("Q101", "x", Outcome.FAIL, "rows", "samples", Measurement(1.0, 20_000), 20_000, "> 0", None, None,
                    found, (), None, None)  # fmt: skip
    report = Report("1", (), (GateVerdict("Q1", "x", Outcome.FAIL, (check,)),), Funnel(20_000, 20_000, 0), {})
    assert max(len(piece) for piece in pieces("json")(report)) < 100
    tracemalloc.start()
    write(report, "json", tmp_path / "report.json")
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 500_000  # the text has 3.5 MB
    assert (tmp_path / "report.json").read_text(encoding="utf-8") == render("json")(report)


def test_a_format_without_pieces_is_one_piece():
    report = Report("1", (), (), Funnel(0, 0, 0), {})
    assert list(pieces("text")(report)) == [render("text")(report)]
