"""Draw what an audit reads: up to ten findings per check and ten unflagged records of a file, by seed.

Usage: audit_draw.py FILE [--seed N]. Prints `line<TAB>check` rows, `none` for an unflagged record; read each with
`tunegate show FILE:LINE` and judge it in docs/audit/foundation.tsv.
"""

import argparse
import json
import random
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import polars as pl
from tunegate.source_reading import read_batches
from tunegate.sources import file_source

PER_CHECK = 10


def main() -> None:
    """Print the rows to judge."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("file")
    parser.add_argument("--seed", type=int, default=3)
    options = parser.parse_args()
    for line, check in draw(options.file, options.seed):
        print(f"{line}\t{check}")


def draw(file: str, seed: int) -> Iterator[tuple[int, str]]:
    """Yield (line, check id or `none`) in the order of checks and lines."""
    flagged: set[int] = set()
    for check in _checks(file):
        lines = sorted({evidence["line"] for evidence in check["evidence"]})
        flagged.update(lines)
        chooser = random.Random(f"{seed}:{check['id']}")
        for line in sorted(chooser.sample(lines, min(PER_CHECK, len(lines)))):
            yield line, check["id"]
    rest = sorted(set(_lines(file)) - flagged)
    for line in sorted(random.Random(f"{seed}:none").sample(rest, min(PER_CHECK, len(rest)))):
        yield line, "none"


def _checks(file: str) -> list[dict[str, Any]]:
    command = [sys.executable, "-m", "tunegate", "check", file, "--format", "json"]
    report = json.loads(subprocess.run(command, capture_output=True, text=True, check=False).stdout)
    return [check for gate in report["gates"] for check in gate["checks"]]


def _lines(file: str) -> Iterator[int]:
    for batch, _ in read_batches(file_source(file), {}, first_record_id=0, threads=1):
        yield from pl.DataFrame(batch.records)["line"]


if __name__ == "__main__":
    main()
