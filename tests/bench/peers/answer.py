"""What the peers of near-duplicate finding have in common: from pairs to clusters, and how good they are."""

import argparse
import json
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from memory import private_bytes
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

THRESHOLD = 0.8
Find = Callable[[Path], tuple[int, np.ndarray]]  # the number of records, and the pairs: rows of a, b with a < b


def answer(find: Find, description: str) -> None:
    """Run a peer on the file that the command line names; print its seconds and its answer as JSON."""
    arguments = _arguments(description)
    private = private_bytes()
    begin, cpu = time.perf_counter(), time.process_time()
    records, pairs = find(arguments.file)
    cluster = clusters(records, pairs)
    if arguments.write:
        _write_kept(arguments.file, cluster, arguments.write)
    figures = {
        "seconds": time.perf_counter() - begin,
        "cpu_seconds": time.process_time() - cpu,
        "records": records,
        "pairs": len(pairs),
        "clusters": len(np.unique(cluster)),
        "private_bytes_of_imports": private,
    }
    if arguments.truth:
        figures |= quality(pairs, cluster, np.load(arguments.truth))
    print(json.dumps(figures))


def pairs_of_groups(keys: np.ndarray) -> np.ndarray:
    """Return all pairs of places whose keys are equal, as a * len(keys) + b with a < b."""
    numbers = np.unique(keys, return_inverse=True)[1]
    order = np.argsort(numbers, kind="stable")
    numbers = numbers[order]
    left = np.arange(len(keys))
    found = [np.empty(0, dtype=np.int64)]
    for apart in range(1, len(keys)):
        left = left[left + apart < len(keys)]
        left = left[numbers[left] == numbers[left + apart]]
        if not len(left):
            break
        found.append(order[left] * len(keys) + order[left + apart])
    return np.concatenate(found)


def clusters(records: int, pairs: np.ndarray) -> np.ndarray:
    """Return the connected component of each record."""
    graph = coo_array((np.ones(len(pairs), dtype=bool), (pairs[:, 0], pairs[:, 1])), shape=(records, records))
    return connected_components(graph, directed=False)[1]


def quality(pairs: np.ndarray, cluster: np.ndarray, truth: np.ndarray) -> dict[str, float]:
    """Compare with the true pairs, rows of a, b, shared, united.

    A record is wrongly clustered when it is not alone in its cluster, and similar to no other record of it.
    """
    records = len(cluster)
    found, true = pairs[:, 0] * records + pairs[:, 1], truth[:, 0] * records + truth[:, 1]
    hits = np.intersect1d(found, true).size
    has_reason = np.zeros(records, dtype=bool)
    has_reason[truth[cluster[truth[:, 0]] == cluster[truth[:, 1]]][:, :2]] = True
    alone = np.bincount(cluster)[cluster] == 1
    return {
        "recall": hits / max(len(true), 1),
        "precision": hits / max(len(found), 1),
        "wrongly_clustered": int((~alone & ~has_reason).sum()),
    }


def _arguments(description: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("file", type=Path)
    parser.add_argument("--truth", type=Path, help="the true pairs, as dedup_truth.py writes them")
    parser.add_argument(
        "--write", type=Path, help="where to write the first record of each cluster; takes part in the seconds"
    )
    return parser.parse_args()


def _write_kept(source: Path, cluster: np.ndarray, target: Path) -> None:
    kept = np.zeros(len(cluster), dtype=bool)
    kept[np.unique(cluster, return_index=True)[1]] = True
    with source.open("rb") as lines, target.open("wb") as file:
        file.writelines(line for line, keep in zip(lines, kept.tolist(), strict=True) if keep)
