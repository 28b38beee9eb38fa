"""The report for a terminal: one line per check, then the funnel, the verdict and the next step. No colour."""

import shlex
from collections.abc import Iterable, Sequence

from tunegate.report._wording import count, number, places, share, shown_name, told_apart
from tunegate.sources import STDIN
from tunegate.verdict import Bound, Evidence, GateVerdict, Outcome, Place, Report, Slice, Verdict

_WORDS = {Outcome.ERROR: "error"}


def render(report: Report) -> str:
    """Return the report as lines of text, the same bytes for the same report."""
    rows = [_row(check, many_sources=len(report.sources) > 1) for check in report.verdicts]
    read = [_funnel(report), *_compared(report), *_tokenizer(report)]
    return "\n".join([*_aligned(rows), *read, *_conclusion(report)]) + "\n"


def _row(check: Verdict, *, many_sources: bool) -> tuple[str, str, str, str]:
    word = _WORDS.get(check.outcome, check.outcome.value)
    if check.measurement is None:
        return word, f"{check.id} {check.name}", check.reason or "", ""
    remark = _offenders(check, many_sources=many_sources) if check.kind == "rows" else _slices(check)
    notes = [text for text in (remark, check.reason, check.note) if text]
    return word, f"{check.id} {check.name}", _measured(check), "; ".join(notes)


def _measured(check: Verdict) -> str:
    if check.measurement is None or check.measurement.value is None:
        return ""
    value, limit = check.measurement.value, _limit(check)
    if check.kind == "value":
        return number(value) if limit is None else ", limit ".join(told_apart(value, limit, number))
    population = f" of {count(check.measurement.n, check.unit)}"
    if limit is None:
        return share(value) + population
    return f"{population}, limit ".join(told_apart(value, limit, share))


def _limit(check: Verdict) -> float | None:
    """Return the limit that was crossed, None when none was."""
    first = {Outcome.FAIL: check.fail, Outcome.INCONCLUSIVE: check.fail, Outcome.WARN: check.warn}
    if check.outcome not in first or check.measurement is None:
        return None
    bounds = [Bound.parse(text) for text in (first[check.outcome], check.warn, check.fail) if text]
    crossed = (bound for bound in bounds if bound.judge(check.measurement) is Outcome.FAIL)
    return next((bound.limit for bound in [*crossed, *bounds]), None)


def _offenders(check: Verdict, *, many_sources: bool) -> str:
    if check.offenders == 0:
        return ""
    return f"{count(check.offenders, check.unit)}, first at {places(check.evidence, many_sources=many_sources)}"


def _slices(check: Verdict) -> str:
    """Describe the slice that decided, and name those of which the data holds nothing."""
    absent = [f"no field `{part.name}`" for part in check.slices if part.measurement.value is None]
    return "; ".join([*([_slice(check.leading)] if check.leading else []), *absent])


def _slice(part: Slice) -> str:
    words = [
        f"{name.replace('_', ' ')} {f'{value.source}:{value.line}' if isinstance(value, Place) else value}"
        for name, value in part.detail.items()
        if name != "label" and value is not None
    ]
    label = part.detail.get("label")
    shown = [str(label), *words] if label is not None else words
    return ": ".join(text for text in (part.name, ", ".join(shown)) if text)


def _aligned(rows: Sequence[tuple[str, str, str, str]]) -> Iterable[str]:
    if not rows:
        return
    outcome, name = (max(len(row[column]) for row in rows) for column in (0, 1))
    measured = max((len(row[2]) for row in rows if row[3]), default=0)
    for row in rows:
        line = f"{row[0]:<{outcome}}  {row[1]:<{name}}  {row[2]:<{measured}}    {row[3]}"
        yield line.rstrip()


def _funnel(report: Report) -> str:
    funnel, sources = report.funnel, len(report.sources)
    read = f"{count(funnel.records, 'records')} in {count(sources, 'sources')}"
    return f"{read} = {count(funnel.samples, 'samples')} + {funnel.unreadable:,} unreadable"


