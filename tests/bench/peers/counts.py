"""What the peers of token counting share: the lines in, the sum over the turns of each record out, and the time."""

import argparse
import json
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import orjson
from memory import private_bytes

BATCH = 10_000  # records; more at once take more memory and no less time


class Counter(Protocol):
    """Counts the tokens of texts."""

    def __init__(self, tokenizer: Path) -> None:
        """Load a tokenizer.json."""

    def count(self, texts: list[str]) -> np.ndarray:
        """Return the number of tokens of each text."""


def counts(kind: type[Counter], about: str) -> None:
    """Read the command line, count, and print the seconds, loading of the tokenizer left out."""
    parser = argparse.ArgumentParser(description=about)
    parser.add_argument("file", type=Path)
    parser.add_argument("tokenizer", type=Path)
    parser.add_argument("--answer", type=Path, help="where to put the counts")
    arguments = parser.parse_args()
    private = private_bytes()
    counter = kind(arguments.tokenizer)
    begin, cpu = time.perf_counter(), time.process_time()
    per_record = np.concatenate([_per_record(counter, records) for records in _batches(arguments.file)])
    seconds, cpu_seconds = time.perf_counter() - begin, time.process_time() - cpu
    if arguments.answer:
        np.save(arguments.answer, per_record)
    print(json.dumps({"seconds": seconds, "cpu_seconds": cpu_seconds, "private_bytes_of_imports": private}))


def _batches(path: Path) -> Iterator[list[Any]]:
    with path.open("rb") as lines:
        while batch := [orjson.loads(line) for line in islice(lines, BATCH)]:
            yield batch


def _per_record(counter: Counter, records: list[Any]) -> np.ndarray:
    texts = [message["content"] for record in records for message in record["messages"]]
    turns = np.array([len(record["messages"]) for record in records])
    return np.add.reduceat(counter.count(texts), np.cumsum(turns) - turns)
