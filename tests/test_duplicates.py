"""The gate D1 beyond exact copies: its offenders are those of an obvious computation, whatever the files are like."""

import gzip
import itertools
import json
import random
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from tunegate.check import Gate, apply_limits, load_gates, packaged_gates, select
from tunegate.config import load_config
from tunegate.errors import SignalError, SourceError
from tunegate.gatekeeper import run
from tunegate.report.text import render as text_report
from tunegate.signals import second_reading
from tunegate.sources import AGAINST, EVAL, find_compared, find_sources
from tunegate.store import Store
from tunegate.store_build import measured_store
from tunegate.verdict import Outcome, Place, Verdict, exit_code

Record = dict[str, Any]
WORDS = [f"w{number}" for number in range(12)]
RANKS = {"train": 0, "other": 1, "validation": 2, "test": 3}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "scratch").mkdir()
    return tmp_path


def put(path: str, *records: Record | str) -> str:
    lines = [record if isinstance(record, str) else json.dumps(record) + "\n" for record in records]
    opened = gzip.open if path.endswith(".gz") else open
    with opened(path, "wt") as file:
        file.writelines(lines)
    return path


def measured(
    *data: str, against: Sequence[str] = (), items: Sequence[str] = (), file: str | None = None
) -> "closing[Store]":
    found = find_sources(data, Path("scratch"))
    sources = found + find_compared({AGAINST: against, EVAL: items}, found)
    return closing(measured_store(sources, {}, [], Path(file) if file else None, Path("scratch")))


def gates(*ids: str, **params: Mapping[str, float]) -> tuple[Gate, ...]:
    limits = {check: {"params": dict(given)} for check, given in params.items()}
    path = Path("settings.yaml")
    path.write_text(json.dumps({"limits": limits}))
    return select(apply_limits(load_gates([packaged_gates()]), load_config(path)), ids)


def judged(store: Store, check: str, **params: float) -> Verdict:
    (verdict,) = run(store, gates(check, **{check: params}), option={}).verdicts
    return verdict


def offenders(verdict: Verdict) -> list[tuple[str, int]]:
    return [(evidence.source, evidence.line) for evidence in verdict.evidence]


def rows(store: Store, query: str) -> list[tuple[Any, ...]]:
    return store.connection.execute(query).fetchall()


def asked(prompt: str, response: str, **more: Any) -> Record:
    return {"prompt": prompt, "completion": response, **more}


LONG = "please write down in order all the numbers that you know between one and twenty"  # 15 words


# The obvious computation


@dataclass(frozen=True)
class Seen:
    """A record as the obvious computation has it; key: what must be equal in copies, None for one that is not data."""

    place: tuple[str, int]
    pair: frozenset[tuple[str, ...]]
    key: Any
    exact: Any
    split: str | None


def shingles(text: str) -> frozenset[tuple[str, ...]]:
    words = re.findall(r"\w+", text.lower())
    if not words:
        return frozenset()
    return frozenset(tuple(words[i : i + 5]) for i in range(max(1, len(words) - 4)))


def jaccard(a: frozenset[Any], b: frozenset[Any]) -> float:
    return len(a & b) / len(a | b) if a | b else 0.0


def seen(path: str, *, is_data: bool) -> Iterator[Seen]:
    opened = gzip.open if path.endswith(".gz") else open
    with opened(path, "rt") as file:
        for line, text in enumerate(file, 1):
            if text.startswith('{"'):
                record = json.loads(text)
                response = record.get("completion", record.get("chosen"))
                key = (record.get("label"), record.get("rejected")) if is_data else None
                exact = json.dumps(
                    [record.get(name) for name in ("prompt", "completion", "chosen", "rejected", "label")]
                )
                yield Seen((path, line), shingles(f"{record['prompt']}\n{response}"), key, exact, record.get("split"))


def near_copies(data: Sequence[Seen], threshold: float) -> dict[tuple[str, int], tuple[tuple[str, int], float]]:
    found = {}
    for number, record in enumerate(data):
        if any(other.exact == record.exact for other in data[:number]):
            continue
        alike = [
            (-jaccard(record.pair, other.pair), i) for i, other in enumerate(data[:number]) if other.key == record.key
        ]
        if alike and -min(alike)[0] >= threshold:
            found[record.place] = (data[min(alike)[1]].place, -min(alike)[0])
    return found


