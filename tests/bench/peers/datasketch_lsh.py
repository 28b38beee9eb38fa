"""The peer of near-duplicate finding that is used most: datasketch's MinHash and MinHashLSH with their defaults.

Its documents recommend a faster hash function than the default SHA1; this one is xxhash. The index chooses 9 bands of
13 for 0.8, and its answers are taken as they are.
"""

from pathlib import Path

import numpy as np
import xxhash
from answer import THRESHOLD, answer
from datasketch import MinHash, MinHashLSH
from shingle_strings import shingle_strings

PERMUTATIONS = 128


def find(path: Path) -> tuple[int, np.ndarray]:
    """Return the pairs that agree in a band."""
    encoded = ([shingle.encode() for shingle in shingles] for shingles in shingle_strings(path))
    index = MinHashLSH(threshold=THRESHOLD, num_perm=PERMUTATIONS)
    pairs, records = [], 0
    for sketch in MinHash.generator(encoded, num_perm=PERMUTATIONS, hashfunc=xxhash.xxh32_intdigest):
        pairs += [(earlier, records) for earlier in index.query(sketch)]
        index.insert(records, sketch, check_duplication=False)
        records += 1
    return records, np.array(pairs, dtype=np.int64).reshape(-1, 2)


if __name__ == "__main__":
    answer(find, "Find near-duplicates with datasketch.")
