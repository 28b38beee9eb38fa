"""Run checks over a store and make the report: the one place where measurements become verdicts."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Protocol

import tunegate
from tunegate.check import Case, Check, Gate
from tunegate.check_file import flag
from tunegate.errors import CheckError
from tunegate.judge_sql import Answer, Offender, Query, SliceRow, SqlJudge
from tunegate.signals import needs as signal_needs
from tunegate.signals import parameters as signal_parameters
from tunegate.verdict import (
    Bound,
    Evidence,
    Funnel,
    GateVerdict,
    Measurement,
    Outcome,
    Place,
    Report,
    Scalar,
    Slice,
    SourceSummary,
    Verdict,
    wilson,
    worst,
)

_TURNED = {
    "warn": {Outcome.FAIL: Outcome.WARN, Outcome.INCONCLUSIVE: Outcome.WARN},
    "fail": {Outcome.WARN: Outcome.FAIL},
}
MIN_SLICE_N = 30  # smaller slices are shown, not judged

Settings = Mapping[str, Scalar | list[Scalar]]


class Store(Protocol):
    """What the gatekeeper needs of a store: its file, what is in it, and its signals measured."""

    @property
    def path(self) -> Path:
        """The DuckDB file."""

    def summary(self) -> tuple[tuple[SourceSummary, ...], Funnel]:
        """Return what was read."""

    def compared(self) -> tuple[SourceSummary, ...]:
        """Return what the data is compared with."""

    def ensure(self, names: Iterable[str], parameters: Mapping[str, object]) -> None:
        """Measure the named signals where they are not measured yet. Raises SignalError."""

    def partial(self, names: Iterable[str]) -> str | None:
        """Return why one of these signals may lack rows, if one does."""

    def close_for_reading(self) -> None:
        """Release the write lock, so that the judging process can open the file."""


def run(
    store: Store,
    gates: Sequence[Gate],
    *,
    option: Mapping[str, str | int],
    timeout_s: float = 60.0,
    parameters: Mapping[str, object] | None = None,
    settings: Settings | None = None,
) -> Report:
    """Judge every check of `gates` and return the report.

    option: run options that pick a check's case or that it needs, such as {"method": "lora", "max_length": 2048}; a
    check is skipped when it, or a signal that it reads, needs one that is not there. parameters are handed to the
    signals, beside the options they need and the params of the checks that read them; settings are added to the
    report's. A check whose SQL is refused, fails or is stopped could not be judged; the others still are. Raises
    UsageError for an option's value that no case has.
    """
    checks = [check for gate in gates for check in gate.checks]
    cases = {check.id: check.case(option) for check in checks}
    skips = {check.id: reason for check in checks if (reason := _skip_reason(check, option)) is not None}
    judged = [check for check in checks if check.id not in skips]
    names = sorted({name for check in judged for name in check.signals})
    needed = {key: option[key] for name in names for key in signal_needs(name)}
    store.ensure(names, {**_asked(judged, cases), **needed, **(parameters or {})})
    sources, funnel = store.summary()
    compared = store.compared()
    partial = {check.id: store.partial(check.signals) for check in judged}
    store.close_for_reading()
    with SqlJudge(store.path, timeout_s=timeout_s) as judge:
        verdicts = tuple(_gate_verdict(judge, gate, cases, skips, partial) for gate in gates)
    own: Settings = {
        "gates": [check.id for check in checks],
        "checks_sha256": _digest(checks),
        **option,
    }
    return Report(tunegate.__version__, sources, verdicts, funnel, {**own, **(settings or {})}, compared)


def _asked(checks: Iterable[Check], cases: Mapping[str, Case | None]) -> dict[str, float]:
    """Return the numbers that the checks' params set for the signals they read.

    Of several the least: a check that asks for more leaves out rows by its own SQL.
    """
    asked: dict[str, float] = {}
    for check in checks:
        case = cases[check.id]
        params = case.params if case else {}
        for name in (name for signal in check.signals for name in signal_parameters(signal)):
            value = params.get(name)
            if isinstance(value, int | float) and not isinstance(value, bool):
                asked[name] = min(asked.get(name, value), value)
    return asked


def _digest(checks: Iterable[Check]) -> str:
    return hashlib.sha256("\n".join(check.digest for check in checks).encode()).hexdigest()


def _gate_verdict(
    judge: SqlJudge,
    gate: Gate,
    cases: Mapping[str, Case | None],
    skips: Mapping[str, str],
    partial: Mapping[str, str | None],
) -> GateVerdict:
    verdicts = tuple(
        _as_lower_bound(_verdict(judge, check, cases[check.id], skips.get(check.id)), partial.get(check.id))
        for check in gate.checks
    )
    return GateVerdict(gate.id, gate.name, worst(verdict.outcome for verdict in verdicts), verdicts)


def _verdict(judge: SqlJudge, check: Check, case: Case | None, skipped: str | None) -> Verdict:
    if skipped is not None or case is None:
        return _unjudged(check, case, Outcome.SKIP, skipped or "")
    try:
        answer = judge.judge(_query(check, case))
        return _judged_rows(check, case, answer) if check.kind == "rows" else _judged_value(check, case, answer)
    except CheckError as fault:
        return _unjudged(check, case, Outcome.ERROR, str(fault))


def _as_lower_bound(verdict: Verdict, partial: str | None) -> Verdict:
    """Say why a measurement may be too low; what passes by it is inconclusive."""
    if partial is None or verdict.measurement is None:
        return verdict
    note = f"{verdict.note}; {partial}" if verdict.note else partial
    outcome = Outcome.INCONCLUSIVE if verdict.outcome is Outcome.PASS else verdict.outcome
    return replace(verdict, outcome=outcome, note=note)


def _skip_reason(check: Check, option: Mapping[str, str | int]) -> str | None:
    if check.severity == "off":
        return "turned off by severity: off"
    needed = [*check.run_options, *(name for signal in check.signals for name in signal_needs(signal))]
    absent = ", ".join(f"no {flag(name)}" for name in dict.fromkeys(needed) if name not in option)
    if check.option is not None and check.option not in option:
        return f"{absent}; one of {', '.join(check.cases)}"
    return absent or None


def _query(check: Check, case: Case) -> Query:
    lines = {("population" if key == "population" else "query"): line for key, line in check.lines.items()}
    return Query(
        kind=check.kind,
        sql=check.sql,
        population=check.population,
        params=case.params,
        reads=check.reads,
        file=check.file,
        lines=lines,
    )


def _judged_rows(check: Check, case: Case, answer: Answer) -> Verdict:
    if answer.population == 0:
        return _unjudged(check, case, Outcome.SKIP, check.empty or f"no {check.unit} to judge")
    failing = answer.offenders if check.severity == "fail" else answer.failing
    measured = _share(check, answer.offenders, answer.population)
    outcome = _decide(check, case, measured, _share(check, failing, answer.population))
    return _finished(
        check,
        case,
        outcome,
        measurement=measured,
        offenders=answer.offenders,
        evidence=tuple(_evidence(offender) for offender in answer.rows),
    )


def _judged_value(check: Check, case: Case, answer: Answer) -> Verdict:
    slices = tuple(_slice(check, case, row) for row in answer.slices)
    measured = [part for part in slices if part.measurement.value is not None]
    if answer.population == 0 or not measured:
        return _unjudged(check, case, Outcome.SKIP, check.empty or f"no {check.unit} to judge")
    judged = [part for part in measured if part.judged] or measured
    outcome = worst(part.outcome for part in judged)
    leading = _leading(case, [part for part in judged if part.outcome is outcome])
    finished = replace(
        _finished(check, case, outcome, measurement=leading.measurement, slices=slices),
        leading=leading,
    )
    if outcome is Outcome.SKIP and finished.reason is None:
        return _with_reason(finished, f"every slice has fewer than {MIN_SLICE_N} {check.unit}")
    return finished


def _leading(case: Case, parts: Sequence[Slice]) -> Slice:
    """Return the slice farthest beyond the limit that decided, or nearest to it; the first of equals."""
    first = (case.warn, case.fail) if parts[0].outcome is Outcome.WARN else (case.fail, case.warn)
    bound = next((bound for bound in first if bound is not None), None)
    return parts[0] if bound is None else max(parts, key=lambda part: bound.excess(part.measurement.value or 0.0))


def _slice(check: Check, case: Case, row: SliceRow) -> Slice:
    judged = row.measurement.value is not None and (row.name is None or row.measurement.n >= MIN_SLICE_N)
    outcome = _decide(check, case, row.measurement, row.measurement) if judged else Outcome.SKIP
    return Slice(row.name or "", row.measurement, outcome, judged, row.detail)


def _share(check: Check, part: int, n: int) -> Measurement:
    if check.confidence is None:
        return Measurement(part / n, n)
    lower, upper = wilson(part, n, check.confidence)
    return Measurement(part / n, n, lower, upper)


def _decide(check: Check, case: Case, measured: Measurement, failing: Measurement) -> Outcome:
    """Judge by the bounds, then turn a failure into a warning, or the reverse, where the user says so."""
    outcome = _by_bounds(case, measured, failing)
    return _TURNED.get(check.severity or "", {}).get(outcome, outcome)


def _by_bounds(case: Case, measured: Measurement, failing: Measurement) -> Outcome:
    """Judge the fail bound, then the warn bound. An interval that touches only the warn bound warns."""
    if case.fail is None and case.warn is None:
        return Outcome.SKIP
    failed = Outcome.PASS if case.fail is None else case.fail.judge(failing)
    if failed is not Outcome.PASS or case.warn is None:
        return failed
    return Outcome.PASS if case.warn.judge(measured) is Outcome.PASS else Outcome.WARN


def _evidence(offender: Offender) -> Evidence:
    detail: Mapping[str, Scalar | Place] = offender.detail
    if offender.reason is not None:
        detail = {**detail, "reason": offender.reason}
    return Evidence(offender.source, offender.line, offender.fingerprint, detail)


def _unjudged(check: Check, case: Case | None, outcome: Outcome, reason: str) -> Verdict:
    return _with_reason(_finished(check, case, outcome), reason)


def _finished(
    check: Check,
    case: Case | None,
    outcome: Outcome,
    *,
    measurement: Measurement | None = None,
    offenders: int = 0,
    evidence: tuple[Evidence, ...] = (),
    slices: tuple[Slice, ...] = (),
) -> Verdict:
    limits = case is not None and (case.warn is not None or case.fail is not None)
    return Verdict(
        id=check.id,
        name=check.name,
        outcome=outcome,
        kind=check.kind,
        unit=check.unit,
        measurement=measurement,
        offenders=offenders,
        warn=_text(case.warn) if case else None,
        fail=_text(case.fail) if case else None,
        population=None if check.population == "records" else check.population,
        evidence=evidence,
        slices=slices,
        reason=None if limits else "report only",
        note=case.note if case else None,
    )


def _text(bound: Bound | None) -> str | None:
    return None if bound is None else str(bound)


def _with_reason(verdict: Verdict, reason: str) -> Verdict:
    return replace(verdict, reason=reason)
