"""Batches made of a few words per sample."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import polars as pl
import pytest
from tunegate.signals import Batch

MESSAGES = {
    "sample_id": pl.Int64,
    "turn": pl.Int32,
    "part": pl.String,
    "role": pl.String,
    "content": pl.String,
    "reasoning": pl.String,
    "tool_calls": pl.String,
    "tool_call_id": pl.String,
    "name": pl.String,
    "weight": pl.Float64,
    "media": pl.String,
    "extra": pl.String,
}
SAMPLES = {
    "sample_id": pl.Int64,
    "format": pl.String,
    "category": pl.String,
    "difficulty": pl.String,
    "split": pl.String,
    "tools": pl.String,
    "label": pl.Boolean,
    "metadata": pl.String,
    "fingerprint": pl.String,
}
Turn = Mapping[str, Any]
Build = Callable[..., Batch]


def _turns(sample_id: int, turns: Sequence[Turn]) -> list[dict[str, Any]]:
    main = sum(turn.get("part", "main") == "main" for turn in turns)
    numbers = {"main": 0, "chosen": main, "rejected": main}
    rows = []
    for turn in turns:
        part = turn.get("part", "main")
        rows.append(
            dict.fromkeys(MESSAGES) | {"sample_id": sample_id, "part": part, "turn": numbers[part]} | dict(turn)
        )
        numbers[part] += 1
    return rows


@pytest.fixture(scope="session")
def batch() -> Build:
    """Return a function of samples (lists of turns) and their tools to a batch; ids are 10, 11 ... ."""

    def build(*samples: Sequence[Turn], tools: Sequence[str | None] | None = None) -> Batch:
        rows = [row for index, turns in enumerate(samples, 10) for row in _turns(index, turns)]
        ids = range(10, 10 + len(samples))
        heads = [dict.fromkeys(SAMPLES) | {"sample_id": index, "format": "messages"} for index in ids]
        for head, declared in zip(heads, tools or (), strict=False):
            head["tools"] = declared
        return Batch(pl.DataFrame(heads, schema=SAMPLES), pl.DataFrame(rows, schema=MESSAGES))

    return build
