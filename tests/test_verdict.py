"""Bounds, intervals, outcomes and exit codes."""

import math
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tunegate.errors import CheckError, ReportError, UsageError
from tunegate.verdict import (
    Bound,
    Funnel,
    GateVerdict,
    Measurement,
    Outcome,
    Report,
    Verdict,
    exit_code,
    is_label,
    shown_label,
    significant,
    wilson,
    worst,
)


def test_noise_alone_neither_fails_nor_passes_a_checkpoint():
    drop = Measurement(-0.03, n=200, lower=-0.07, upper=0.01)
    assert Bound.parse("< -0.02").judge(drop) is Outcome.FAIL
    assert Bound.parse("< -0.02", confidence=0.95).judge(drop) is Outcome.INCONCLUSIVE


@pytest.mark.parametrize("text", ["", "0.01", "=> 1", "> one", "> 1%", "> 1 2", "> nan", "> inf", "> 1e999", "== 1"])
def test_malformed_bound_names_the_text(text: str):
    with pytest.raises(CheckError, match="operator and a number") as caught:
        Bound.parse(text)
    assert repr(text) in str(caught.value)


@pytest.mark.parametrize(
    ("text", "below", "at", "above"),
    [
        ("> 0.5", Outcome.PASS, Outcome.PASS, Outcome.FAIL),
        (">= 0.5", Outcome.PASS, Outcome.FAIL, Outcome.FAIL),
        ("<0.5", Outcome.FAIL, Outcome.PASS, Outcome.PASS),
        (" <= +5e-1 ", Outcome.FAIL, Outcome.FAIL, Outcome.PASS),
    ],
)
def test_a_bound_says_when_it_is_crossed(text: str, below: Outcome, at: Outcome, above: Outcome):
    bound = Bound.parse(text)
    assert [bound.judge(Measurement(value, 1)) for value in (0.4, 0.5, 0.6)] == [below, at, above]


def test_a_bound_reads_back_as_it_prints():
    assert str(Bound.parse(">0.010")) == "> 0.01"
    assert str(Bound.parse("< 50000")) == "< 50000"


@pytest.mark.parametrize(
    ("lower", "upper", "outcome"),
    [
        (0.11, 0.2, Outcome.FAIL),
        (0.1, 0.2, Outcome.INCONCLUSIVE),
        (0.05, 0.1, Outcome.PASS),
        (None, 0.1, Outcome.PASS),
        (None, 0.2, Outcome.INCONCLUSIVE),
        (0.11, None, Outcome.FAIL),
    ],
)
def test_only_a_whole_interval_decides(lower: float | None, upper: float | None, outcome: Outcome):
    assert Bound.parse("> 0.1", confidence=0.9).judge(Measurement(0.1, 10, lower, upper)) is outcome


def test_a_share_without_interval_is_judged_by_wilsons():
    few = Measurement(0.1, 10)  # 1 of 10: 0.018 to 0.404
    many = Measurement(0.1, 1000)  # 100 of 1000: 0.083 to 0.120
    bound = Bound.parse("> 0.05", confidence=0.95)
    assert (bound.judge(few), bound.judge(many)) == (Outcome.INCONCLUSIVE, Outcome.FAIL)


def test_a_value_that_is_no_share_needs_its_own_interval():
    with pytest.raises(CheckError, match="lower and upper"):
        Bound.parse("> 1", confidence=0.95).judge(Measurement(3.2, 10))


@pytest.mark.parametrize("confidence", [0.0, 1.0, -1.0, 95.0])
def test_confidence_lies_between_0_and_1(confidence: float):
    with pytest.raises(CheckError, match="between 0 and 1"):
        Bound.parse("> 1", confidence=confidence)


def test_nothing_measured_is_a_skip():
    assert Bound.parse("> 0").judge(Measurement(None, 0)) is Outcome.SKIP


@pytest.mark.parametrize(
    ("successes", "n", "lower", "upper"),
    [
        # Newcombe 1998, "Two-sided confidence intervals for the single proportion", table I, method 3
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_wilsons_interval_is_the_published_one(successes: int, n: int, lower: float, upper: float):
    assert wilson(successes, n, 0.95) == pytest.approx((lower, upper), abs=5e-5)  # the table has 4 places


@given(st.integers(1, 10**9).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))), st.floats(0.01, 0.999))
def test_wilsons_interval_holds_the_share_and_mirrors(counts: tuple[int, int], confidence: float):
    successes, n = counts
    lower, upper = wilson(successes, n, confidence)
    assert 0 <= lower <= successes / n <= upper <= 1
    mirrored = wilson(n - successes, n, confidence)
    assert (1 - upper, 1 - lower) == pytest.approx(mirrored, abs=1e-12)  # rounding of a few operations


def test_wilson_refuses_what_is_no_share():
    assert wilson(0, 0, 0.95) == (0.0, 1.0)
    for successes, n in ((-1, 3), (4, 3)):
        with pytest.raises(CheckError, match="no share"):
            wilson(successes, n, 0.95)


