"""The whole command: seconds and memory on the corpus, and the time until the first answer."""

import json
from collections.abc import Callable
from pathlib import Path

from . import corpus
from .conftest import ROUNDS, target
from .processes import Command

CPUS = 2
CHECK_S, CHECK_BYTES = 10.0, 500e6
HELP_S, SMALL_S = 0.150, 1.5


def test_check_judges_the_corpus_in_bounded_memory(
    benchmark, tunegate: Command, mix: Path, tmp_path: Path, figure: Callable[[str], None]
):
    report_path = tmp_path / "report.json"
    runs = []

    def check() -> None:
        runs.append(tunegate.watch("check", mix, "--write", f"json={report_path}", cpus=CPUS))

    benchmark.pedantic(check, rounds=3)
    assert {run.code for run in runs} == {1}, runs[0].output
    report = json.loads(report_path.read_text())
    assert report["funnel"]["records"] == report["funnel"]["samples"] == corpus.RECORDS
    assert report["funnel"]["unreadable"] == 0
    checks = {check["id"]: check for gate in report["gates"] for check in gate["checks"]}
    assert checks["Q101"]["outcome"] == "pass"
    assert len(checks["Q106"]["evidence"]) == corpus.EMPTY_TURNS
    seconds = benchmark.stats.stats.median
    peak = max(run.peak_bytes for run in runs)
    peaks = {name: max(run.peaks.get(name, 0) for run in runs) for name in runs[0].peaks}
    figure(f"tunegate check, {corpus.RECORDS:,} records, {CPUS} CPUs: {seconds:.2f} s, target {CHECK_S:.0f} s "
           f"{target(seconds, CHECK_S)}; {corpus.BYTES / 1e6 / seconds:.0f} MB/s; median of {len(runs)}")
    figure(f"  peak RssAnon {peak / 1e6:.0f} MB, target {CHECK_BYTES / 1e6:.0f} MB {target(peak, CHECK_BYTES)}; "
           + ", ".join(f"{name} {size / 1e6:.0f} MB" for name, size in peaks.items()))


def test_help_answers_at_once(benchmark, tunegate: Command, figure: Callable[[str], None]):
    run = benchmark.pedantic(tunegate.run, args=("--help",), rounds=ROUNDS, warmup_rounds=1)
    assert run.returncode == 0
    assert "check" in run.stdout
    seconds = benchmark.stats.stats.median
    figure(f"tunegate --help: {1000 * seconds:.0f} ms, target {1000 * HELP_S:.0f} ms {target(seconds, HELP_S)}; "
           f"fresh processes, median of {ROUNDS}")


def test_check_of_a_hundred_records_answers_soon(
    benchmark, tunegate: Command, mix: Path, tmp_path: Path, figure: Callable[[str], None]
):
    few = corpus.first_lines(mix, 100, tmp_path / "few.jsonl")
    run = benchmark.pedantic(
        tunegate.run, args=("check", few, "--format", "json"), rounds=ROUNDS, warmup_rounds=1
    )
    assert run.returncode in (0, 1), run.stderr
    assert json.loads(run.stdout)["funnel"]["records"] == 100
    seconds = benchmark.stats.stats.median
    figure(f"tunegate check, 100 records: {seconds:.2f} s, target {SMALL_S} s {target(seconds, SMALL_S)}; "
           f"fresh processes, median of {ROUNDS}")
