"""Token counts of a file by the compiled core alone, in a process of its own as the peers are.

Usage: python token_core.py FILE TOKENIZER [--threads 2] [--answer ANSWER.npy]
Prints its seconds, imports and loading of the tokenizer left out, as JSON.
"""

import argparse
import json
import time
from pathlib import Path

import numpy as np
import polars as pl
from tunegate import _core


def main() -> None:
    """Count the tokens of each record."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("file", type=Path)
    parser.add_argument("tokenizer", type=Path)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--answer", type=Path, help="where to put the counts")
    arguments = parser.parse_args()
    private = _private_bytes()
    tokenizer = _core.Tokenizer(arguments.tokenizer.read_bytes())
    begin, cpu = time.perf_counter(), time.process_time()
    reader = _core.TokenReader(tokenizer, str(arguments.file), lines=True, threads=arguments.threads)
    counts = []
    while (table := reader.next()) is not None:
        counts.append(pl.DataFrame(table)["tokens"])
    per_record = pl.concat(counts).to_numpy()
    seconds, cpu_seconds = time.perf_counter() - begin, time.process_time() - cpu
    if arguments.answer:
        np.save(arguments.answer, per_record)
    figures = {"seconds": seconds, "cpu_seconds": cpu_seconds, "private_bytes_of_imports": private}
    print(json.dumps(figures | {"simd_level": _core.simd_levels()[-1]}))


def _private_bytes() -> int:
    status = Path("/proc/self/status").read_text()
    return int(status.partition("RssAnon:")[2].split(maxsplit=1)[0]) * 1024


if __name__ == "__main__":
    main()