def test_values_keep_12_significant_digits_and_no_negative_zero():
    assert significant(0.1 + 0.2) == 0.3
    assert significant(123456789.12345678) == 123456789.123
    assert math.copysign(1, significant(-0.0)) == 1
    assert Measurement(2 / 3, 3).value == 0.666666666667


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_a_measurement_is_never_nan_or_infinite(value: float):
    with pytest.raises(CheckError, match="not a finite number"):
        Measurement(value, 1)
    with pytest.raises(CheckError, match="not a finite number"):
        Measurement(0.0, 1, upper=value)


def test_a_measurement_has_a_count_and_its_interval_in_order():
    with pytest.raises(CheckError, match="cannot be negative"):
        Measurement(0.0, -1)
    with pytest.raises(CheckError, match="lower is above upper"):
        Measurement(0.0, 1, 0.2, 0.1)


def test_the_worst_outcome_wins_and_skips_take_no_part():
    order = [Outcome.FAIL, Outcome.ERROR, Outcome.INCONCLUSIVE, Outcome.WARN, Outcome.PASS, Outcome.SKIP]
    for index in range(len(order)):
        for some in permutations(order[index:][:3]):
            assert worst(some) is order[index]
    assert worst([]) is Outcome.SKIP


def test_a_funnel_adds_up():
    assert Funnel(records=3, samples=2, unreadable=1).records == 3
    with pytest.raises(ReportError, match="3 records are not 3 samples and 1 unreadable"):
        Funnel(records=3, samples=3, unreadable=1)


def report(*outcomes: Outcome) -> Report:
    """One check per outcome: Q101, Q102 ..., all in gate Q1."""
    verdicts = tuple(
        Verdict(f"Q10{number}", "name", outcome, "rows", "samples", None, 0, None, "> 0", None, (), (), None, None)
        for number, outcome in enumerate(outcomes, 1)
    )
    gate = GateVerdict("Q1", "name", worst(outcomes), verdicts)
    return Report("1", (), (gate,), Funnel(0, 0, 0), {})


@pytest.mark.parametrize(
    ("outcomes", "code"),
    [
        ([Outcome.PASS], 0),
        ([Outcome.WARN, Outcome.SKIP], 0),
        ([Outcome.PASS, Outcome.FAIL, Outcome.INCONCLUSIVE], 1),
        ([Outcome.FAIL, Outcome.ERROR], 2),
        ([Outcome.PASS, Outcome.ERROR], 2),
        ([Outcome.SKIP, Outcome.SKIP], 2),
        ([], 2),
        ([Outcome.PASS, Outcome.INCONCLUSIVE], 3),
    ],
)
def test_the_exit_code_follows_from_the_outcomes(outcomes: list[Outcome], code: int):
    assert exit_code(report(*outcomes)) == code


def test_fail_on_moves_the_line_between_0_and_1():
    assert exit_code(report(Outcome.WARN), fail_on="warn") == 1
    assert exit_code(report(Outcome.FAIL), fail_on="never") == 0
    assert exit_code(report(Outcome.FAIL, Outcome.INCONCLUSIVE), fail_on="never") == 0
    assert exit_code(report(Outcome.PASS, Outcome.INCONCLUSIVE), fail_on="never") == 3
    assert exit_code(report(Outcome.ERROR, Outcome.FAIL), fail_on="never") == 2


def test_a_required_skip_is_a_failure():
    skipped = report(Outcome.PASS, Outcome.SKIP)
    assert exit_code(skipped, require=["Q1"]) == 0
    assert exit_code(skipped, require=["Q102"]) == 1
    with pytest.raises(UsageError, match=r"Q103.*Did you mean"):
        exit_code(skipped, require=["Q103"])


def test_inconclusive_may_be_allowed():
    assert exit_code(report(Outcome.INCONCLUSIVE), allow_inconclusive=True) == 0


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("refunds", "refunds"),
        ("category * difficulty", "category * difficulty"),
        ("año 2024", "año 2024"),
        ("", "(blank)"),
        (None, "(none)"),
        ("ann@example.org", "(withheld)"),
        ("555-0100-22", "(withheld)"),
        ("٥٥٥٠١٠٠", "(withheld)"),
        ("a" * 41, "(withheld)"),
        ("two\nlines", "(withheld)"),
        ("\x1b[31mred", "(withheld)"),
    ],
)
def test_a_category_is_shown_only_when_it_looks_like_one(text: str | None, shown: str):
    assert shown_label(text) == shown
    assert text is None or is_label(text) == (shown != "(withheld)")


@pytest.mark.parametrize(("bound", "value", "excess"), [("> 2", 5, 3), (">= 2", 1, -1), ("< 2", 5, -3), ("<= 2", 1, 1)])
def test_excess_is_the_distance_beyond_the_limit(bound: str, value: float, excess: float):
    assert Bound.parse(bound).excess(value) == excess