def yields(record: Seen, other: Seen) -> bool:
    if other.key is None:
        return True
    if record.split is None or other.split is None or record.split == other.split:
        return False
    ranks = [RANKS.get(split, RANKS["other"]) for split in (record.split, other.split)]
    return ranks[0] < ranks[1] or (ranks[0] == ranks[1] and record.split < other.split)


def leaks(data: Sequence[Seen], against: Sequence[Seen], threshold: float) -> dict[tuple[str, int], float]:
    found = {}
    for record in data:
        others = [jaccard(record.pair, other.pair) for other in (*data, *against) if yields(record, other)]
        if others and max(others) >= threshold:
            found[record.place] = max(others)
    return found


def some_text(chance: random.Random, known: list[str]) -> str:
    """New words, or those of an earlier text: as they are, in other case, or with a few changed."""
    kind = chance.randrange(4)
    if not known or kind == 0:
        words = chance.choices(WORDS, k=chance.choice([0, 1, 3, 5, 8, 20, 40]))
    else:
        words = chance.choice(known).split()
    if kind == 1:
        words = [word.upper() + chance.choice(["", ",", "!"]) for word in words]
    if kind == 2 and words:
        words[chance.randrange(len(words))] = chance.choice(WORDS)
    if kind == 3 and len(words) > 6 and chance.random() < 0.5:
        words = words + words[: len(words) // 2]  # the same shingles more than once
    known.append(" ".join(words))
    return known[-1]


def some_records(chance: random.Random, count: int, known: list[str]) -> list[Record | str]:
    made: list[Record | str] = []
    for _ in range(count):
        record: Record = {
            "prompt": chance.choice(["", "w1 w2 w3"]),
            "split": chance.choice(["train", "test", "validation", "rest", "a", None]),
        }
        if record["split"] is None:
            del record["split"]
        kind = chance.randrange(8)
        if kind == 0:
            made.append("{broken\n")
        elif kind == 1:
            made.append(record | {"chosen": some_text(chance, known), "rejected": chance.choice(["x", "y"])})
        elif kind == 2:
            made.append(record | {"completion": some_text(chance, known), "label": chance.random() < 0.5})
        else:
            made.append(record | {"completion": some_text(chance, known)})
        if chance.random() < 0.1:
            made.append("\n")
    return [{"prompt": "", "completion": "w1"}, *made]


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("threshold", [0.8, 0.5, 0.95])
def test_near_copies_and_leaks_are_those_of_the_obvious_computation(folder, seed, threshold):
    chance, known = random.Random(seed), []
    names = ["a.jsonl", "b.jsonl.gz"]
    for name in [*names, "held.jsonl"]:
        put(name, *some_records(chance, 30, known))
    against = ["held.jsonl"] if seed % 3 else []
    data = [record for name in names for record in seen(name, is_data=True)]
    other = [record for name in against for record in seen(name, is_data=False)]
    with measured(*names, against=against) as store:
        near, leaked = judged(store, "D102", threshold=threshold), judged(store, "D103", threshold=threshold)
    expected = near_copies(data, threshold)
    assert offenders(near) == list(expected)
    for evidence in near.evidence:
        place, similarity = expected[evidence.source, evidence.line]
        assert evidence.detail == {"earlier": Place(*place), "similarity": round(similarity, 4)}
    expected_leaks = leaks(data, other, threshold)
    assert offenders(leaked) == list(expected_leaks)
    by_place = {record.place: record for record in (*data, *other)}
    for evidence in leaked.evidence:
        place = (evidence.source, evidence.line)
        found = evidence.detail["other"]
        assert evidence.detail["similarity"] == round(expected_leaks[place], 4)
        assert yields(by_place[place], by_place[found.source, found.line])
        assert (
            round(jaccard(by_place[place].pair, by_place[found.source, found.line].pair), 4)
            == evidence.detail["similarity"]
        )


@pytest.mark.parametrize("seed", range(6))
def test_pairs_and_clusters_say_the_same(folder, seed):
    chance = random.Random(seed)
    put("a.jsonl", *some_records(chance, 60, []))
    with measured("a.jsonl") as store:
        store.ensure(["near_duplicates"], {})
        pairs = {(a, b): similarity for _, a, b, similarity in rows(store, "from pairs")}
        clusters = rows(store, "select sample_id, cluster_id, keeper, similarity from clusters order by sample_id")
    texts = {record.place[1]: record.pair for record in seen("a.jsonl", is_data=True)}
    assert all(similarity >= 0.8 for similarity in pairs.values())
    assert {record for ends in pairs for record in ends} >= {record for record, *_ in clusters}
    keepers = {keeper for _, _, keeper, _ in clusters}
    assert keepers == {record for record, _, keeper, _ in clusters if record == keeper}
    assert all(similarity == 1 for record, _, keeper, similarity in clusters if record == keeper)
    assert all(keeper <= record and cluster <= keeper for record, cluster, keeper, _ in clusters)
    assert not any(pair in pairs for pair in itertools.combinations(sorted(keepers), 2))
    assert texts


def test_what_is_learned_beside_the_words_keeps_samples_apart(folder):
    """Reasoning, tool calls, media and rejected responses; a system prompt or the tools do not."""
    call = {"type": "function", "function": {"name": "clock", "arguments": "{}"}}
    picture = [{"type": "text", "text": "Is it?"}, {"type": "image_url", "image_url": {"url": "http://a/b.png"}}]

    def chat(question: Any = "Is it?", *, system: str | None = None, **more: Any) -> Record:
        turns = [{"role": "user", "content": question}, {"role": "assistant", "content": "Yes", **more}]
        return {"messages": [*([{"role": "system", "content": system}] if system else []), *turns]}

    put(
        "a.jsonl",
        chat(), chat(reasoning_content="So."), chat(tool_calls=[call]), chat(picture), chat(system="Be brief."),
        chat("is it", reasoning_content="So."), chat(reasoning_content="Or so."), {"prompt": "Is it?", "chosen": "Yes", "rejected": "No"},
    )  # fmt: skip
    with measured("a.jsonl") as store:
        found = [(evidence.line, evidence.detail["earlier"].line) for evidence in judged(store, "D102").evidence]
    assert found == [(5, 1), (6, 2)]


def test_samples_with_other_pictures_do_not_leak(folder):
    def asked_of(picture: str, split: str | None = None) -> Record:
        content = [
            {"type": "text", "text": "Is it?"},
            {"type": "image_url", "image_url": {"url": f"http://a/{picture}.png"}},
        ]
        record = {"messages": [{"role": "user", "content": content}, {"role": "assistant", "content": "Yes"}]}
        return record | ({"split": split} if split else {})

    put("a.jsonl", asked_of("one", "train"), asked_of("two", "train"), asked_of("two", "test"))
    put("held.jsonl", asked_of("one"), asked("Is it?", "Yes"))
    with measured("a.jsonl", against=["held.jsonl"]) as store:
        assert offenders(judged(store, "D103")) == [("a.jsonl", 2)]


# What is measured when


def test_raising_the_threshold_judges_again_without_measuring_and_lowering_it_measures(folder):
    put("a.jsonl", asked("", LONG), asked("", f"{LONG} done"), asked("", f"{LONG} and nothing more"))
    with measured("a.jsonl") as store:
        assert offenders(judged(store, "D102")) == [("a.jsonl", 2)]  # 11 of 12 shingles; 11 of 14, 0.79
        store.connection.execute("update pairs set similarity = 0.85")
        store.connection.execute("update signal_near_copies set similarity = 0.85")
        assert offenders(judged(store, "D102", threshold=0.9)) == []
        assert offenders(judged(store, "D102", threshold=0.85)) == [("a.jsonl", 2)]
        assert offenders(judged(store, "D102", threshold=0.7)) == [("a.jsonl", 2), ("a.jsonl", 3)]


@pytest.mark.parametrize("threshold", [0.49, 1.01, 0, -1])
def test_a_threshold_that_cannot_be_measured_is_refused_in_one_line(folder, threshold):
    put("a.jsonl", asked("", LONG))
    message = rf"^threshold is {threshold}, expected a similarity from 0\.5 to 1 of at most 6 digits$"
    with measured("a.jsonl") as store, pytest.raises(SignalError, match=message):
        judged(store, "D102", threshold=threshold)


@pytest.mark.parametrize(
    ("check", "name", "value"),
    [
        ("D102", "threshold", 0.70000000001),
        ("D103", "threshold", 0.90000000001),
        ("D104", "containment", 0.123456789012),
        ("D104", "containment", 1e-7),
        ("D104", "jaccard", 0.3333333),
        ("D104", "words", 1001),
        ("D104", "words", 2.5),
        ("D104", "words", 10**17),
        ("D105", "prompt_similarity", 0.666666666666),
    ],
)
def test_a_number_that_the_core_cannot_compare_by_is_refused_without_a_text(folder, check, name, value):
    put("a.jsonl", asked("one two three four five six seven eight nine", "ten"))
    put("items.jsonl", {"question": "one two three four five six seven eight nine"})
    with measured("a.jsonl", items=["items.jsonl"]) as store, pytest.raises(SignalError) as refused:
        judged(store, check, **{name: value})
    assert str(refused.value).startswith(f"{name} is {value}, expected a ")


def test_a_share_of_few_digits_is_taken_however_small(folder):
    put("a.jsonl", asked("one two three four five six seven eight nine", "ten"))
    put("items.jsonl", {"question": "zero one two three four five six seven eight"})
    with measured("a.jsonl", items=["items.jsonl"]) as store:
        assert offenders(judged(store, "D104", containment=0.00001)) == [("a.jsonl", 1)]


def test_two_checks_with_other_thresholds_are_served_by_one_measurement(folder):
    put("a.jsonl", asked("", LONG, split="train"), asked("", f"{LONG} and nothing more", split="test"))
    with measured("a.jsonl") as store:
        report = run(store, gates("D102", "D103", D103={"threshold": 0.75}), option={})
    assert [verdict.offenders for verdict in report.verdicts] == [0, 1]


def test_many_samples_made_alike_keep_one_pair_each(folder, monkeypatch):
    """Where all pairs would be too many, each sample still has its keeper."""
    monkeypatch.setattr(second_reading, "MOST_PAIRS", 10)
    text = " ".join(f"word{number}" for number in range(40))
    put("a.jsonl", *(asked("", f"{text} number {number}") for number in range(1500)))  # 37 of 39 shingles
    with measured("a.jsonl") as store:
        verdict = judged(store, "D102")
        ((pairs,),) = rows(store, "select count(*) from pairs")
    assert verdict.offenders == 1499
    assert pairs >= 1499
    assert verdict.outcome == "fail"
    assert verdict.note.startswith("more than 10 pairs are alike")


def test_a_leak_that_could_be_among_too_many_pairs_is_no_pass(folder, monkeypatch):
    """Nothing was found, but not everything was looked at: that is inconclusive, and the report says why."""
    text = " ".join(f"word{number}" for number in range(40))
    put("a.jsonl", *(asked("", f"{text} number {number}", split="train") for number in range(1500)))
    put("held.jsonl", asked("", "five words of its own"))
    with measured("a.jsonl", against=["held.jsonl"]) as store:
        assert judged(store, "D103").outcome == "pass"  # 1,124,250 pairs are not too many
    monkeypatch.setattr(second_reading, "MOST_PAIRS", 10)
    (folder / "scratch/store.duckdb").unlink()
    with measured("a.jsonl", against=["held.jsonl"]) as store:
        report = run(store, gates("D103", "D101"), option={})
    exact, leaks = report.verdicts
    assert (leaks.outcome, leaks.offenders) == ("inconclusive", 0)
    assert "not every other pair" in text_report(report)
    assert (exact.outcome, exact.note) == ("pass", None)
    assert exit_code(report) == 3


# What is compared with


def test_what_is_compared_with_gives_rows_to_sources_and_records_alone(folder):
    put("a.jsonl", asked("q", "one"), asked("q", "two"))
    put("held.jsonl", asked("q", "three"), "broken\n", {"prompt": "q", "chosen": "a", "rejected": "b"})
    put("items.jsonl", {"question": "What is it?"}, "\n", {"question": "Why?"})
    with measured("a.jsonl", against=["held.jsonl"], items=["items.jsonl"]) as store:
        assert rows(store, "select source, role from sources order by all") == [
            ("a.jsonl", "data"), ("held.jsonl", "against"), ("items.jsonl", "eval"),
        ]  # fmt: skip
        assert rows(store, "select record_id, source, line, reason is null from records order by record_id") == [
            (0, "a.jsonl", 1, True),
            (1, "a.jsonl", 2, True),
            (2, "held.jsonl", 1, True),
            (3, "held.jsonl", 2, False),
            (4, "held.jsonl", 3, True),
            (5, "items.jsonl", 1, True),
            (6, "items.jsonl", 3, True),
        ]
        assert rows(store, "select sample_id from samples order by all") == [(0,), (1,)]
        assert rows(store, "select distinct sample_id from messages order by all") == [(0,), (1,)]
        (data,), funnel = store.summary()
        assert (data.source, funnel.records, funnel.unreadable) == ("a.jsonl", 2, 0)
        assert [(s.source, s.role, s.records, s.unreadable) for s in store.compared()] == [
            ("held.jsonl", "against", 3, 1), ("items.jsonl", "eval", 2, 0),
        ]  # fmt: skip


def test_no_other_check_sees_what_is_compared_with(folder):
    put("a.jsonl", *(asked(f"question {number} of many", "one") for number in range(40)))
    put("held.jsonl", {"text": "<|im_end|> \u200b"}, "broken\n", *[{"messages": [], "split": "x"}] * 3)
    put("items.jsonl", {"question": "What is it?"})
    others = [gate for gate in load_gates([packaged_gates()]) if gate.id != "D1"]
    with measured("a.jsonl") as store:
        alone = run(store, others, option={"method": "lora"})
    with measured("a.jsonl", against=["held.jsonl"], items=["items.jsonl"], file="s.duckdb") as store:
        compared = run(store, others, option={"method": "lora"})
    assert compared.gates == alone.gates
    assert (compared.sources, compared.funnel) == (alone.sources, alone.funnel)


def test_a_named_store_is_used_again_only_with_what_it_was_compared_with(folder):
    put("a.jsonl", asked("", LONG))
    put("held.jsonl", asked("", LONG))
    with measured("a.jsonl", file="s.duckdb") as store:
        assert judged(store, "D103").outcome is Outcome.SKIP
    with measured("a.jsonl", against=["held.jsonl"], file="s.duckdb") as store:
        assert judged(store, "D103").offenders == 1
        store.connection.execute("update signal_leaks set similarity = 0.99")
    with measured("a.jsonl", against=["held.jsonl"], file="s.duckdb") as store:
        (evidence,) = judged(store, "D103").evidence
        assert evidence.detail == {"other": Place("held.jsonl", 1), "similarity": 0.99}
    put("held.jsonl", asked("", "another"))
    with measured("a.jsonl", against=["held.jsonl"], file="s.duckdb") as store:
        assert judged(store, "D103").offenders == 0


@pytest.mark.parametrize(
    ("against", "items", "message"),
    [
        (["a.jsonl"], [], r"a\.jsonl is named as data and by --against; name it once"),
        (["./a.jsonl"], [], r"\./a\.jsonl is named as data and by --against; name it once"),
        ([], ["a.jsonl"], r"a\.jsonl is named as data and by --against-eval; name it once"),
        (["b.jsonl"], ["b.jsonl"], r"b\.jsonl is named by --against and by --against-eval; name it once"),
        (["-"], [], r"--against names `-`, but standard input is for the data; expected a file"),
        (["absent.jsonl"], [], r"absent\.jsonl: No such file or directory; expected .*"),
        (["empty.jsonl"], [], r"empty\.jsonl is empty; expected at least one record"),
        (["bad.jsonl"], [], r"bad\.jsonl has not one readable record in 1; the first, at line 1: .*"),
        ([], ["bad.jsonl"], r"bad\.jsonl line 1.*"),
        ([], ["*.txt"], r"no file matches '\*\.txt'; expected .*"),
    ],
)
def test_what_cannot_be_compared_with_is_one_line(folder, against, items, message):
    put("a.jsonl", asked("", LONG))
    put("b.jsonl", asked("", LONG))
    put("bad.jsonl", "nonsense\n")
    put("empty.jsonl")
    with pytest.raises(SourceError, match=f"^{message}$"):
        measured("a.jsonl", against=against, items=items)


def test_a_source_that_changes_before_it_is_read_again_is_an_error(folder):
    put("a.jsonl", asked("", LONG), asked("", LONG))
    with measured("a.jsonl") as store:
        put("a.jsonl", asked("", LONG))
        with pytest.raises(SourceError, match=r"^a\.jsonl changed while it was read; run again when"):
            judged(store, "D102")


def test_nothing_that_was_spooled_is_left(folder, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(folder / "scratch"))
    put("a.jsonl.gz", asked("", LONG), asked("", f"{LONG} done"))
    with measured("a.jsonl.gz") as store:
        assert judged(store, "D102").offenders == 1
        assert [path.name for path in (folder / "scratch").iterdir()] == ["store.duckdb"]


# Contamination


def test_contamination_names_the_item_by_its_line_and_both_limits(folder):
    question = "A train leaves at nine and arrives at noon after 240 miles; how fast was it on average?"
    put("a.jsonl", asked("What is it?", "A question."), asked(f"Solve this. {question}", "80"))
    put("items.csv", "id,question\n1,Who is it then?\n", f'2,"{question}"\n')
    put("held.jsonl", asked("q", "one"))
    with measured("a.jsonl", against=["held.jsonl"], items=["items.csv"]) as store:
        (evidence,) = judged(store, "D104").evidence
        assert (evidence.source, evidence.line) == ("a.jsonl", 2)
        assert evidence.detail == {
            "item": Place("items.csv", 3),
            "containment": 1,
            "containment_limit": 0.7,
            "similarity": round(11 / 14, 4),  # 18 words make 11 8-grams, 21 words 14
            "similarity_limit": 0.8,
            "words_per_gram": 8,
            "exact": False,
            "items": 1,
        }


# Twins


def twins(store: Store, **params: float) -> list[tuple[int, int]]:
    return [(evidence.line, evidence.detail["other"].line) for evidence in judged(store, "D105", **params).evidence]


def test_twins_are_compared_with_the_first_that_has_the_same_instructions(folder):
    def chat(system: str, answer: str) -> Record:
        turns = {"system": system, "user": "Is it?", "assistant": answer}
        return {"messages": [{"role": role, "content": content} for role, content in turns.items()]}

    put(
        "a.jsonl",
        chat("x", "yes"),
        chat("y", "no"),
        chat("x", "no"),
        chat("y", "No."),
        chat("x", "Yes!"),
        chat("y", "yes"),
    )
    with measured("a.jsonl") as store:
        assert twins(store) == [(3, 1), (6, 2)]


def test_twins_without_words_of_prompt_or_response_or_with_media_are_left_out(folder):
    picture = {"type": "image_url", "image_url": {"url": "http://a/b.png"}}
    seen_picture = {"role": "user", "content": [{"type": "text", "text": "Is it?"}, picture]}
    put(
        "a.jsonl",
        asked("?", "yes"), asked("?", "no"), {"text": "yes"}, {"text": "no"},
        asked("Is it?", "..."), asked("Is it?", "yes"), asked("is it", "no"), asked("is it", "", label=True),
        {"messages": [seen_picture, {"role": "assistant", "content": "maybe"}]},
    )  # fmt: skip
    with measured("a.jsonl") as store:
        assert twins(store) == [(7, 6)]


def test_prompts_of_a_template_are_twins_only_when_asked_for(folder):
    put("a.jsonl", asked(f"{LONG} {LONG} and add 1", "one"), asked(f"{LONG} {LONG} and add 2", "two"))
    with measured("a.jsonl") as store:
        assert twins(store) == []
        assert twins(store, prompt_similarity=0.85) == [(2, 1)]  # 17 of 19 shingles


def test_the_report_holds_no_text(folder):
    secret = "Hildegard4711"
    put(
        "a.jsonl",
        *[
            asked(f"{secret} {LONG}", f"{secret} {number}", split=split)
            for number in "12"
            for split in ("train", "test")
        ],
    )
    put("held.jsonl", asked(f"{secret} {LONG}", f"{secret} 1"))
    put("items.jsonl", {"question": f"{secret} {LONG}"})
    with measured("a.jsonl", against=["held.jsonl"], items=["items.jsonl"]) as store:
        report = run(store, select(load_gates([packaged_gates()]), ["D1"]), option={})
    assert [verdict.offenders > 0 for verdict in report.verdicts] == [True] * 5
    assert secret not in repr(report)
