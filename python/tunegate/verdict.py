"""Measurement, bound, outcome, verdict, report: what was measured and what follows from it."""

import enum
import math
import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from statistics import NormalDist
from typing import Literal

from tunegate.errors import CheckError, ReportError, UsageError, did_you_mean

Scalar = str | int | float | bool | None
FailOn = Literal["fail", "warn", "never"]

_BOUND = re.compile(r"\s*(>=|<=|>|<)\s*([+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?)\s*")


class Outcome(enum.StrEnum):
    """What a check, a slice or a gate came to. A skip is no pass; ERROR could not be judged."""

    PASS = "pass"
    WARN = "warn"
    FAIL = "fail"
    INCONCLUSIVE = "inconclusive"
    SKIP = "skip"
    ERROR = "could not judge"


_WORST_FIRST = (Outcome.FAIL, Outcome.ERROR, Outcome.INCONCLUSIVE, Outcome.WARN, Outcome.PASS)


def significant(value: float) -> float:
    """Round to 12 significant digits, so that the order of a sum does not show; -0.0 becomes 0.0.

    Raises CheckError for NaN and infinity.
    """
    if not math.isfinite(value):
        raise CheckError(f"measured {value}, which is not a finite number")
    return float(f"{value:.12g}") + 0.0


@dataclass(frozen=True, slots=True)
class Measurement:
    """A number, the count `n` it was taken over and, where known, the interval around it.

    value None: nothing could be measured. All numbers are rounded by `significant`; NaN, infinity, a
    negative n and an interval turned around raise CheckError.
    """

    value: float | None
    n: int
    lower: float | None = None
    upper: float | None = None

    def __post_init__(self) -> None:
        if self.n < 0:
            raise CheckError(f"measured over n = {self.n}; n cannot be negative")
        for field in ("value", "lower", "upper"):
            number = getattr(self, field)
            if number is not None:
                object.__setattr__(self, field, significant(number))
        if self.lower is not None and self.upper is not None and self.lower > self.upper:
            raise CheckError(f"measured an interval from {self.lower} to {self.upper}; lower is above upper")


def wilson(successes: int, n: int, confidence: float) -> tuple[float, float]:
    """Return the two-sided Wilson score interval of the share successes / n.

    n 0 gives (0.0, 1.0). Raises CheckError unless 0 <= successes <= n and 0 < confidence < 1.

    Source: Wilson 1927, "Probable inference, the law of succession, and statistical inference".
    """
    _require_confidence(confidence)
    if not 0 <= successes <= n:
        raise CheckError(f"{successes} successes of {n} make no share")
    if n == 0:
        return 0.0, 1.0
    z = NormalDist().inv_cdf((1 + confidence) / 2)
    share, spread = successes / n, 1 + z * z / n
    centre = (share + z * z / (2 * n)) / spread
    half = z * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n)) / spread
    lower = 0.0 if successes == 0 else max(0.0, centre - half)
    return lower, 1.0 if successes == n else min(1.0, centre + half)


@dataclass(frozen=True, slots=True)
class Bound:
    """A limit that is crossed when `value operator limit` holds; with `confidence` it is three-way."""

    operator: str
    limit: float
    confidence: float | None = None

    @classmethod
    def parse(cls, text: str, *, confidence: float | None = None) -> "Bound":
        """Read a bound such as `> 0.01`. Raises CheckError for any other text."""
        match = _BOUND.fullmatch(text)
        if match is None or not math.isfinite(float(match[2])):
            raise CheckError(f"bound {text!r} is not an operator and a number, such as '> 0.01'")
        if confidence is not None:
            _require_confidence(confidence)
        return cls(match[1], float(match[2]), confidence)

    def __str__(self) -> str:
        return f"{self.operator} {self.limit:.12g}"

    def judge(self, measurement: Measurement) -> Outcome:
        """Return FAIL when crossed, else PASS; SKIP without a value.

        With confidence: FAIL when the whole interval crosses, PASS when none of it does, else INCONCLUSIVE. A
        share without an interval gets Wilson's; any other value without one raises CheckError.
        """
        if measurement.value is None:
            return Outcome.SKIP
        if self.confidence is None:
            return Outcome.FAIL if self._crossed(measurement.value) else Outcome.PASS
        lower, upper = _interval(measurement, measurement.value, self.confidence)
        crossed = {self._crossed(lower), self._crossed(upper)}
        if crossed == {True}:
            return Outcome.FAIL
        return Outcome.PASS if crossed == {False} else Outcome.INCONCLUSIVE

    def excess(self, value: float) -> float:
        """Return how far a value lies beyond the limit; negative within it."""
        return value - self.limit if self.operator.startswith(">") else self.limit - value

    def _crossed(self, value: float) -> bool:
        match self.operator:
            case ">":
                return value > self.limit
            case ">=":
                return value >= self.limit
            case "<":
                return value < self.limit
            case "<=":
                return value <= self.limit
        raise CheckError(f"unknown operator {self.operator!r}; use >, >=, < or <=")


def _require_confidence(confidence: float) -> None:
    if not 0 < confidence < 1:
        raise CheckError(f"confidence {confidence} is not between 0 and 1, such as 0.95")


