"""The peer of near-duplicate finding written in Rust for Python strings: rensa's R-MinHash and its LSH index.

128 permutations as in its README; 16 bands, because its 8 miss a seventh of the pairs at 0.8; candidates are checked
by rensa's estimate, as its deduplicator does.
"""

from pathlib import Path

import numpy as np
from answer import THRESHOLD, answer
from rensa import RMinHash, RMinHashLSH
from shingle_strings import shingle_strings

PERMUTATIONS, BANDS, SEED = 128, 16, 42


def find(path: Path) -> tuple[int, np.ndarray]:
    """Return the pairs that agree in a band and in 80 % of the minima."""
    sketches = RMinHash.from_token_sets(list(shingle_strings(path)), PERMUTATIONS, SEED)
    index = RMinHashLSH(threshold=THRESHOLD, num_perm=PERMUTATIONS, num_bands=BANDS)
    index.insert_many(sketches)
    pairs = [
        (a, b)
        for a, found in enumerate(index.query_all(sketches))
        if len(found) > 1
        for b in found
        if a < b and sketches[a].jaccard(sketches[b]) >= THRESHOLD
    ]
    return len(sketches), np.array(pairs, dtype=np.int64).reshape(-1, 2)


if __name__ == "__main__":
    answer(find, "Find near-duplicates with rensa.")