def _compared(report: Report) -> Iterable[str]:
    """Say what the samples were compared with, and how much of it could not be."""
    records, unreadable = (
        sum(getattr(source, name) for source in report.compared) for name in ("records", "unreadable")
    )
    if report.compared:
        left_out = f", {unreadable:,} unreadable" if unreadable else ""
        sources = count(len(report.compared), "sources")
        yield f"compared with {count(records, 'records')} in {sources}{left_out}"


def _tokenizer(report: Report) -> Iterable[str]:
    """Say why tokens are not counted natively, where that is so."""
    if reason := report.settings.get("tokenizer_not_native"):
        yield f"tokens are those of the tokenizers package: {reason}"


def _conclusion(report: Report) -> list[str]:
    failed = _gates(report, Outcome.FAIL)
    lines = [_failures(report, failed) if failed else _others(report)]
    return lines + _next_steps(report)


def _failures(report: Report, failed: Sequence[GateVerdict]) -> str:
    return f"{len(failed)} of {count(len(report.gates), 'gates')} failed: {_ids(failed)}."


def _others(report: Report) -> str:
    words = {Outcome.PASS: "passed", Outcome.WARN: "warned", Outcome.INCONCLUSIVE: "inconclusive"}
    words |= {Outcome.ERROR: "could not be judged", Outcome.SKIP: "skipped"}
    groups = ((_gates(report, outcome), word) for outcome, word in words.items())
    parts = [f"{len(gates)} {word}: {_ids(gates)}" for gates, word in groups if gates]
    return f"no gate failed; {'; '.join(parts)}."


def _next_steps(report: Report) -> list[str]:
    """Name the commands that show the first finding of the worst check and say what to do about it."""
    for outcome in (Outcome.FAIL, Outcome.WARN):
        for check in report.verdicts:
            if check.outcome is outcome:
                config = _config(report)
                explain = f"Why, what to do: tunegate gates show {check.id}{config}"
                return [_see(report, check.evidence, config) + explain]
    return []


def _config(report: Report) -> str:
    """Repeat the config that was named, without which an own check is not found."""
    named = report.settings.get("config")
    return f" -c {shlex.quote(shown_name(str(named)))}" if named else ""


def _see(report: Report, evidence: Sequence[Evidence], config: str) -> str:
    """Name the command that shows the first finding; stdin cannot be read again."""
    if not evidence or evidence[0].source == STDIN:
        return ""
    shown = " ".join(shlex.quote(shown_name(place)) for place in _places(evidence[0]))
    return f"See them: tunegate show {shown}{_compared_with(report)}{_counted_with(report)}{config}   "


def _places(first: Evidence) -> Iterable[str]:
    """Return the place of a finding, and those in other files that it names: without these files it is none."""
    yield f"{first.source}:{first.line}"
    for value in first.detail.values():
        if isinstance(value, Place) and value.source not in (first.source, STDIN):
            yield f"{value.source}:{value.line}"


def _compared_with(report: Report) -> str:
    """Repeat what the samples were compared with."""
    options = {"against": "--against", "against_eval": "--against-eval"}
    named = ((option, report.settings.get(setting)) for setting, option in options.items())
    return "".join(
        f" {option} {shlex.quote(shown_name(str(name)))}"
        for option, names in named
        if isinstance(names, list)
        for name in names
    )


def _counted_with(report: Report) -> str:
    """Repeat what tokens were counted with, without which a finding about them is none."""
    options = {"tokenizer": "--tokenizer", "max_length": "--max-length"}
    named = ((option, report.settings.get(setting)) for setting, option in options.items())
    return "".join(f" {option} {shlex.quote(shown_name(str(value)))}" for option, value in named if value is not None)


def _gates(report: Report, outcome: Outcome) -> list[GateVerdict]:
    return [gate for gate in report.gates if gate.outcome is outcome]


def _ids(gates: Iterable[GateVerdict]) -> str:
    return ", ".join(gate.id for gate in gates)
