"""Reports made by hand, with every outcome a check and a gate can come to."""

from collections.abc import Callable
from typing import Any

import pytest
from tunegate.verdict import (
    Evidence,
    Funnel,
    GateVerdict,
    Measurement,
    Outcome,
    Place,
    Report,
    Slice,
    SourceSummary,
    Verdict,
    worst,
)


def verdict(check: str, outcome: Outcome, measurement: Measurement | None = None, **more: Any) -> Verdict:
    """A verdict of a check such as "Q103 role-order"; it finds offenders unless it says otherwise."""
    check_id, _, name = check.partition(" ")
    known: dict[str, Any] = {"kind": "rows", "unit": "samples", "warn": "> 0", "fail": "> 0.01"}
    known |= {"population": None, "slices": (), "reason": None, "note": None, "evidence": ()} | more
    known["leading"] = next((part for part in known["slices"] if part.measurement == measurement), None)
    known.setdefault("offenders", len(known["evidence"]))
    return Verdict(id=check_id, name=name, outcome=outcome, measurement=measurement, **known)


def at(source: str, *lines: int, **detail: Any) -> tuple[Evidence, ...]:
    return tuple(Evidence(source, line, f"{line:032x}", detail) for line in lines)


def part(name: str, value: float | None, n: int, outcome: Outcome, **detail: Any) -> Slice:
    return Slice(name, Measurement(value, n), outcome, outcome is not Outcome.SKIP, detail)


def report(sources: dict[str, tuple[int, int]], *checks: Verdict) -> Report:
    """A report over sources of (records, unreadable); the gate of Q103 is Q1."""
    summaries = tuple(
        SourceSummary(name, 100 * records, "ab" * 32, records, unreadable, {"messages": records - unreadable})
        for name, (records, unreadable) in sources.items()
    )
    ids = dict.fromkeys(check.id[:2] for check in checks)
    members = {gate: tuple(check for check in checks if check.id[:2] == gate) for gate in ids}
    gates = tuple(
        GateVerdict(gate, f"gate-{gate.lower()}", worst(check.outcome for check in found), found)
        for gate, found in members.items()
    )
    records = sum(summary.records for summary in summaries)
    unreadable = sum(summary.unreadable for summary in summaries)
    return Report(
        "1.2.3", summaries, gates, Funnel(records, records - unreadable, unreadable), {"gates": [c.id for c in checks]}
    )


def every_outcome() -> Report:
    """One source, and one check of every outcome."""
    return report(
        {"support.jsonl": (4121, 1)},
        verdict("Q101 unreadable-record", Outcome.FAIL, Measurement(1 / 4121, 4121), unit="records", warn=None,
                fail="> 0", evidence=at("support.jsonl", 77, reason="invalid JSON: a trailing comma, at byte 63")),
        verdict("Q103 role-order", Outcome.FAIL, Measurement(95 / 4120, 4120), offenders=95,
                evidence=at("support.jsonl", 118, 402, 731, 733, turn=1, fault="same role twice")),
        verdict("Q104 unknown-role-or-field", Outcome.WARN, Measurement(2 / 4120, 4120),
                evidence=at("support.jsonl", 9, 10)),
        verdict("Q106 empty-turn", Outcome.PASS, Measurement(0.0, 4120)),
        verdict("Q108 broken-text", Outcome.PASS, Measurement(1 / 4120, 4120), warn=None,
                evidence=at("support.jsonl", 5)),
        verdict("Q109 broken-tool-call", Outcome.SKIP, reason="no sample has tools"),
        verdict("Q901 own", Outcome.ERROR, reason="Q901-own.yaml line 9: COPY is refused"),
        verdict("R103 suite-not-worse", Outcome.INCONCLUSIVE, Measurement(0.03, 200, 0.0, 0.07),
                fail="> 0.02", evidence=at("support.jsonl", 6)),
        verdict("Q602 expected-outcome", Outcome.SKIP, Measurement(4120.0, 4120), kind="value", warn=None, fail=None,
                slices=(part("", 4120.0, 4120, Outcome.PASS, expected="strong"),), reason="report only"),
        verdict("D101 exact-duplicates", Outcome.FAIL, Measurement(0.25, 4), warn=None,
                evidence=at("support.jsonl", 4121, first=Place("support.jsonl", 1))),
    )  # fmt: skip


