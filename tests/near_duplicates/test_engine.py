"""The engine against the obvious program, on small corpora full of pairs at the limit."""

import json
import random
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from tunegate import _core

from .reference import shingles, similar_pairs, stars

DATA = Path(__file__).parents[3] / "shared/data/neardup-exact"


def filled(
    path: Path, *, old: Path | None = None, block_bytes: int = 1 << 22, **options: Any
) -> "_core.NearDuplicates":
    engine = _core.NearDuplicates(**options)
    for number, file in enumerate([old, path] if old else [path]):
        engine.open_source(str(file), lines=True, block_bytes=block_bytes)
        while engine.read_more():
            pass
        if old and number == 0:
            engine.end_old()
    return engine


def written(folder: Path, texts: Sequence[str], name: str = "data.jsonl") -> Path:
    path = folder / name
    path.write_text("".join(json.dumps({"text": text}) + "\n" for text in texts), encoding="utf-8")
    return path


def found_pairs(engine: "_core.NearDuplicates", folder: Path) -> dict[tuple[int, int], float]:
    out = folder / "pairs.jsonl"
    count = engine.write_pairs(str(out))
    found = {}
    for line in out.read_text().splitlines():
        pair = json.loads(line)
        found[pair["a"]["line"] - 1, pair["b"]["line"] - 1] = pair["similarity"]
    assert count == len(found)
    return found


def as_floats(pairs: dict[tuple[int, int], Fraction]) -> dict[tuple[int, int], float]:
    return {pair: float(similarity) for pair, similarity in pairs.items()}


def corpus(seed: int, count: int, *, vocabulary: int = 60) -> list[str]:
    """Texts of 1 to 30 words, most of them edits of earlier ones, some in other case and spacing."""
    picker = random.Random(seed)
    words = [f"w{number}" for number in range(vocabulary)]
    texts: list[list[str]] = []
    for _ in range(count):
        if texts and picker.random() < 0.7:
            text = list(picker.choice(texts))
            for _ in range(picker.choice([0, 0, 1, 1, 2])):
                text[picker.randrange(len(text))] = picker.choice(words)
        else:
            text = picker.choices(words, k=picker.randint(1, 30))
        texts.append(text)
    return [
        picker.choice([" ", ", ", "\n"]).join(picker.choice([str.upper, str.lower])(w) for w in text) for text in texts
    ]


@pytest.mark.parametrize("threshold", [Fraction(7, 10), Fraction(4, 5), Fraction(1, 2), Fraction(1)])
@pytest.mark.parametrize("mode", ["exact", "minhash"])
@pytest.mark.parametrize("seed", range(4))
def test_every_pair_that_meets_the_threshold_is_found_and_no_other(tmp_path, seed, mode, threshold):
    texts = corpus(seed, 300)
    ngram = 1 + seed
    sets = [shingles(text, ngram=ngram) for text in texts]
    engine = filled(
        written(tmp_path, texts), ngram=ngram, mode=mode, recall=0.999999999, threshold=threshold.as_integer_ratio()
    )
    engine.find(scope="all")
    assert found_pairs(engine, tmp_path) == as_floats(similar_pairs(sets, threshold))


def test_characters_are_compared_where_words_have_no_spaces(tmp_path):
    texts = ["今日は天気がいいから散歩しましょう。", "今日は天気がいいから、散歩しましょう", "明日は雨です。", "xyz"]
    engine = filled(written(tmp_path, texts), unit="characters", ngram=3)
    engine.find(scope="all")
    assert found_pairs(engine, tmp_path) == {(0, 1): 1.0}


