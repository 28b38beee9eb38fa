"""All pairs of records with a Jaccard similarity of at least a threshold, exactly, and without any code of ours.

Usage: python -m tests.bench.dedup_truth FILE [THRESHOLD]   (writes the pairs beside FILE; THRESHOLD is 4/5)
Texts are the contents of all turns but the system's, joined by line breaks; words are `\\w+` of Python's re in the
text in lower case; shingles are the distinct rows of 5 words, one for a shorter text. Words and shingles get numbers
by their order, not by hashing: no two of them can be taken for one.
"""

import json
import re
import sys
from array import array
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np

WORD_BITS = 21
MOST_MEETINGS = 10**9
PAIRS_AT_ONCE = 20_000

find_words = re.compile(r"\w+").findall


@dataclass(frozen=True)
class Sets:
    """The distinct shingles of each record, by number from rare to frequent: elements[bounds[i] : bounds[i + 1]]."""

    elements: np.ndarray
    bounds: np.ndarray
    kinds: int

    @property
    def sizes(self) -> np.ndarray:
        """How many elements each record has."""
        return np.diff(self.bounds)


def near_pairs(texts: Iterable[str], threshold: Fraction) -> np.ndarray:
    """Return the pairs that meet the threshold, sorted: rows of a, b, shared, united, where a < b.

    About 10 s and 0.5 GB for 50,000 texts of 100 words, 3 minutes and 5 GB for ten times as many.
    Raises ValueError when records meet more than MOST_MEETINGS times in their rarest shingles.
    """
    sets = shingle_sets(texts)
    return verified(sets, candidates(sets, threshold), threshold)


def cached_pairs(path: Path, threshold: Fraction) -> np.ndarray:
    """Return the pairs of a file of records, from the file beside it where there is one."""
    kept = path.with_suffix(f".{threshold.numerator}-{threshold.denominator}.npy")
    if not kept.exists():
        np.save(kept, near_pairs(texts_of(path), threshold))
    return np.load(kept)


def texts_of(path: Path) -> Iterator[str]:
    """Yield the text of every record."""
    with path.open(encoding="utf-8", newline="\n") as file:
        for line in file:
            yield "\n".join(turn["content"] for turn in json.loads(line)["messages"] if turn["role"] != "system")


def shingle_sets(texts: Iterable[str]) -> Sets:
    """Return the distinct shingles of each text."""
    words, bounds = _numbered_words(texts)
    records = len(bounds) - 1
    counts = np.maximum(np.diff(bounds) - 4, 0)
    record = np.repeat(np.arange(records), counts)
    shingles = _numbered_rows(words, _ranges(bounds[:-1], counts))
    kinds = int(shingles.max(initial=-1)) + 1
    distinct = np.unique(record * kinds + shingles)
    record, shingles = np.divmod(distinct, max(kinds, 1))
    frequency = np.bincount(shingles, minlength=kinds)
    rank = np.empty(kinds, dtype=np.int64)
    rank[np.argsort(frequency, kind="stable")] = np.arange(kinds)
    ordered = np.sort(record * kinds + rank[shingles]) % max(kinds, 1)
    return Sets(
        ordered.astype(np.int32), np.concatenate(([0], np.cumsum(np.bincount(record, minlength=records)))), kinds
    )


