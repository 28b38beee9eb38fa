"""The report as JSON, for programs: every check with its outcome, measurement, limits and complete evidence.

docs/report.md documents the members. SCHEMA_VERSION is raised when a member changes its meaning or goes away.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from tunegate.verdict import Evidence, GateVerdict, Measurement, Place, Report, Slice, SourceSummary, Verdict

SCHEMA_VERSION = 1


def render(report: Report) -> str:
    """Return the report as one JSON object, two spaces deep, with a line break at its end."""
    return "".join(pieces(report))


def pieces(report: Report) -> Iterator[str]:
    """Yield the same text piece by piece, so that it is never in memory as a whole."""
    members = {
        "schema_version": SCHEMA_VERSION,
        "tunegate": report.version,
        "settings": dict(report.settings),
        "sources": [_source(source) for source in report.sources],
        "compared": [_compared(source) for source in report.compared],
        "funnel": {name: getattr(report.funnel, name) for name in ("records", "samples", "unreadable")},
        "gates": [_gate(gate) for gate in report.gates],
    }
    yield from json.JSONEncoder(indent=2, ensure_ascii=False, allow_nan=False, default=_plain).iterencode(members)
    yield "\n"


def _plain(value: object) -> dict[str, Any]:
    """Write out one offender when the encoder comes to it."""
    if isinstance(value, Evidence):
        return _evidence(value)
    raise TypeError(f"{type(value).__name__} has no place in a report")


def _source(source: SourceSummary) -> dict[str, Any]:
    return {
        "source": source.source,
        "bytes": source.bytes,
        "sha256": source.sha256,
        "records": source.records,
        "unreadable": source.unreadable,
        "formats": dict(source.formats),
    }


def _compared(source: SourceSummary) -> dict[str, Any]:
    return {name: getattr(source, name) for name in ("source", "role", "bytes", "sha256", "records", "unreadable")}


def _gate(gate: GateVerdict) -> dict[str, Any]:
    return {
        "id": gate.id,
        "name": gate.name,
        "outcome": gate.outcome.value,
        "checks": [_check(check) for check in gate.checks],
    }


def _check(check: Verdict) -> dict[str, Any]:
    return {
        "id": check.id,
        "name": check.name,
        "outcome": check.outcome.value,
        "reason": check.reason,
        "unit": check.unit,
        "population": check.population,
        "measurement": _measurement(check.measurement),
        "limit": {"warn": check.warn, "fail": check.fail},
        "note": check.note,
        "slices": [_slice(part) for part in check.slices],
        "offenders": check.offenders,
        "evidence": check.evidence,
    }


def _measurement(measurement: Measurement | None) -> dict[str, Any] | None:
    if measurement is None:
        return None
    return {name: getattr(measurement, name) for name in ("value", "n", "lower", "upper")}


def _slice(part: Slice) -> dict[str, Any]:
    return {
        "slice": part.name,
        "outcome": part.outcome.value,
        "judged": part.judged,
        "measurement": _measurement(part.measurement),
        "detail": _detail(part.detail),
    }


def _evidence(evidence: Evidence) -> dict[str, Any]:
    return {
        "source": evidence.source,
        "line": evidence.line,
        "fingerprint": evidence.fingerprint,
        "detail": _detail(evidence.detail),
    }


def _detail(detail: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: {"source": value.source, "line": value.line} if isinstance(value, Place) else value
        for name, value in detail.items()
    }
