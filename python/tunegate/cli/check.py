"""Judge a dataset by the quality gates and name the records to blame.

Exit codes: 0 no gate failed, 1 a gate failed, 2 could not judge, 3 inconclusive and none failed.
"""

import argparse
import os
import sys
from collections.abc import Iterable
from pathlib import Path

from tunegate import gatekeeper
from tunegate.check import Gate
from tunegate.cli._dataset import add_dataset_arguments, add_gate_arguments, chosen, measured, settled
from tunegate.errors import UsageError, did_you_mean
from tunegate.report import parse_target, pieces, write
from tunegate.verdict import Outcome, Report, exit_code


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what `tunegate check` takes."""
    add_dataset_arguments(parser)
    add_gate_arguments(parser)
    parser.add_argument(
        "--format", default="text", metavar="NAME", help="report on stdout: text or json (default: text)"
    )
    parser.add_argument(
        "--write", action="append", default=[], metavar="FORMAT=PATH", help="also write a report to a file"
    )
    parser.add_argument(
        "--require", action="append", default=[], metavar="ID", help="a skip of this gate or check is a failure"
    )
    parser.add_argument("--fail-on", choices=("fail", "warn", "never"), help="what makes exit code 1 (default: fail)")
    parser.add_argument("--allow-inconclusive", action="store_true", help="exit 0, not 3, when nothing failed")


def run(options: argparse.Namespace) -> int:
    """Check the sources, print and write the reports, and return the exit code."""
    targets = [parse_target(text) for text in options.write]
    shown = pieces(options.format)
    run_of = settled(options)
    required = [*run_of.config.require, *chosen(options.require)]
    _require_known(required, run_of.gates)
    with measured(options, run_of) as store:
        if targets:
            tokenizer = run_of.tokenizer.files.paths if run_of.tokenizer else []
            read = [*(Path(source.name) for source in store.sources), *tokenizer]
            _spare_inputs([path for _, path in targets], options, read)
        report = gatekeeper.run(
            store,
            run_of.gates,
            option=run_of.option,
            timeout_s=options.check_timeout,
            parameters=run_of.parameters,
            settings=run_of.report_settings,
        )
    fail_on = options.fail_on or run_of.config.fail_on
    code = exit_code(
        report,
        fail_on=fail_on,
        require=required,
        allow_inconclusive=options.allow_inconclusive,
    )
    for name, path in targets:
        write(report, name, path)
    sys.stdout.writelines(shown(report))
    for remark in _remarks(report, required, fail_on):
        print(f"error: {remark}", file=sys.stderr)
    return code


def _require_known(required: Iterable[str], gates: Iterable[Gate]) -> None:
    known = [name for gate in gates for name in (gate.id, *(check.id for check in gate.checks))]
    for name in required:
        if name not in known:
            raise UsageError(f'required "{name}" is not among the checks to run.{did_you_mean(name, known)}')


def _spare_inputs(targets: Iterable[Path], options: argparse.Namespace, read: Iterable[Path]) -> None:
    """Refuse to write a report over what the run reads, or over another report."""
    taken = {os.path.realpath(path) for path in (options.store, options.config, *read) if path is not None}
    for path in targets:
        place = os.path.realpath(path)
        if place in taken and not place.startswith("/dev/"):
            raise UsageError(f"--write would overwrite {path}, which this run uses; name another file")
        taken.add(place)


def _remarks(report: Report, required: Iterable[str], fail_on: str) -> Iterable[str]:
    """Say what makes the exit code worse than the verdicts show."""
    outcomes = {gate.id: gate.outcome for gate in report.gates}
    outcomes |= {check.id: check.outcome for check in report.verdicts}
    if set(outcomes.values()) <= {Outcome.SKIP}:
        yield "nothing was judged: every check was skipped, for the reasons in the report"
    warned = [gate.id for gate in report.gates if gate.outcome is Outcome.WARN]
    if fail_on == "warn" and warned:
        yield f"{', '.join(warned)} warned, which counts as a failure by --fail-on warn"
    if wrong := [check.id for check in report.verdicts if check.outcome is Outcome.ERROR]:
        yield f"{', '.join(wrong)} could not be judged, for the reasons in the report"
    if skipped := [name for name in required if outcomes[name] is Outcome.SKIP]:
        yield f"required, but skipped: {', '.join(skipped)}"