def candidates(sets: Sets, threshold: Fraction) -> np.ndarray:
    """Return pairs, sorted, among them all that meet the threshold.

    The rarest n - ceil(t n) + 1 elements of a set of n have one in common with those of any set that is t-similar.
    Of the first such element it is known how many can follow: at least as many as are needed, or it shows nothing.
    """
    sizes, share = sets.sizes, threshold / (1 + threshold)
    needed = -(-sizes * threshold.numerator // threshold.denominator)
    prefix = np.where(sizes > 0, sizes - needed + 1, 0)
    places = _ranges(sets.bounds[:-1], prefix)
    record = np.repeat(np.arange(len(sizes)), prefix)
    order = np.argsort(sets.elements[places], kind="stable")
    element, record, following = sets.elements[places][order], record[order], (sets.bounds[record + 1] - places)[order]
    found = [np.empty(0, dtype=np.int64)]
    for left, right in _side_by_side(element):
        a, b = record[left], record[right]
        united = (sizes[a] + sizes[b]) * share.numerator
        enough = np.minimum(following[left], following[right]) * share.denominator >= united
        found.append(np.unique(a[enough] * len(sizes) + b[enough]))
    return np.stack(np.divmod(np.unique(np.concatenate(found)), max(len(sizes), 1)), axis=1)


def verified(sets: Sets, pairs: np.ndarray, threshold: Fraction) -> np.ndarray:
    """Return the pairs that meet the threshold, with the sizes of their intersection and their union."""
    shared = np.concatenate(
        [np.empty(0, dtype=np.int64)]
        + [_shared(sets, pairs[at : at + PAIRS_AT_ONCE]) for at in range(0, len(pairs), PAIRS_AT_ONCE)]
    )
    united = sets.sizes[pairs].sum(axis=1) - shared
    meeting = shared * threshold.denominator >= united * threshold.numerator
    return np.column_stack((pairs, shared, united))[meeting]


def misplaced(record: np.ndarray, keeper: np.ndarray, pairs: np.ndarray) -> int:
    """Count members that are not similar to their keeper, and similar pairs of keepers: 0 in star clusters."""
    records = int(max(record.max(initial=0), pairs[:, 1].max(initial=0))) + 1
    similar = pairs[:, 0] * records + pairs[:, 1]
    member = record != keeper
    links = np.minimum(record, keeper)[member] * records + np.maximum(record, keeper)[member]
    kept = np.ones(records, dtype=bool)
    kept[record[member]] = False
    return int((~np.isin(links, similar)).sum() + (kept[pairs[:, 0]] & kept[pairs[:, 1]]).sum())


def _numbered_words(texts: Iterable[str]) -> tuple[np.ndarray, np.ndarray]:
    """Return the words of all texts as numbers from 1, and where each text begins; 0 fills texts up to 5 words."""
    numbers: dict[str, int] = {}
    words, bounds = array("i"), array("q", [0])
    for text in texts:
        found = find_words(text.lower())
        words.extend([numbers.setdefault(word, len(numbers) + 1) for word in found])
        if 0 < len(found) < 5:
            words.extend([0] * (5 - len(found)))
        bounds.append(len(words))
    if len(numbers) >> WORD_BITS:
        raise ValueError(f"{len(numbers):,} distinct words, at most {1 << WORD_BITS:,} can be told apart")
    return np.array(words, dtype=np.int64), np.array(bounds, dtype=np.int64)


def _numbered_rows(words: np.ndarray, starts: np.ndarray) -> np.ndarray:
    """Number the rows of 5 words that begin at these places."""
    first = words[starts] << 2 * WORD_BITS | words[starts + 1] << WORD_BITS | words[starts + 2]
    first = np.unique(first, return_inverse=True)[1]
    return np.unique(first << 2 * WORD_BITS | words[starts + 3] << WORD_BITS | words[starts + 4], return_inverse=True)[
        1
    ]


def _ranges(starts: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """Return starts[0], starts[0] + 1, ... counts[0] of them, then those of starts[1], and so on."""
    ends = np.cumsum(counts)
    return np.arange(ends[-1] if len(ends) else 0) + np.repeat(starts - (ends - counts), counts)


def _side_by_side(values: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield the places of all pairs of equal values in a sorted array, in as many steps as one of them is frequent."""
    members = np.unique(values, return_counts=True)[1]
    if (members * (members - 1) // 2).sum() > MOST_MEETINGS:
        raise ValueError(f"records meet more than {MOST_MEETINGS:,} times in a rare shingle")
    left = np.arange(len(values) - 1)
    for apart in range(1, int(members.max(initial=0))):
        left = left[left + apart < len(values)]
        left = left[values[left] == values[left + apart]]
        yield left, left + apart


def _shared(sets: Sets, pairs: np.ndarray) -> np.ndarray:
    sizes = sets.sizes[pairs.ravel()]
    elements = sets.elements[_ranges(sets.bounds[pairs.ravel()], sizes)]
    keys = np.sort(np.repeat(np.arange(2 * len(pairs)) // 2, sizes) * sets.kinds + elements)
    return np.bincount(keys[1:][keys[1:] == keys[:-1]] // max(sets.kinds, 1), minlength=len(pairs))


if __name__ == "__main__":
    path, threshold = Path(sys.argv[1]), Fraction(sys.argv[2] if len(sys.argv) > 2 else "4/5")
    print(f"{len(cached_pairs(path, threshold)):,} pairs at {threshold}")
