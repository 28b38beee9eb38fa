"""The peer of near-duplicate finding that needs no Python per record: daft's minhash expression, banded in numpy.

Text preparation, n-gram size and hash function are those of daft's guide (docs.daft.ai, "MinHash Deduplication").
Its 64 hashes and unchecked 5 bands of 11 miss an eighth of the pairs at 0.8; with 128 hashes in 16 bands of 8 and a
check of the estimate the answer is the best we found for about the same time.
"""

from pathlib import Path

import daft
import numpy as np
from answer import THRESHOLD, answer, pairs_of_groups
from daft import col

HASHES, BANDS, SHINGLE_WORDS, SEED = 128, 16, 5, 42


def find(path: Path) -> tuple[int, np.ndarray]:
    """Return the pairs that agree in a band and in 80 % of the minima."""
    lanes = _signatures(path)
    records = len(lanes)
    rows = HASHES // BANDS
    bands = (np.ascontiguousarray(lanes[:, at : at + rows]) for at in range(0, HASHES, rows))
    keys = (band.view(f"V{band.itemsize * rows}").ravel() for band in bands)
    pairs = np.stack(np.divmod(np.unique(np.concatenate([pairs_of_groups(key) for key in keys])), records), axis=1)
    return records, pairs[(lanes[pairs[:, 0]] == lanes[pairs[:, 1]]).mean(axis=1) >= THRESHOLD]


def _signatures(path: Path) -> np.ndarray:
    """Return one row a record. No record here has a system turn that would have to be left out."""
    text = col("messages").list_map(daft.element().get("content")).list_join("\n")
    plain = text.normalize(remove_punct=True, lowercase=True, nfd_unicode=True, white_space=True)
    minima = plain.minhash(num_hashes=HASHES, ngram_size=SHINGLE_WORDS, seed=SEED, hash_function="xxhash")
    column = daft.read_json(str(path)).select(minima.alias("minima")).to_arrow()["minima"].combine_chunks()
    return column.values.to_numpy().reshape(-1, HASHES)


if __name__ == "__main__":
    answer(find, "Find near-duplicates with daft.")