def _interval(measurement: Measurement, value: float, confidence: float) -> tuple[float, float]:
    if measurement.lower is None and measurement.upper is None:
        if not 0 <= value <= 1:
            raise CheckError("confidence needs columns lower and upper when the value is no share of n")
        return wilson(round(value * measurement.n), measurement.n, confidence)
    lower = -math.inf if measurement.lower is None else measurement.lower
    return lower, math.inf if measurement.upper is None else measurement.upper


@dataclass(frozen=True, slots=True)
class Place:
    """Where a record starts: the source as given, the 1-based line."""

    source: str
    line: int


@dataclass(frozen=True, slots=True)
class Evidence:
    """One offender: where it is, its fingerprint (32 hex digits), enumerated words and numbers about it."""

    source: str
    line: int
    fingerprint: str
    detail: Mapping[str, Scalar | Place]


@dataclass(frozen=True, slots=True)
class Slice:
    """One part of a value check; name "" is the whole. judged False: n is too small to judge by."""

    name: str
    measurement: Measurement
    outcome: Outcome
    judged: bool
    detail: Mapping[str, Scalar | Place]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one check came to. evidence is complete: one entry per offender, in record order.

    kind is "rows" or "value", unit "samples" or "records"; warn and fail are bound texts with their
    parameters filled in; population is the SELECT that narrows it, None for all; reason says why a check was
    skipped or could not be judged. leading is the slice that decided, whose measurement is the check's.
    """

    id: str
    name: str
    outcome: Outcome
    kind: str
    unit: str
    measurement: Measurement | None
    offenders: int
    warn: str | None
    fail: str | None
    population: str | None
    evidence: tuple[Evidence, ...]
    slices: tuple[Slice, ...]
    reason: str | None
    note: str | None
    leading: Slice | None = None


@dataclass(frozen=True, slots=True)
class GateVerdict:
    """What one gate came to: the worst of its checks."""

    id: str
    name: str
    outcome: Outcome
    checks: tuple[Verdict, ...]


@dataclass(frozen=True, slots=True)
class SourceSummary:
    """One input: its size, digest, records, unreadable records and samples per format.

    role: data, or against or eval for what the data is compared with, of which no formats are known.
    """

    source: str
    bytes: int
    sha256: str
    records: int
    unreadable: int
    formats: Mapping[str, int]
    role: str = "data"


@dataclass(frozen=True, slots=True)
class Funnel:
    """Where every record went. Raises ReportError unless records = samples + unreadable."""

    records: int
    samples: int
    unreadable: int

    def __post_init__(self) -> None:
        if self.records != self.samples + self.unreadable:
            raise ReportError(f"{self.records} records are not {self.samples} samples and {self.unreadable} unreadable")


@dataclass(frozen=True, slots=True)
class Report:
    """The record of a run. It holds no input text and no time: the same run makes the same report."""

    version: str
    sources: tuple[SourceSummary, ...]
    gates: tuple[GateVerdict, ...]
    funnel: Funnel
    settings: Mapping[str, Scalar | list[Scalar]]
    compared: tuple[SourceSummary, ...] = ()  # what the data was compared with

    @property
    def verdicts(self) -> tuple[Verdict, ...]:
        """The verdicts of all gates, in order."""
        return tuple(verdict for gate in self.gates for verdict in gate.checks)


def worst(outcomes: Iterable[Outcome]) -> Outcome:
    """Return the worst: fail, could not judge, inconclusive, warn, pass; a skip only when all are skips."""
    found = set(outcomes)
    return next((outcome for outcome in _WORST_FIRST if outcome in found), Outcome.SKIP)


def exit_code(
    report: Report,
    *,
    fail_on: FailOn = "fail",
    require: Collection[str] = (),
    allow_inconclusive: bool = False,
) -> int:
    """Return 0 (no gate failed), 1 (one did), 2 (could not judge) or 3 (inconclusive, none failed).

    require: ids of gates or checks for which a skip counts as a failure; an id that is not in the report
    raises UsageError. fail_on "never" turns every 1 into 0.
    """
    missing = _required_skips(report, require)
    outcomes = {verdict.outcome for verdict in report.verdicts}
    if Outcome.ERROR in outcomes or outcomes <= {Outcome.SKIP}:
        return 2
    failing = {Outcome.FAIL} | ({Outcome.WARN} if fail_on == "warn" else set())
    if fail_on != "never" and (missing or outcomes & failing):
        return 1
    undecided = Outcome.INCONCLUSIVE in outcomes and Outcome.FAIL not in outcomes
    return 3 if undecided and not allow_inconclusive else 0


def _required_skips(report: Report, require: Collection[str]) -> list[str]:
    outcomes = {gate.id: gate.outcome for gate in report.gates}
    outcomes |= {verdict.id: verdict.outcome for verdict in report.verdicts}
    for name in require:
        if name not in outcomes:
            raise UsageError(f'required "{name}" was not among the checks run.{did_you_mean(name, outcomes)}')
    return [name for name in require if outcomes[name] is Outcome.SKIP]


def is_label(text: str) -> bool:
    """Tell whether a category may be shown: at most 40 printable characters, no '@', fewer than 6 digits."""
    digits = sum(character.isdigit() for character in text)
    return len(text) <= 40 and "@" not in text and digits < 6 and text.isprintable()


def shown_label(text: str | None) -> str:
    """Return a category as reports print it: itself, "(none)", "(blank)" or "(withheld)"."""
    if text is None:
        return "(none)"
    if not text.strip():
        return "(blank)"
    return text if is_label(text) else "(withheld)"
