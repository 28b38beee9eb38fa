"""Near-duplicates by the obvious program: every pair of sets compared, Python's own words."""

import itertools
import re
from collections.abc import Sequence
from fractions import Fraction


def shingles(text: str, *, unit: str = "words", ngram: int = 5) -> frozenset[tuple[str, ...]]:
    """The set of n-grams of words, or of the characters of the words; all of them when there are fewer than n."""
    words = re.findall(r"\w+", text.lower())
    units = words if unit == "words" else list("".join(words))
    if len(units) <= ngram:
        return frozenset({tuple(units)} if units else ())
    return frozenset(tuple(units[i : i + ngram]) for i in range(len(units) - ngram + 1))


def similar_pairs(sets: Sequence[frozenset[tuple[str, ...]]], threshold: Fraction) -> dict[tuple[int, int], Fraction]:
    """Every pair a < b whose Jaccard similarity is at least the threshold."""
    found = {}
    for (a, left), (b, right) in itertools.combinations(enumerate(sets), 2):
        shared, united = len(left & right), len(left | right)
        if united and Fraction(shared, united) >= threshold:
            found[a, b] = Fraction(shared, united)
    return found


def stars(
    texts: Sequence[str], order: Sequence[int], pairs: dict[tuple[int, int], Fraction]
) -> dict[int, tuple[int, Fraction]]:
    """The keeper of every record that has one, and their similarity: see csrc/include/tunegate/clusters.hpp.

    A record with the words of one before it goes where that one went.
    """
    keepers: list[int] = []
    members: dict[int, tuple[int, Fraction]] = {}
    first: dict[tuple[str, ...], int] = {}
    for record in order:
        same = first.setdefault(tuple(re.findall(r"\w+", texts[record].lower())), record)
        if same != record:
            members[record] = members.get(same, (same, Fraction(1)))
            continue
        near = [
            (pairs[min(record, k), max(record, k)], k) for k in keepers if (min(record, k), max(record, k)) in pairs
        ]
        if near:
            similarity, keeper = max(near, key=lambda found: found[0])  # of equals the first keeper
            members[record] = (keeper, similarity)
        else:
            keepers.append(record)
    return members
