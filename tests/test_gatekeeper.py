"""From checks and a store to a report: outcomes, evidence, skips, and checks that cannot be judged."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import duckdb
import pytest
from tunegate.check import Gate, apply_limits, load_gates
from tunegate.config import load_config
from tunegate.errors import UsageError
from tunegate.gatekeeper import run
from tunegate.verdict import (
    Evidence,
    Funnel,
    Measurement,
    Outcome,
    Place,
    Report,
    SourceSummary,
    Verdict,
    exit_code,
)

SAMPLES = 40


@dataclass
class TinyStore:
    """Forty samples in two categories, and one unreadable record, in a DuckDB file."""

    path: Path
    ensured: list[str] = field(default_factory=list)
    closed: bool = False
    partials: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        with duckdb.connect(str(self.path)) as connection:
            connection.execute(f"""
                create table sources as
                    select 'a.jsonl' as source, 'data' as role, 9 as bytes, 'aa' as sha256;
                create table records as select i::bigint as record_id, 'a.jsonl' as source, i + 1 as line,
                    0::bigint as byte_offset, 0::bigint as byte_length,
                    lpad(i::varchar, 32, '0') as fingerprint,
                    case when i = {SAMPLES} then 'not a record' end as reason from range({SAMPLES + 1}) t(i);
                create table samples as select i::bigint as sample_id, 'messages' as format,
                    case when i < 35 then 'refunds' else 'billing' end as category,
                    null::varchar as difficulty
                    from range({SAMPLES}) t(i);
                create table messages as
                    select i::bigint as sample_id, 0 as turn, 'main' as part, 'user' as role,
                    'text ' || i as content from range({SAMPLES}) t(i);
            """)

    def summary(self) -> tuple[tuple[SourceSummary, ...], Funnel]:
        source = SourceSummary("a.jsonl", 9, "aa", SAMPLES + 1, 1, {"messages": SAMPLES})
        return (source,), Funnel(SAMPLES + 1, SAMPLES, 1)

    def compared(self) -> tuple[SourceSummary, ...]:
        return ()

    def ensure(self, names: Iterable[str], parameters: Mapping[str, object]) -> None:
        self.ensured = [*names, *parameters]
        with duckdb.connect(str(self.path)) as connection:
            for name in names:
                connection.execute(f"create table signal_{name} as select sample_id, 1 as size from samples")

    def partial(self, names: Iterable[str]) -> str | None:
        return next((self.partials[name] for name in names if name in self.partials), None)

    def close_for_reading(self) -> None:
        self.closed = True


@pytest.fixture
def store(tmp_path: Path) -> TinyStore:
    return TinyStore(tmp_path / "store.duckdb")


def gates(folder: Path, *bodies: str, reads: str = "samples, records, messages") -> tuple[Gate, ...]:
    """Checks Q101, Q102 ... with the given keys."""
    (folder / "checks").mkdir()
    for number, body in enumerate(bodies, 1):
        text = (
            f"id: Q1{number:02}\nname: x\nsummary: s\nwhy: w\nsource: s\nremedy: r\nreads: [{reads}]\n"
            f"examples: {{}}\n{body}\n"
        )
        (folder / "checks" / f"Q1{number:02}-x.yaml").write_text(text)
    return load_gates([folder / "checks"])


def judge(store: TinyStore, *bodies: str, timeout_s: float = 60.0, **option: str) -> Report:
    return run(store, gates(store.path.parent, *bodies), option=option, timeout_s=timeout_s)


def only(report: Report) -> Verdict:
    (verdict,) = report.verdicts
    return verdict


FIRST_FOUR = "rows: select sample_id, turn from messages where sample_id < 4"


def test_offenders_become_a_share_with_complete_evidence(store: TinyStore):
    report = judge(store, f"{FIRST_FOUR}\nwarn: '> 0'\nfail: '> 0.05'")
    verdict = only(report)
    assert (verdict.outcome, verdict.kind, verdict.unit) == (Outcome.FAIL, "rows", "samples")
    assert (verdict.measurement, verdict.offenders) == (Measurement(0.1, 40), 4)
    assert (verdict.warn, verdict.fail, verdict.reason) == ("> 0", "> 0.05", None)
    assert verdict.evidence[1] == Evidence("a.jsonl", 2, "0" * 31 + "1", {"turn": 0})
    assert [evidence.line for evidence in verdict.evidence] == [1, 2, 3, 4]
    assert store.closed


def test_the_report_names_its_sources_settings_and_gates(store: TinyStore):
    report = judge(store, f"{FIRST_FOUR}\nfail: '> 0.5'", method="lora")
    assert report.sources[0].source == "a.jsonl"
    assert report.funnel == Funnel(41, 40, 1)
    assert (report.settings["gates"], report.settings["method"]) == (["Q101"], "lora")
    assert len(str(report.settings["checks_sha256"])) == 64
    assert [(gate.id, gate.name, gate.outcome) for gate in report.gates] == [("Q1", "checks", Outcome.PASS)]
    assert exit_code(report) == 0


def test_the_same_run_makes_the_same_report(store: TinyStore):
    loaded = gates(store.path.parent, f"{FIRST_FOUR}\nfail: '> 0'", "value: select 1 as value, 1 as n\nfail: '> 0'")
    assert run(store, loaded, option={}) == run(store, loaded, option={})


@pytest.mark.parametrize(
    ("limits", "outcome"),
    [
        ("warn: '> 0.1'\nfail: '> 0.2'", Outcome.PASS),
        ("warn: '> 0'\nfail: '> 0.2'", Outcome.WARN),
        ("warn: '> 0'", Outcome.WARN),
        ("fail: '> 0.05'\nconfidence: 0.95", Outcome.INCONCLUSIVE),  # 4 of 40: 0.040 to 0.231
        ("fail: '> 0.03'\nconfidence: 0.95", Outcome.FAIL),
        ("fail: '> 0.3'\nconfidence: 0.95", Outcome.PASS),
        (
            "warn: '> 0.05'\nfail: '> 0.3'\nconfidence: 0.95",
            Outcome.WARN,
        ),  # the interval touches the warn limit
        ("report_only: true", Outcome.SKIP),
    ],
)
def test_limits_decide(store: TinyStore, limits: str, outcome: Outcome):
    verdict = only(judge(store, f"{FIRST_FOUR}\n{limits}"))
    assert (verdict.outcome, verdict.offenders) == (outcome, 4)


def test_a_row_of_severity_warn_counts_for_the_warn_limit_only(store: TinyStore, tmp_path: Path):
    found = "rows: select sample_id, 'warn' as severity from samples where sample_id < 2"
    body = f"{found}\nwarn: '> 0'\nfail: '> 0'"
    loaded = gates(store.path.parent, body)
    verdict = only(run(store, loaded, option={}))
    assert (verdict.outcome, verdict.offenders) == (Outcome.WARN, 2)
    (tmp_path / "tunegate.yaml").write_text("limits: {Q101: {severity: fail}}")
    strict = apply_limits(loaded, load_config(tmp_path / "tunegate.yaml"))
    assert only(run(store, strict, option={})).outcome is Outcome.FAIL


def test_an_unreadable_record_is_shown_with_its_reason(store: TinyStore):
    unreadable = "select record_id as sample_id from records where reason is not null"
    body = f"population: records\nrows: {unreadable}\nfail: '> 0'"
    verdict = only(judge(store, body))
    assert (verdict.unit, verdict.population, verdict.measurement) == (
        "records",
        None,
        Measurement(1 / 41, 41),
    )
    assert verdict.evidence == (Evidence("a.jsonl", 41, "0" * 30 + "40", {"reason": "not a record"}),)


def test_a_population_narrows_the_share_and_is_printed(store: TinyStore):
    population = "select sample_id from samples where category = 'billing'"
    body = f'population: "{population}"\nrows: select sample_id, 0 as twin_sample_id from samples\nfail: "> 0"'
    verdict = only(judge(store, body))
    assert (verdict.population, verdict.measurement, verdict.offenders) == (
        population,
        Measurement(1.0, 5),
        5,
    )
    assert verdict.evidence[0].detail == {"twin": Place("a.jsonl", 1)}


def test_an_empty_population_is_a_skip_with_its_reason(store: TinyStore):
    nobody = "population: select sample_id from samples where difficulty is not null"
    report = judge(
        store,
        f"{nobody}\nrows: select sample_id from samples\nfail: '> 0'",
        f"{nobody}\nrows: select sample_id from samples\nfail: '> 0'\nempty: no field `difficulty`",
        "value: select 1 as value, 1 as n where false\nfail: '> 0'\nempty: nothing there",
        "value: select null as value, 0 as n\nfail: '> 0'",
    )
    assert [(verdict.outcome, verdict.reason) for verdict in report.verdicts] == [
        (Outcome.SKIP, "no samples to judge"),
        (Outcome.SKIP, "no field `difficulty`"),
        (Outcome.SKIP, "nothing there"),
        (Outcome.SKIP, "no samples to judge"),
    ]
    assert report.gates[0].outcome is Outcome.SKIP
    assert exit_code(report) == 2


def test_a_value_check_takes_the_worst_slice_and_shows_small_ones_unjudged(store: TinyStore):
    body = (
        "value: select category as slice, count(*) as value, count(*) as n from samples group by all\n"
        "warn: '> 3'\nfail: '> 100'"
    )
    verdict = only(judge(store, body))
    assert (verdict.outcome, verdict.measurement) == (Outcome.WARN, Measurement(35.0, 35))
    assert [(part.name, part.outcome, part.judged) for part in verdict.slices] == [
        ("billing", Outcome.SKIP, False),
        ("refunds", Outcome.WARN, True),
    ]


@pytest.mark.parametrize(
    ("limits", "outcome", "leading"),
    [
        ("fail: '< 0.8'", Outcome.FAIL, "c"),
        ("fail: '> 0.15'", Outcome.FAIL, "d"),
        ("warn: '> 0.15'\nfail: '< 0.01'", Outcome.WARN, "d"),
        ("fail: '< 0.01'", Outcome.PASS, "c"),  # the nearest to the limit
        ("report_only: true", Outcome.SKIP, "a"),
    ],
)
def test_the_slice_farthest_beyond_the_limit_leads(store: TinyStore, limits: str, outcome: Outcome, leading: str):
    measured = "(values ('a', 0.2), ('b', 0.3), ('c', 0.1), ('d', 0.9), ('e', 0.1)) t(slice, value)"
    verdict = only(judge(store, f"value: select *, 40 as n from {measured}\n{limits}"))
    assert verdict.leading is not None
    assert (verdict.outcome, verdict.leading.name) == (outcome, leading)
    assert verdict.measurement is verdict.leading.measurement
    assert verdict.leading in verdict.slices


def test_a_rows_check_has_no_leading_slice(store: TinyStore):
    assert only(judge(store, f"{FIRST_FOUR}\nfail: '> 0'")).leading is None


def test_only_small_slices_are_a_skip(store: TinyStore):
    body = "value: select 'a' as slice, 1 as value, 29 as n\nfail: '> 0'"
    verdict = only(judge(store, body))
    assert (verdict.outcome, verdict.reason) == (Outcome.SKIP, "every slice has fewer than 30 samples")
    assert verdict.measurement == Measurement(1, 29)


def test_a_value_without_slice_is_judged_at_any_size(store: TinyStore):
    verdict = only(judge(store, "value: select 0.5 as value, 2 as n, 'most' as what\nfail: '< 0.8'"))
    assert (verdict.outcome, verdict.offenders) == (Outcome.FAIL, 0)
    assert [(part.name, part.detail) for part in verdict.slices] == [("", {"what": "most"})]


CASES = (
    "value: select count(*) as value, count(*) as n from samples\noption: method\n"
    "cases: {lora: {lower: 100, note: 100 to 10000}, full: {lower: 5}}\nfail: '< $lower'"
)


def test_a_run_option_picks_the_limits(store: TinyStore):
    loaded = gates(store.path.parent, CASES)
    lora = only(run(store, loaded, option={"method": "lora"}))
    assert (lora.outcome, lora.fail, lora.note) == (Outcome.FAIL, "< 100", "100 to 10000")
    assert only(run(store, loaded, option={"method": "full"})).outcome is Outcome.PASS
    skipped = only(run(store, loaded, option={}))
    assert (skipped.outcome, skipped.reason) == (Outcome.SKIP, "no --method; one of lora, full")
    with pytest.raises(UsageError, match=r"lorra.*Did you mean"):
        run(store, loaded, option={"method": "lorra"})


def test_a_check_that_needs_an_option_is_a_skip_without_it(store: TinyStore):
    body = "rows: select sample_id from samples where sample_id >= $max_length\nneeds: [tokenizer, max_length]\nfail: '> 0'"
    loaded = gates(store.path.parent, body)

    def judged(**option: str | int) -> tuple[Outcome, str | None]:
        verdict = only(run(store, loaded, option=option))
        return verdict.outcome, verdict.reason

    assert judged() == (Outcome.SKIP, "no --tokenizer, no --max-length")
    assert judged(max_length=8) == (Outcome.SKIP, "no --tokenizer")
    assert judged(tokenizer="a.json") == (Outcome.SKIP, "no --max-length")
    assert judged(tokenizer="a.json", max_length=SAMPLES) == (Outcome.PASS, None)
    assert only(run(store, loaded, option={"tokenizer": "a.json", "max_length": 30})).offenders == 10


def test_a_check_whose_signal_needs_an_option_is_a_skip_too(store: TinyStore, tmp_path: Path):
    loaded = gates(tmp_path, "rows: select sample_id from signal_tokens\nfail: '> 0'", reads="signal_tokens")
    verdict = only(run(store, loaded, option={"method": "lora"}))
    assert (verdict.outcome, verdict.reason) == (Outcome.SKIP, "no --tokenizer")
    assert store.ensured == []


def test_what_signals_need_is_handed_to_them(store: TinyStore, tmp_path: Path):
    loaded = gates(
        tmp_path,
        "rows: select sample_id from signal_overflows where sample_id > $max_length\nneeds: [max_length]\nfail: '> 0'",
        reads="signal_overflows",
    )
    option = {"method": "lora", "tokenizer": "a.json", "max_length": 8}
    run(store, loaded, option=option, parameters={"tokenizer": object()})
    assert store.ensured == ["overflows", "max_length", "tokenizer"]


def test_the_signals_that_checks_read_are_measured_first(store: TinyStore, tmp_path: Path):
    loaded = gates(
        tmp_path,
        "rows: select sample_id from signal_sizes where size > 1\nfail: '> 0'",
        "rows: select sample_id from signal_turns\nfail: '> 0'",
        reads="signal_sizes, signal_turns",
    )
    run(store, loaded, option={}, parameters={"axes": ["category"]})
    assert store.ensured == ["sizes", "turns", "axes"]


def test_what_was_not_measured_in_full_is_no_pass_and_says_so(store: TinyStore, tmp_path: Path):
    loaded = gates(
        tmp_path,
        "rows: select sample_id from signal_sizes where size > 1\nfail: '> 0'",
        "rows: select sample_id from signal_sizes\nwarn: '> 0'",
        "rows: select sample_id from signal_sizes\nfail: '> 0'",
        "rows: select sample_id from signal_turns where size > 1\nfail: '> 0'",
        "rows: select sample_id from signal_sizes\npopulation: select sample_id from samples where false\nfail: '> 0'",
        reads="signal_sizes, signal_turns, samples",
    )
    reads = {"Q104": ("signal_turns", "samples")}
    (gate,) = loaded
    checks = tuple(
        check.model_copy(update={"reads": reads.get(check.id, ("signal_sizes", "samples"))}) for check in gate.checks
    )
    store.partials = {"sizes": "half of it"}
    report = run(store, (replace(gate, checks=checks),), option={})
    assert [(str(verdict.outcome), verdict.note) for verdict in report.verdicts] == [
        ("inconclusive", "half of it"),
        ("warn", "half of it"),
        ("fail", "half of it"),
        ("pass", None),
        ("skip", None),
    ]


def test_a_check_that_is_turned_off_is_a_skip_and_measures_nothing(store: TinyStore, tmp_path: Path):
    loaded = gates(tmp_path, "rows: select sample_id from signal_sizes\nfail: '> 0'", reads="signal_sizes")
    (tmp_path / "tunegate.yaml").write_text("limits: {Q101: {severity: off}}")
    verdict = only(run(store, apply_limits(loaded, load_config(tmp_path / "tunegate.yaml")), option={}))
    assert (verdict.outcome, verdict.reason) == (Outcome.SKIP, "turned off by severity: off")
    assert store.ensured == []


def test_a_failure_may_be_turned_into_a_warning(store: TinyStore, tmp_path: Path):
    loaded = gates(tmp_path, f"{FIRST_FOUR}\nfail: '> 0'")
    (tmp_path / "tunegate.yaml").write_text("limits: {Q101: {severity: warn}}")
    verdict = only(run(store, apply_limits(loaded, load_config(tmp_path / "tunegate.yaml")), option={}))
    assert (verdict.outcome, verdict.warn, verdict.fail) == (Outcome.WARN, "> 0", None)


def test_a_wrong_check_cannot_be_judged_and_says_where_and_why(store: TinyStore):
    body = "rows: |\n  select sampel_id\n  from samples\nfail: '> 0'"
    report = judge(store, body, f"{FIRST_FOUR}\nfail: '> 0.5'")
    wrong, right = report.verdicts
    assert (wrong.outcome, right.outcome) == (Outcome.ERROR, Outcome.PASS)
    assert wrong.reason == 'Q101-x.yaml line 10: unknown column "sampel_id". Did you mean "sample_id"?'
    assert (report.gates[0].outcome, exit_code(report)) == (Outcome.ERROR, 2)


def test_ten_attacks_are_refused_or_stopped_and_the_others_judged(store: TinyStore):
    folder = store.path.parent
    attacks = {
        f"select sample_id from read_text('{folder}/secret')": "table function read_text is refused",
        f"copy (select 1) to '{folder}/written.csv'": "COPY is refused",
        f"attach '{folder}/other.duckdb' as other": "ATTACH is refused",
        f"copy samples to '{folder}/copy.parquet'": "COPY is refused",
        "install httpfs": "LOAD is refused",
        "pragma database_list": "PRAGMA is refused",
        "select sample_id from requests": "unknown table",
        "select 0 as sample_id from range(9999999999) a, range(999999999) b where a + b < 0": "stopped",
        "select length(repeat('x', 4000000000)) as sample_id": "of memory",
        "select sample_id from samples; drop table samples": "2 statements found",
    }
    bodies = [f'rows: "{attack}"\nfail: "> 0"' for attack in attacks]
    report = judge(store, *bodies, f"{FIRST_FOUR}\nfail: '> 0'", timeout_s=1.5)
    *attacked, last = report.verdicts
    for verdict, ended in zip(attacked, attacks.values(), strict=True):
        assert verdict.outcome is Outcome.ERROR
        assert ended in str(verdict.reason)
    assert (last.outcome, last.offenders) == (Outcome.FAIL, 4)
    assert (report.gates[0].outcome, exit_code(report)) == (Outcome.FAIL, 2)
    assert sorted(path.name for path in folder.iterdir()) == ["checks", "store.duckdb"]
