"""What people read and judged in real files, recomputed: a true finding still stands, a false one is gone."""

import csv
import json
from collections import defaultdict
from pathlib import Path

import pytest
from tunegate.cli import main

ROWS = list(
    csv.DictReader(
        (Path(__file__).parents[1] / "docs" / "audit" / "foundation.tsv").read_text(encoding="utf-8").splitlines(),
        delimiter="\t",
        quoting=csv.QUOTE_NONE,
    )
)
FILES = sorted({row["file"] for row in ROWS})


def found(path: Path, report: Path) -> dict[int, set[str]]:
    """The check ids by line that the tool reports for a file."""
    main(["check", str(path), "--write", f"json={report}"])
    checks = [check for gate in json.loads(report.read_text())["gates"] for check in gate["checks"]]
    by_line = defaultdict(set)
    for check in checks:
        for evidence in check["evidence"]:
            by_line[evidence["line"]].add(check["id"])
    return by_line


def test_the_audit_covers_six_real_files_and_gives_every_row_a_reason_of_its_own():
    assert len(FILES) >= 6
    assert all(row["verdict"] in ("true", "false") for row in ROWS)
    assert len({row["reason"] for row in ROWS}) == len(ROWS)
    assert all(len(row["reason"].split()) >= 5 for row in ROWS)


@pytest.mark.parametrize("file", FILES)
def test_every_audited_finding_stands_or_falls_as_marked(file, shared_data, tmp_path):
    by_line = found(shared_data / file, tmp_path / "report.json")
    for row in (row for row in ROWS if row["file"] == file):
        ids, check = by_line[int(row["line"])], row["check"]
        if check == "none":
            assert not ids, row
        else:
            assert (check in ids) == (row["verdict"] == "true"), row
