"""What the tests of several modules share: the real data, and a reader that takes bytes and gives rows."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from tunegate import _core

Row = dict[str, Any]


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder with the public data sets; skips the test where it is absent."""
    named = os.environ.get("TUNEGATE_SHARED_DATA")
    nearby = [parent / "shared" / "data" for parent in Path(__file__).resolve().parents]
    for folder in [Path(named)] if named else nearby:
        if folder.is_dir():
            return folder
    pytest.skip("no public data: neither TUNEGATE_SHARED_DATA nor a folder shared/data beside the repository")


@dataclass(frozen=True)
class Reading:
    """The three tables of one source, in reading order."""

    records: list[Row]
    samples: list[Row]
    messages: list[Row]

    @property
    def reasons(self) -> list[str | None]:
        return [record["reason"] for record in self.records]

    @property
    def lines(self) -> list[int]:
        return [record["line"] for record in self.records]


def read_path(path: Path, **options: Any) -> Reading:
    reader = _core.SourceReader(os.fspath(path), **options)
    tables: tuple[list[Row], ...] = ([], [], [])
    while (batch := reader.next()) is not None:
        for rows, table in zip(tables, (batch.records, batch.samples, batch.messages), strict=True):
            rows += pl.DataFrame(table).to_dicts()
    return Reading(*tables)


@pytest.fixture
def read_file() -> Callable[..., Reading]:
    """Read a file: read_file(path, **options of SourceReader)."""
    return read_path


@pytest.fixture
def read_bytes(tmp_path: Path) -> Callable[..., Reading]:
    """Read bytes as if they were a file: read_bytes(content, **options of SourceReader)."""

    def read(content: bytes, **options: Any) -> Reading:
        path = tmp_path / "source"
        path.write_bytes(content)
        return read_path(path, **options)

    return read
