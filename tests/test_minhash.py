"""MinHash signatures and their bands against datasketch and the exact Jaccard similarity."""

import math
import random

import numpy as np
import pytest
from datasketch import MinHash
from hypothesis import given
from hypothesis import strategies as st
from tunegate import _core

LANES = 256


def two_sets(seed: int, shared: int, own: int) -> tuple[list[int], list[int]]:
    """Two sets of 64-bit numbers with `shared` members in common and `own` members of their own each."""
    drawn = random.Random(seed)
    common, left, right = ([drawn.getrandbits(64) for _ in range(count)] for count in (shared, own, own))
    return common + left, common + right


def our_estimate(a: list[int], b: list[int], seed: int) -> float:
    lanes_a, lanes_b = (np.array(_core.minhash(members, LANES, 1, seed, "scalar")) for members in (a, b))
    return float(np.mean(lanes_a == lanes_b))


def their_estimate(a: list[int], b: list[int], seed: int) -> float:
    hashes = [MinHash(num_perm=LANES, seed=seed) for _ in range(2)]
    for hashed, members in zip(hashes, (a, b), strict=True):
        hashed.update_batch([member.to_bytes(8, "little") for member in members])
    return float(hashes[0].jaccard(hashes[1]))


@pytest.mark.parametrize(("shared", "own"), [(90, 5), (80, 10), (60, 20), (50, 50), (10, 90), (0, 50)])
def test_estimate_errs_no_more_than_that_of_datasketch(shared, own):
    similarity = shared / (shared + 2 * own)
    # Both are means of 256 agreements, each one with probability `similarity`: four standard errors.
    error = 4 * math.sqrt(similarity * (1 - similarity) / LANES) + 1e-9
    sets = [two_sets(seed, shared, own) for seed in range(30)]
    ours = [our_estimate(*pair, seed) for seed, pair in enumerate(sets, 1)]
    theirs = [their_estimate(*pair, seed) for seed, pair in enumerate(sets, 1)]
    assert ours == pytest.approx([similarity] * len(sets), abs=error)
    assert theirs == pytest.approx([similarity] * len(sets), abs=error)
    assert np.mean(ours) == pytest.approx(np.mean(theirs), abs=error * math.sqrt(2 / len(sets)))


@given(members=st.lists(st.integers(0, 2**64 - 1), max_size=40), bands=st.integers(1, 40), rows=st.integers(1, 8))
def test_signature_is_the_documented_minimum(members, bands, rows):
    mask = 2**64 - 1
    state, expected = 77, []
    halves = [(member * 0x9E3779B97F4A7C15 & mask) >> 32 for member in members]
    for _ in range(bands * rows):
        state = state + 0x9E3779B97F4A7C15 & mask
        drawn = (state ^ state >> 30) * 0xBF58476D1CE4E5B9 & mask
        drawn = (drawn ^ drawn >> 27) * 0x94D049BB133111EB & mask
        drawn ^= drawn >> 31
        a, b = drawn % 2**32 | 1, drawn >> 32
        expected.append(min([(a * half + b) % 2**32 for half in halves], default=2**32 - 1))
    assert _core.minhash(members, bands, rows, 77, "scalar") == expected


def test_usual_banding_is_18_bands_of_4_rows():
    assert _core.choose_banding(0.8, 0.9999) == (18, 4)
    assert _core.expected_recall(18, 4, 0.8) == pytest.approx(1 - (1 - 0.8**4) ** 18)


@given(threshold=st.floats(0.05, 1), recall=st.floats(0.01, 0.999999))
def test_chosen_banding_has_the_recall_asked_for(threshold, recall):
    bands, rows = _core.choose_banding(threshold, recall)
    assert _core.expected_recall(bands, rows, threshold) >= recall


@pytest.mark.parametrize(
    ("threshold", "recall", "named"), [(0, 0.9, "threshold 0"), (1.2, 0.9, "threshold 1.2"), (0.8, 1, "recall 1")]
)
def test_number_out_of_range_is_named(threshold, recall, named):
    with pytest.raises(ValueError, match=named):
        _core.choose_banding(threshold, recall)


def test_level_that_is_none_is_named():
    with pytest.raises(ValueError, match='level "v9" is none of scalar to'):
        _core.minhash([1], 1, 1, 0, "v9")
