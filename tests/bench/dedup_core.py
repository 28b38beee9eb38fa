"""Near-duplicates of a file by the compiled core alone, in a process of its own as the peers are.

Usage: python dedup_core.py FILE [--mode exact] [--threads 2] [--answer ANSWER.npz] [--clusters-only]
Prints its seconds, imports left out, as JSON.
"""

import argparse
import itertools
import json
import time
from pathlib import Path

import numpy as np
import polars as pl
from tunegate import _core


def main() -> None:
    """Read, find, and fetch what was found."""
    arguments = _arguments()
    private = _private_bytes()
    begin, cpu = time.perf_counter(), time.process_time()
    run = _core.NearDuplicates(
        field="pair", threshold=(4, 5), recall=0.9999, mode=arguments.mode, threads=arguments.threads
    )
    run.open_source(str(arguments.file), lines=True)
    while run.read_more():
        pass
    read = time.perf_counter()
    run.find(scope="keepers" if arguments.clusters_only else "all")
    found = time.perf_counter()
    tables = {"clusters": run.clusters()}
    if not arguments.clusters_only:
        tables |= {"pairs": run.pairs(), "copies": run.copies()}
    end, cpu_end = time.perf_counter(), time.process_time()
    if arguments.answer:
        answer = {name: _columns(table) for name, table in tables.items()}
        if not arguments.clusters_only:
            answer["pairs"] = _with_copies(answer["pairs"], answer.pop("copies"))
        np.savez(arguments.answer, **answer)
    figures = {
        "seconds": end - begin,
        "cpu_seconds": cpu_end - cpu,
        "read_seconds": read - begin,
        "find_seconds": found - read,
        "simd_level": _core.simd_levels()[-1],
        "private_bytes_of_imports": private,
    }
    print(json.dumps(figures))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("file", type=Path)
    parser.add_argument("--mode", default="minhash")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--answer", type=Path, help="where to put the arrays clusters and pairs")
    parser.add_argument("--clusters-only", action="store_true", help="do not fetch the pairs, which may be too many")
    return parser.parse_args()


def _columns(table: object) -> np.ndarray:
    """Return the rows of an Arrow table, its columns in the table's order."""
    return pl.DataFrame(table).to_numpy().astype(np.int64)


def _with_copies(pairs: np.ndarray, copies: np.ndarray) -> np.ndarray:
    """Return the pairs of all records, from those of records that stand for themselves and from their copies."""
    groups: dict[int, list[int]] = {}
    for record, first in copies.tolist():
        groups.setdefault(first, [first]).append(record)
    every = [(a, b, 1, 1) for group in groups.values() for a, b in itertools.combinations(sorted(group), 2)]
    for left, right, shared, united in pairs.tolist():
        both = itertools.product(groups.get(left, [left]), groups.get(right, [right]))
        every += [(min(a, b), max(a, b), shared, united) for a, b in both]
    return np.array(sorted(every), dtype=np.int64).reshape(-1, 4)


def _private_bytes() -> int:
    status = Path("/proc/self/status").read_text()
    return int(status.partition("RssAnon:")[2].split(maxsplit=1)[0]) * 1024


if __name__ == "__main__":
    main()
