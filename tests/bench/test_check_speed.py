"""The whole command: seconds and memory on the corpus, and the time until the first answer."""

import json
import statistics
from collections.abc import Callable
from pathlib import Path

from . import corpus
from .conftest import ROUNDS, target
from .processes import Command, Run

CPUS = 2
CHECK_S, CHECK_BYTES = 10.0, 500e6
HELP_S, SMALL_S = 0.150, 1.5


def median_seconds(benchmark, runs: list[Run], limit_s: float) -> str:
    """Say how long the runs took, and whether that is within the limit."""
    wall, cpu = benchmark.stats.stats.median, statistics.median(run.cpu_seconds for run in runs)
    return f"{wall:.3f} s (CPU {cpu:.3f} s), target {limit_s} s {target(wall, limit_s)}, median of {ROUNDS}"


def test_check_judges_the_corpus_in_bounded_memory(
    benchmark, tunegate: Command, mix: Path, tmp_path: Path, figure: Callable[[str], None]
):
    report_path, runs = tmp_path / "report.json", []
    arguments = ("check", mix, "--write", f"json={report_path}")
    benchmark.pedantic(lambda: runs.append(tunegate.run(*arguments, cpus=CPUS)), rounds=ROUNDS)
    assert {run.code for run in runs} == {1}, runs[0].errors
    report = json.loads(report_path.read_text())
    assert report["funnel"] == {"records": corpus.RECORDS, "samples": corpus.RECORDS, "unreadable": 0}
    checks = {check["id"]: check for gate in report["gates"] for check in gate["checks"]}
    assert checks["Q101"]["outcome"] == "pass"
    assert len(checks["Q106"]["evidence"]) == corpus.EMPTY_TURNS
    peak = max(run.peak_bytes for run in runs)
    peaks = {name: max(run.peaks[name] for run in runs) for name in runs[0].peaks}
    seconds = median_seconds(benchmark, runs, CHECK_S)
    figure(f"tunegate check of {corpus.RECORDS:,} records on {CPUS} CPUs: {seconds}")
    figure(
        f"  peak RssAnon {peak / 1e6:.0f} MB, target {CHECK_BYTES / 1e6:.0f} MB {target(peak, CHECK_BYTES)}; "
        + ", ".join(f"{name} {size / 1e6:.0f} MB" for name, size in peaks.items())
    )


def test_help_answers_at_once(benchmark, tunegate: Command, figure: Callable[[str], None]):
    runs = []
    benchmark.pedantic(lambda: runs.append(tunegate.run("--help")), rounds=ROUNDS)
    assert all(run.code == 0 and "check" in run.output for run in runs)
    figure(f"tunegate --help in a fresh process: {median_seconds(benchmark, runs, HELP_S)}")


def test_check_of_a_hundred_records_answers_soon(
    benchmark, tunegate: Command, mix: Path, tmp_path: Path, figure: Callable[[str], None]
):
    few, runs = corpus.first_lines(mix, 100, tmp_path / "few.jsonl"), []
    benchmark.pedantic(lambda: runs.append(tunegate.run("check", few, "--format", "json")), rounds=ROUNDS)
    assert all(run.code in (0, 1) for run in runs), runs[0].errors
    assert {json.loads(run.output)["funnel"]["records"] for run in runs} == {100}
    figure(f"tunegate check of 100 records in a fresh process: {median_seconds(benchmark, runs, SMALL_S)}")