def many_sources() -> Report:
    """Several sources, stdin among them, with warnings at most."""
    return report(
        {"a b.jsonl": (1, 0), "c\x1b[31m\n.jsonl": (2, 0), "-": (1, 0)},
        verdict("Q102 mixed-formats", Outcome.PASS, Measurement(0.0, 4)),
        verdict("D101 exact-duplicates", Outcome.WARN, Measurement(0.75, 4), fail="> 0.8", evidence=(
            *at("a b.jsonl", 1), *at("c\x1b[31m\n.jsonl", 2), *at("-", 1))),
    )  # fmt: skip


def standard_input() -> Report:
    """Standard input only: no command can show it again."""
    return report(
        {"-": (1, 0)}, verdict("Q106 empty-turn", Outcome.FAIL, Measurement(1.0, 1), fail="> 0", evidence=at("-", 1))
    )


def values() -> Report:
    """Value checks, whose slices tell what stands out."""
    return report(
        {"support.jsonl": (4120, 0)},
        verdict("Q110 system-prompt-variants", Outcome.WARN, Measurement(12.0, 900), kind="value", warn="> 5",
                fail=None, slices=(part("billing", 2.0, 20, Outcome.SKIP), part("refunds", 12.0, 900, Outcome.WARN,
                                                                             without_system_prompt=3))),
        verdict("Q501 dominant-category", Outcome.FAIL, Measurement(0.836, 4120), kind="value", warn="> 0.5",
                fail="> 0.8", slices=(part("category", 0.836, 4120, Outcome.FAIL, label="refunds", cells=6),
                                      part("difficulty", 0.4, 4120, Outcome.PASS, label="easy", cells=3))),
        verdict("Q502 category-entropy", Outcome.FAIL, Measurement(0.7996, 4120), kind="value", warn=None,
                fail="< 0.8", slices=(part("category", 0.7996, 4120, Outcome.FAIL, label="(withheld)", cells=6),)),
        verdict("Q503 small-cells", Outcome.PASS, Measurement(1234.5, 4120), kind="value", warn="< 10", fail=None),
        verdict("Q504 none-judged", Outcome.SKIP, Measurement(3.0, 12), kind="value", slices=(
            part("refunds", 3.0, 12, Outcome.SKIP),), reason="every slice has fewer than 30 samples"),
        verdict("Q601 effective-volume", Outcome.WARN, Measurement(12345678.0, 12345678), kind="value",
                warn="> 10000", fail="< 100", slices=(part("", 12345678.0, 12345678, Outcome.WARN),),
                note="LoRA: 100-10,000 samples."),
    )  # fmt: skip


def long_numbers() -> Report:
    """Counts beyond a billion, shares near 0 and 1, and values just beyond their limits."""
    n = 1_234_567_890
    lines = (999_999_999, 1_000_000_000, 1_234_567_890)
    return report(
        {"crawl/part-00000-of-01024.jsonl.zst": (n, 7)},
        verdict("Q101 a", Outcome.FAIL, Measurement(7 / n, n), unit="records", fail="> 0", offenders=7,
                evidence=at("crawl/part-00000-of-01024.jsonl.zst", *lines)),
        verdict("Q102 b", Outcome.FAIL, Measurement((n - 1) / n, n), fail="> 0.05", offenders=n - 1,
                evidence=at("crawl/part-00000-of-01024.jsonl.zst", 1, 2, 3)),
        verdict("Q103 c", Outcome.FAIL, Measurement(0.0100049, n), offenders=12_351_729,
                evidence=at("crawl/part-00000-of-01024.jsonl.zst", *lines)),
        verdict("Q104 d", Outcome.FAIL, Measurement(0.29, 100), offenders=29,
                evidence=at("crawl/part-00000-of-01024.jsonl.zst", 1)),
        verdict("Q105 e", Outcome.FAIL, Measurement(0.00412, n), kind="value", fail="> 0.004"),
    )  # fmt: skip


def only_skips() -> Report:
    """Nothing was judged."""
    return report({"a.jsonl": (1, 0)}, verdict("Q501 dominant-category", Outcome.SKIP, reason="no field `category`"))


REPORTS = (every_outcome, many_sources, standard_input, values, long_numbers, only_skips)


@pytest.fixture(params=REPORTS, ids=lambda make: make.__name__)
def made(request: pytest.FixtureRequest) -> tuple[str, Report]:
    """Every report of this file with its name."""
    make: Callable[[], Report] = request.param
    return make.__name__, make()


@pytest.fixture
def every_outcome_report() -> Report:
    """The report with every outcome."""
    return every_outcome()
