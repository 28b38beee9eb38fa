"""The truth program of the near-duplicate benchmarks against similarities that were computed by brute force."""

import json
from collections.abc import Callable
from fractions import Fraction

import pytest

from . import corpus
from .dedup_truth import near_pairs

DATA = corpus.ARCHIVE.parents[1]
BRUTE_FORCE = DATA / "neardup-exact"
TOOLFORMER = DATA / "GPTeacher/Toolformer/toolformer-dedupe-only-dataset.json"


def bfcl_texts() -> list[str]:
    """Return the questions in the order of their numbers."""
    lines = (BRUTE_FORCE / "bfcl-questions.texts.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line)["text"] for line in lines]


def toolformer_texts() -> list[str]:
    """Return the texts as the pairs' README defines them."""
    records = json.loads(TOOLFORMER.read_text(encoding="utf-8"))
    return [f"{record['instruction']} {record['input']} {record['response']}" for record in records]


@pytest.mark.parametrize(
    ("name", "texts"), [("bfcl-questions.w5", bfcl_texts), ("gpteacher-toolformer.J06.w5", toolformer_texts)]
)
@pytest.mark.parametrize("threshold", [Fraction(7, 10), Fraction(4, 5)])
def test_truth_program_finds_the_pairs_of_brute_force(
    benchmark, name: str, texts: Callable[[], list[str]], threshold: Fraction
):
    if not BRUTE_FORCE.exists():
        pytest.skip(f"the pairs computed by brute force are absent: expected {BRUTE_FORCE}")
    expected = {}
    for line in (BRUTE_FORCE / f"{name}.tsv").read_text().splitlines():
        a, b, similarity = line.split("\t")
        if Fraction(similarity) >= threshold:
            expected[int(a), int(b)] = similarity
    found = benchmark.pedantic(near_pairs, args=(texts(), threshold))
    assert {(a, b): f"{shared / united:.4f}" for a, b, shared, united in found.tolist()} == expected
