"""The measured dataset in one DuckDB file: records, samples, messages and the tables of the signals.

Reading and the per-sample signals are one pass: each batch is appended to the tables and measured while it is in
memory. The file is written once; afterwards only signals are added to it. What the data is compared with gives rows
to `sources` and `records` alone, after those of the data.
"""

import hashlib
import json
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from importlib.resources import files
from pathlib import Path
from types import ModuleType
from typing import Any

import duckdb
import polars as pl

from tunegate import _core, eval_items
from tunegate.errors import SourceError, StoreError
from tunegate.judge_child import database_fault
from tunegate.machine import available_cores
from tunegate.signals import Batch, load, tables
from tunegate.source_reading import FileState, file_state, read_batches, require_unchanged
from tunegate.sources import DATA, EVAL, Progress, Source
from tunegate.store_tables import ArrowStream, column_types, read_samples
from tunegate.verdict import Funnel, SourceSummary

VERSION = "3"  # of the tables and of what reading puts into them
MEMORY_LIMIT = "200MB"


class Store:
    """A store file that this process owns. Opened for writing until close_for_reading()."""

    def __init__(self, path: Path) -> None:
        """Open or create the file. Raises StoreError when it is no store of this version."""
        self.path = path
        self._connection: duckdb.DuckDBPyConnection | None = None
        self._sources: tuple[Source, ...] = ()
        self._states: list[FileState] = []
        is_new = not path.exists()
        connection = self.connection
        if is_new:
            connection.execute(files("tunegate").joinpath("schema.sql").read_text())
            connection.execute("insert into store_info values ('version', ?)", [VERSION])
            path.chmod(0o600)
        elif (found := self._info("version")) != VERSION:
            self.close()
            raise StoreError(f"{path} holds tables of version {found}, expected {VERSION}; remove it to measure again")

    @property
    def connection(self) -> duckdb.DuckDBPyConnection:
        """The connection for trusted statements; opened again when it was closed."""
        if self._connection is None:
            self._connection = _connect(self.path)
        return self._connection

    def close_for_reading(self) -> None:
        """Write everything out and give up the lock, so that another process can open the file."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    close = close_for_reading

    def rename(self, path: Path) -> None:
        """Close the file and give it another name, that of any file there."""
        self.close()
        os.replace(self.path, path)
        self.path = path

    def holds(self, sources: Sequence[Source], fields: Mapping[str, str]) -> bool:
        """Return whether the file was filled from these very bytes under these names; they are then its sources."""
        self._remember(sources)
        return self._info("contents") == _contents(sources, fields, [_sha256(source.path) for source in sources])

    def ingest(
        self,
        sources: Sequence[Source],
        fields: Mapping[str, str],
        signals: Iterable[str] = (),
        *,
        threads: int | None = None,
        progress: Progress | None = None,
    ) -> None:
        """Read the sources and measure the per-sample signals named, in one pass, into an empty store.

        Raises SourceError for a source that cannot be read on, that changed meanwhile, or that has not one
        readable record.
        """
        self._remember(sources)
        modules = [module for module in map(load, signals) if hasattr(module, "compute")]
        for module in modules:
            self._create_signal(module, {})
        with ThreadPoolExecutor(max_workers=1) as hashing:
            digests = [hashing.submit(_sha256, source.path) for source in sources]
            self.connection.begin()
            self._read_all(sources, fields, modules, threads or available_cores(), progress)
            self._close_ingest(sources, fields, digests)
            require_unchanged(self._sources, self._states)
            self.connection.commit()

    @property
    def sources(self) -> tuple[Source, ...]:
        """What it was filled from, in reading order."""
        return self._sources

    def ensure(self, names: Iterable[str], parameters: Mapping[str, Any]) -> None:
        """Measure the signals named that the store lacks, or holds for another version or other parameters.

        A signal that reads the sources again needs them as they were. Raises SourceError when they have changed.
        """
        for name in names:
            module = load(name)
            self.ensure(getattr(module, "REQUIRES", ()), parameters)
            wanted = _wanted(module, parameters)
            if not self._has_signal(module, wanted):
                self._measure(module, wanted)

    def partial(self, names: Iterable[str]) -> str | None:
        """Return why one of the signals named, or one that it requires, may lack rows; None when none does."""
        for name in names:
            row = self.connection.execute("select partial from signals where name = ?", [name]).fetchone()
            why = (row and row[0]) or self.partial(getattr(load(name), "REQUIRES", ()))
            if why:
                return str(why)
        return None

    def has_values(self, field: str) -> bool:
        """Return whether any sample has a category, difficulty or split, whichever `field` names."""
        row = self.connection.execute(f"select count({field}) > 0 from samples").fetchone()
        return row is not None and bool(row[0])

    def summary(self) -> tuple[tuple[SourceSummary, ...], Funnel]:
        """Return what was read as data, source by source in reading order, and the funnel of the whole."""
        summaries = tuple(summary for summary in self._summaries() if summary.role == DATA)
        records = sum(summary.records for summary in summaries)
        unreadable = sum(summary.unreadable for summary in summaries)
        return summaries, Funnel(records, records - unreadable, unreadable)

    def compared(self) -> tuple[SourceSummary, ...]:
        """Return what the data is compared with, in reading order."""
        return tuple(summary for summary in self._summaries() if summary.role != DATA)

    def _summaries(self) -> tuple[SourceSummary, ...]:
        rows = self.connection.execute(
            """select source, any_value(bytes), any_value(sha256), count(*), count(reason), any_value(role)
               from records join sources using (source) group by source order by min(record_id)"""
        ).fetchall()
        formats = self._formats()
        return tuple(
            SourceSummary(source, size, sha256, records, unreadable, formats.get(source, {}), role)
            for source, size, sha256, records, unreadable, role in rows
        )

    def _formats(self) -> dict[str, dict[str, int]]:
        rows = self.connection.execute(
            """select source, format, count(*) from samples join records on sample_id = record_id
               group by all order by source, count(*) desc, format"""
        ).fetchall()
        formats: dict[str, dict[str, int]] = {}
        for source, name, count in rows:
            formats.setdefault(source, {})[name] = count
        return formats

    def _info(self, key: str) -> str | None:
        try:
            row = self.connection.execute("select value from store_info where key = ?", [key]).fetchone()
        except (duckdb.CatalogException, duckdb.BinderException):
            self.close()
            raise StoreError(f"{self.path} is a DuckDB file, but not a store of tunegate; name another file") from None
        return row[0] if row else None

    def _read_all(
        self,
        sources: Sequence[Source],
        fields: Mapping[str, str],
        modules: Sequence[ModuleType],
        threads: int,
        progress: Progress | None,
    ) -> None:
        records, done = 0, 0
        for source in sources:
            if source.role == EVAL:
                records += self._append_items(source, records)
            else:
                counted = self._read(source, fields, modules, records, threads)
                for records, consumed in counted:
                    if progress:
                        progress(done + consumed, records)
            done += source.path.stat().st_size

    def _read(
        self, source: Source, fields: Mapping[str, str], modules: Sequence[ModuleType], records: int, threads: int
    ) -> Iterator[tuple[int, int]]:
        """Read one source; yield the records of all sources so far and the bytes of this one consumed."""
        readable = 0
        for batch, consumed in read_batches(source, fields, first_record_id=records, threads=threads):
            records += batch.record_count
            readable += batch.sample_count
            self._append(source, batch)
            if source.role == DATA:
                self._measure_batch(batch, modules)
            yield records, consumed
        if readable == 0:
            raise SourceError(self._why_unreadable(source))

    def _append(self, source: Source, batch: _core.Batch) -> None:
        columns = "record_id, $source, line, byte_offset, byte_length, fingerprint, reason"
        self._insert("records", batch.records, f"select {columns} from incoming", {"source": source.name})
        if source.role == DATA:
            self._insert("samples", batch.samples)
            self._insert("messages", batch.messages)

    def _append_items(self, source: Source, first: int) -> int:
        lines = pl.Series("line", [item.line for item in eval_items.read_items(source.name)], pl.Int64)
        items = pl.DataFrame({"record_id": pl.int_range(first, first + len(lines), eager=True), "line": lines})
        columns = "record_id, $source, line, null, null, null, null"
        self._insert("records", items, f"select {columns} from incoming", {"source": source.name})
        return len(items)

    def _insert(
        self, table: str, rows: Any, query: str = "from incoming", parameters: Mapping[str, Any] | None = None
    ) -> None:
        self.connection.register("incoming", ArrowStream(rows))
        self.connection.execute(f"insert into {table} by position {query}", parameters or {})
        self.connection.unregister("incoming")

    def _measure_batch(self, batch: _core.Batch, modules: Sequence[ModuleType]) -> None:
        if not modules or batch.sample_count == 0:
            return
        frames = Batch(pl.DataFrame(batch.samples), pl.DataFrame(batch.messages))
        for module in modules:
            self._insert(f"signal_{module.NAME}", module.compute(frames))

    def _close_ingest(
        self, sources: Sequence[Source], fields: Mapping[str, str], digests: Sequence["Future[str]"]
    ) -> None:
        found = [digest.result() for digest in digests]
        rows = [(s.name, s.role, s.path.stat().st_size, d) for s, d in zip(sources, found, strict=True)]
        self.connection.executemany("insert into sources values (?, ?, ?, ?)", rows)
        self.connection.execute("insert into store_info values ('contents', ?)", [_contents(sources, fields, found)])

    def _why_unreadable(self, source: Source) -> str:
        row = self.connection.execute(
            "select count(*), arg_min(line, record_id), arg_min(reason, record_id) from records where source = ?",
            [source.name],
        ).fetchone()
        count, line, reason = row or (0, None, None)
        if count == 0:
            return f"{source.name} holds no record; expected at least one"
        kind = _binary_kind(source)
        if kind:
            return f"{source.name} is {kind}; expected JSON or JSON lines in UTF-8, plain or as .gz or .zst"
        return f"{source.name} has not one readable record in {count:,}; the first, at line {line:,}: {reason}"

    def _has_signal(self, module: ModuleType, parameters: Mapping[str, Any]) -> bool:
        row = self.connection.execute(
            "select version, parameters from signals where name = ?", [module.NAME]
        ).fetchone()
        return row == (module.VERSION, _canonical(parameters))

    def _create_signal(self, module: ModuleType, parameters: Mapping[str, Any]) -> None:
        for table, columns in tables(module).items():
            self.connection.execute(f"create or replace table {table} ({column_types(columns)})")
        self.connection.execute(
            "insert or replace into signals values (?, ?, ?, null)",
            [module.NAME, module.VERSION, _canonical(parameters)],
        )

    def _measure(self, module: ModuleType, parameters: Mapping[str, Any]) -> None:
        self.connection.begin()
        self._create_signal(module, parameters)
        for table, frame in self._frames(module, parameters):
            self._insert(table, frame)
        self.connection.commit()

    def _frames(self, module: ModuleType, parameters: Mapping[str, Any]) -> Iterator[tuple[str, pl.DataFrame]]:
        if hasattr(module, "measure_sources"):
            found = module.measure_sources(self._sources, self.connection, parameters)
            require_unchanged(self._sources, self._states)
            self.connection.execute("update signals set partial = ? where name = ?", [found.partial, module.NAME])
            yield from found.tables.items()
            return
        (table,) = tables(module)
        if hasattr(module, "measure"):
            yield table, module.measure(self.connection, parameters)
            return
        for batch in read_samples(self.connection):
            yield table, module.compute(batch)

    def _remember(self, sources: Sequence[Source]) -> None:
        self._sources, self._states = tuple(sources), [file_state(source.path) for source in sources]


def _wanted(module: ModuleType, parameters: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return what the rows of a signal depend on beside the data: its parameters, and the signals it is made from."""
    wanted = {key: parameters[key] for key in getattr(module, "PARAMETERS", ()) if key in parameters}
    if hasattr(module, "settled"):
        wanted = module.settled(wanted)
    for required in map(load, getattr(module, "REQUIRES", ())):
        wanted[required.NAME] = [required.VERSION, _wanted(required, parameters)]
    return wanted


def _connect(path: Path) -> duckdb.DuckDBPyConnection:
    settings: dict[str, Any] = {
        "memory_limit": MEMORY_LIMIT,
        "threads": available_cores(),
        "preserve_insertion_order": False,
        "temp_directory": f"{path}.spill",
    }
    try:
        return duckdb.connect(os.fspath(path), config=settings)
    except duckdb.Error as error:
        reason = database_fault(error)
        raise StoreError(f"{path} cannot be opened as a store: {reason}; name another file or remove it") from error


def _sha256(path: Path) -> str:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _canonical(value: Any) -> str:
    """Write a value out, the same text for the same content: a file that is among it counts by its digest."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), default=lambda file: file.sha256)


def _contents(sources: Sequence[Source], fields: Mapping[str, str], digests: Sequence[str]) -> str:
    named = [[source.name, source.role, digest] for source, digest in zip(sources, digests, strict=True)]
    return _canonical({"sources": named, "fields": dict(fields)})


def _binary_kind(source: Source) -> str | None:
    head = _core.read_stretch(os.fspath(source.path), source.compression, 0, 4096)
    if head[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return "UTF-16 text"
    return "a binary file" if b"\0" in head else None