@pytest.mark.parametrize("mode", ["exact", "minhash"])
@pytest.mark.parametrize("seed", range(3))
def test_keepers_are_those_of_the_greedy_walk(tmp_path, seed, mode):
    texts = corpus(seed, 200)
    engine = filled(written(tmp_path, texts), ngram=2, mode=mode, recall=0.999999999, threshold=(7, 10))
    pairs = similar_pairs([shingles(text, ngram=2) for text in texts], Fraction(7, 10))
    order = random.Random(seed).sample(range(200), 200)
    for scope in ("keepers", "all"):
        engine.find(scope=scope, order=order)
        rows = pl.DataFrame(engine.clusters()).rows()
        assert {r: (k, Fraction(s, u)) for r, k, s, u in rows} == stars(texts, order, pairs)


def test_the_longest_comes_first_and_then_the_first(tmp_path):
    texts = ["a b c d e f", "a b c d e f g", "x", "a b c d e f g"]
    engine = filled(written(tmp_path, texts), ngram=1)
    assert engine.longest_first() == [1, 3, 0, 2]


def answers(engine: "_core.NearDuplicates", folder: Path) -> list[Any]:
    engine.find(scope="all")
    tables = (engine.pairs(), engine.clusters(), engine.copies(), engine.components())
    return [*(pl.DataFrame(table).rows() for table in tables), found_pairs(engine, folder)]


def test_threads_and_block_sizes_change_nothing(tmp_path):
    path = written(tmp_path, corpus(7, 2000, vocabulary=400))
    expected = answers(filled(path, threads=1), tmp_path)
    for threads in (2, 3):
        for block in (1 << 10, 1 << 14):
            assert answers(filled(path, threads=threads, block_bytes=block), tmp_path) == expected


def test_input_order_changes_no_pair(tmp_path):
    texts = corpus(11, 400)
    expected = answers(filled(written(tmp_path, texts)), tmp_path)[-1]
    order = random.Random(5).sample(range(400), 400)
    shuffled = answers(filled(written(tmp_path, [texts[i] for i in order])), tmp_path)[-1]
    assert {tuple(sorted((order[a], order[b]))): s for (a, b), s in shuffled.items()} == expected


def test_old_records_are_matched_but_not_with_each_other(tmp_path):
    old, new = corpus(1, 100), corpus(2, 100) + corpus(1, 20)
    engine = filled(written(tmp_path, new, "new.jsonl"), old=written(tmp_path, old, "old.jsonl"), mode="exact", ngram=2)
    sets = [shingles(text, ngram=2) for text in old + new]
    expected = {(a, b): s for (a, b), s in similar_pairs(sets, Fraction(4, 5)).items() if b >= 100}
    engine.find(scope="all")
    out = tmp_path / "pairs.jsonl"
    assert engine.write_pairs(str(out)) == len(expected)
    first = {str(tmp_path / "old.jsonl"): 0, str(tmp_path / "new.jsonl"): 100}
    found = {}
    for line in out.read_text().splitlines():
        pair = json.loads(line)
        a, b = (first[pair[side]["source"]] + pair[side]["line"] - 1 for side in "ab")
        found[a, b] = pair["similarity"]
    assert found == as_floats(expected)
    kept_old = [record for record, *_ in pl.DataFrame(engine.clusters()).rows() if record < 100]
    assert all(record in dict(pl.DataFrame(engine.copies()).rows()) for record in kept_old)


def test_what_thousands_share_glues_nothing_and_costs_little(tmp_path):
    """Boilerplate: every two records share 60 % of their words, none is a near-duplicate of another."""
    picker = random.Random(3)
    shared = " ".join(f"s{number}" for number in range(100))
    texts = [shared + " " + " ".join(f"{picker.random()}" for _ in range(15)) for _ in range(3000)]
    engine = filled(written(tmp_path, texts), threads=2)
    engine.find(scope="all")
    assert len(engine.pairs()) == 0
    assert engine.counts()["candidates"] < 2_000_000


def test_thousands_of_near_copies_are_clustered_without_comparing_all(tmp_path):
    """A template: every two records are near-duplicates. All but one go, with few sets compared."""
    shared = " ".join(f"s{number}" for number in range(100))
    texts = [f"{shared} {number} end" for number in range(6000)]
    engine = filled(written(tmp_path, texts))
    engine.find(scope="keepers")
    clusters = pl.DataFrame(engine.clusters())
    assert clusters["record"].to_list() == list(range(1, 6000))
    assert clusters["keeper"].unique().to_list() == [0]


@pytest.mark.parametrize("field", ["prompt", "response", "pair"])
def test_system_messages_and_rejected_answers_take_no_part(tmp_path, field):
    long = " ".join(map(str, range(50)))
    records = [
        {
            "messages": [
                {"role": "system", "content": long},
                {"role": "user", "content": "a b c"},
                {"role": "assistant", "content": "d e f"},
            ]
        },
        {
            "messages": [
                {"role": "system", "content": long},
                {"role": "user", "content": "g h i"},
                {"role": "assistant", "content": "j k l"},
            ]
        },
        {"prompt": "m n o", "chosen": "p q r", "rejected": long},
        {"prompt": "s t u", "chosen": "v w x", "rejected": long},
    ]
    path = tmp_path / "data.jsonl"
    path.write_text("".join(json.dumps(record) + "\n" for record in records))
    engine = filled(path, field=field)
    engine.find(scope="all")
    assert len(engine.clusters()) == 0


def test_another_field_of_the_pairs_can_be_compared(tmp_path):
    records = [
        {"prompt": "what is the capital of norway", "completion": answer} for answer in ("oslo", "bergen", "Oslo!")
    ]
    path = tmp_path / "data.jsonl"
    path.write_text("".join(json.dumps(record) + "\n" for record in records))
    engine = filled(path, field="prompt")
    engine.find(scope="all")
    assert pl.DataFrame(engine.compare([0, 0], [1, 2], "response")).rows() == [(0, 2), (1, 1)]


def test_another_field_of_records_of_a_template_can_be_compared(tmp_path):
    prompt = "every one of these prompts begins with the same long line of words and ends in"
    records = [{"prompt": f"{prompt} {n}", "completion": f"answer {n % 3}"} for n in range(200)]
    path = tmp_path / "data.jsonl"
    path.write_text("".join(json.dumps(record) + "\n" for record in records))
    engine = filled(path, field="prompt")
    engine.find(scope="all")
    first, second = [100, 100, 150], [103, 104, 199]
    assert pl.DataFrame(engine.compare(first, second, "response")).rows() == [(1, 1), (0, 2), (0, 2)]


def read_lines(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8").splitlines()


def questions() -> list[str]:
    return [json.loads(line)["text"] for line in read_lines(DATA / "bfcl-questions.texts.jsonl")]


def toolformer() -> list[str]:
    path = DATA.parent / "GPTeacher/Toolformer/toolformer-dedupe-only-dataset.json"
    return [" ".join((x["instruction"], x["input"], x["response"])) for x in json.loads(path.read_text("utf-8"))]


TRUTHS = {"bfcl-questions.w5.tsv": questions, "gpteacher-toolformer.J06.w5.tsv": toolformer}


@pytest.mark.skipif(not DATA.exists(), reason="the published truth is absent")
@pytest.mark.parametrize("threshold", [Fraction(7, 10), Fraction(4, 5)])
@pytest.mark.parametrize("mode", ["exact", "minhash"])
@pytest.mark.parametrize("truth", TRUTHS)
def test_the_published_truth_is_met(tmp_path, truth, mode, threshold):
    expected = {}
    for line in read_lines(DATA / truth):
        a, b, similarity = line.split("\t")
        if float(similarity) >= float(threshold):
            expected[int(a), int(b)] = float(similarity)
    engine = filled(written(tmp_path, TRUTHS[truth]()), mode=mode, threshold=threshold.as_integer_ratio(), threads=2)
    engine.find(scope="all")
    assert {pair: round(similarity, 4) for pair, similarity in found_pairs(engine, tmp_path).items()} == expected
