"""Judging check SQL, which is untrusted, in a child process that can be killed.

The child (judge_child) opens the store read-only, refuses everything but one SELECT over its tables, and
answers with numbers, enumerated words and places. The parent stops it when it takes too long or answers too
much; the check could then not be judged, as when the child dies, and a new child serves the next.
"""

import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType, TracebackType
from typing import IO, Any, NamedTuple, Self, TypeAlias

from tunegate.errors import CheckError, StoreError
from tunegate.verdict import Measurement, Place, Scalar, shown_label, significant

MAX_ANSWER_BYTES = 1 << 30  # ten million offenders; more is a runaway query
START_SECONDS = 60.0
ANSWER_SECONDS = 600.0  # for our own statements after the check's query, and for what they find to arrive

_UNITS = {"KB": 10**3, "MB": 10**6, "GB": 10**9}


@dataclass(frozen=True)
class Query:
    """What the child is asked: the check's SQL and what belongs to it.

    kind: "rows" or "value". population: None (all samples), "records", or a SELECT of sample_id. reads: the
    tables the SQL may name, None for any of the store. file and lines (of "query" and "population": the file
    line on which that text begins) place an error.
    """

    kind: str
    sql: str
    population: str | None = None
    params: Mapping[str, Scalar] = field(default_factory=dict)
    reads: tuple[str, ...] | None = None
    file: str = ""
    lines: Mapping[str, int] = field(default_factory=dict)


class Offender(NamedTuple):
    """One record that `rows` found. reason: why it is unreadable, None for a sample."""

    sample_id: int
    source: str
    line: int
    fingerprint: str
    reason: str | None
    detail: Mapping[str, Scalar | Place]


class SliceRow(NamedTuple):
    """One row that `value` measured; name None without a column slice."""

    name: str | None
    measurement: Measurement
    detail: Mapping[str, Scalar | Place]


@dataclass(frozen=True)
class Answer:
    """What the query came to. rows: every offender within the population, by sample_id; slices by name.

    failing: the offenders whose severity is not 'warn'.
    """

    population: int
    offenders: int = 0
    failing: int = 0
    rows: tuple[Offender, ...] = ()
    slices: tuple[SliceRow, ...] = ()


class SqlJudge:
    """Judges queries over one store, one after another. A context manager: leaving it ends the child.

    memory_limit is DuckDB's ("512MB"); the child as a whole gets about twice that. timeout_s counts for the
    check's own SQL, per check; what it found may take ANSWER_SECONDS more to arrive. The store must not be open for
    writing.
    """

    def __init__(
        self,
        store: Path,
        *,
        timeout_s: float = 60.0,
        memory_limit: str = "512MB",
        threads: int = 1,
        max_answer_bytes: int = MAX_ANSWER_BYTES,
    ) -> None:
        self._store = store
        self._timeout_s = timeout_s
        self._memory_limit = memory_limit
        self._memory_bytes = _bytes(memory_limit)
        self._threads = threads
        self._max_answer_bytes = max_answer_bytes
        self._child: _Child | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the child and remove what it spilled."""
        if self._child is not None:
            self._child.end()
        self._child = None

    def judge(self, query: Query) -> Answer:
        """Run one query.

        Raises CheckError when it is refused, fails or is stopped; StoreError when the store cannot be opened.
        """
        if self._child is None or self._child.ended:
            self.close()
            self._child = self._start()
        try:
            return _answer(query, self._child.ask(_request(query), self._timeout_s, self._max_answer_bytes))
        except _ChildFault as fault:
            if not fault.sound:
                self.close()
            raise CheckError(_placed(query, fault)) from None
        except BaseException:
            self.close()
            raise

    def _start(self) -> "_Child":
        child = _Child(self._store)
        settings = {
            "store": str(self._store),
            "spill": child.spill.name,
            "memory_limit": self._memory_limit,
            "memory_bytes": self._memory_bytes,
            "threads": self._threads,
        }
        try:
            list(child.ask(settings, START_SECONDS, self._max_answer_bytes))
        except _ChildFault as fault:
            child.end()
            raise StoreError(f"the judging process for {self._store.name} did not start: {fault}") from None
        except BaseException:
            child.end()
            raise
        return child


class _ChildFault(Exception):
    """What the child said, or what became of it.

    part and line say where in the check; sound whether the child can serve the next query.
    """

    def __init__(self, message: str, part: str = "query", line: int | None = None, *, sound: bool = False) -> None:
        super().__init__(message)
        self.part = part
        self.line = line
        self.sound = sound


class _Child:
    """A running judge_child and the folder it may spill to."""

    def __init__(self, store: Path) -> None:
        self.spill = _spill_folder(store)
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", "tunegate.judge_child"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=_environment(),
            start_new_session=True,
        )

    def ask(self, message: Mapping[str, Any], timeout_s: float, max_bytes: int) -> Iterator[dict[str, Any]]:
        """Send one message and yield what comes back, until its end. Raises _ChildFault."""
        clock = _Clock(self._process.kill)
        clock.start(timeout_s, f"stopped after {timeout_s:g} s; simplify the query or raise --check-timeout")
        try:
            self._send(message)
            yield from self._receive(max_bytes, clock)
        finally:
            clock.cancel()
        if clock.rang:
            raise _ChildFault(clock.reason)

    @property
    def ended(self) -> bool:
        """Whether the process is gone, killed by someone else while it was idle."""
        return self._process.poll() is not None

    def end(self) -> None:
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            with suppress(BrokenPipeError):
                _open_pipe(pipe).close()
        self.spill.cleanup()

    def _send(self, message: Mapping[str, Any]) -> None:
        pipe = _open_pipe(self._process.stdin)
        with suppress(BrokenPipeError):  # the reply says what became of it
            pipe.write(json.dumps(message).encode() + b"\n")
            pipe.flush()

    def _receive(self, max_bytes: int, clock: "_Clock") -> Iterator[dict[str, Any]]:
        pipe = _open_pipe(self._process.stdout)
        left = max_bytes
        while line := pipe.readline(left + 1):
            left -= len(line)
            if left < 0:
                raise _ChildFault(f"stopped: the answer is larger than {max_bytes:,} bytes")
            if not line.endswith(b"\n"):
                break
            reply: dict[str, Any] = json.loads(line)
            if "error" in reply:
                raise _said(reply)
            if "ran" in reply:
                clock.start(ANSWER_SECONDS, f"stopped: what it found took longer than {ANSWER_SECONDS:g} s to list")
                continue
            yield reply
            if "end" in reply or "ready" in reply:
                return
        raise _ChildFault(clock.reason if clock.rang else self._death())

    def _death(self) -> str:
        code = self._process.wait()
        how = signal.Signals(-code).name if code < 0 else f"exit code {code}"
        return f"the judging process ended ({how}); it crashed or ran out of memory"


class _Clock:
    """Stops the child when its time is over, and knows why."""

    def __init__(self, stop: Callable[[], None]) -> None:
        self._stop = stop
        self._timer: threading.Timer | None = None
        self.rang = False
        self.reason = ""

    def start(self, seconds: float, reason: str) -> None:
        """Give it so much time from now on, whatever was left."""
        self.cancel()
        if self.rang:
            return
        self.reason = reason
        self._timer = threading.Timer(seconds, self._ring)
        self._timer.daemon = True
        self._timer.start()

    def cancel(self) -> None:
        if self._timer is not None:
            self._timer.cancel()

    def _ring(self) -> None:
        self.rang = True
        self._stop()


def _said(reply: Mapping[str, Any]) -> _ChildFault:
    return _ChildFault(reply["error"], reply.get("part", "query"), reply.get("line"), sound=reply.get("sound", False))


def _open_pipe(pipe: IO[bytes] | None) -> IO[bytes]:
    if pipe is None:
        raise StoreError("the judging process has no pipe")
    return pipe


def _environment() -> dict[str, str]:
    """The child imports this tunegate, from wherever it was loaded, and never from the working directory."""
    package = str(Path(__file__).parents[1])
    known = [package, *filter(None, os.environ.get("PYTHONPATH", "").split(os.pathsep))]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(known), "TZ": "UTC"}


def _spill_folder(store: Path) -> "tempfile.TemporaryDirectory[str]":
    """Make it beside the store, where there is room for such data; elsewhere when that is not writable."""
    beside = store.parent if os.access(store.parent, os.W_OK) else None
    return tempfile.TemporaryDirectory(prefix=f"{store.name}.spill-", dir=beside)


def _bytes(text: str) -> int:
    match = re.fullmatch(r"(\d+) ?([KMG]B)", text)
    if match is None:
        raise CheckError(f"memory limit {text!r} is no number of KB, MB or GB, such as 512MB")
    return int(match[1]) * _UNITS[match[2]]


def _request(query: Query) -> dict[str, Any]:
    return {
        "kind": query.kind,
        "sql": query.sql,
        "population": query.population,
        "params": dict(query.params),
        "reads": None if query.reads is None else list(query.reads),
    }


def _placed(query: Query, fault: _ChildFault) -> str:
    start = query.lines.get(fault.part)
    if start is None:
        where = f"{fault.part} line {fault.line}" if fault.line else fault.part
    else:
        where = f"line {start + (fault.line or 1) - 1}"
    return f"{query.file} {where}: {fault}".lstrip()


def _answer(query: Query, replies: Iterator[dict[str, Any]]) -> Answer:
    head = next(replies)
    rows: list[Any] = []
    read = _offender if query.kind == "rows" else _slice_row
    known: _Known = {}
    for reply in replies:
        rows.extend(read(head, row, known) for row in reply.get("rows", ()))
    if query.kind == "rows":
        return Answer(head["population"], head["offenders"], head["failing"], tuple(rows))
    return Answer(head["population"], slices=tuple(rows))


def _offender(head: Mapping[str, Any], row: list[Any], known: "_Known") -> Offender:
    sample_id, source, line, fingerprint, reason = row[:5]
    return Offender(sample_id, sys.intern(source), line, fingerprint, reason, _shared(head, row[5:], known))


def _slice_row(head: Mapping[str, Any], row: list[Any], known: "_Known") -> SliceRow:
    value, n, lower, upper, name, label = row[:6]
    detail = _shared(head, row[6:], known)
    if head["labelled"]:
        detail = {"label": shown_label(label), **detail}
    try:
        measured = Measurement(value, n, lower, upper)
    except CheckError as fault:
        raise _ChildFault(str(fault)) from None
    return SliceRow(shown_label(name) if head["sliced"] else None, measured, detail)


_Known: TypeAlias = dict[tuple[Any, ...], Mapping[str, Scalar | Place]]
_KNOWN_DETAILS = 10_000


def _shared(head: Mapping[str, Any], values: list[Any], known: _Known) -> Mapping[str, Scalar | Place]:
    """Make the detail of a row once for the many rows with the same: a list of offenders is the largest thing held."""
    if any(isinstance(value, list) for value in values):
        return _detail(head, values)
    key = tuple(values)
    found = known.get(key)
    if found is None:
        found = MappingProxyType(_detail(head, values))
        if len(known) < _KNOWN_DETAILS:
            known[key] = found
    return found


def _detail(head: Mapping[str, Any], values: list[Any]) -> dict[str, Scalar | Place]:
    return {
        name: _shown(value, is_place=is_place) for (name, is_place), value in zip(head["columns"], values, strict=True)
    }


def _shown(value: Any, *, is_place: bool) -> Scalar | Place:
    if is_place and value is not None:
        return Place(sys.intern(value[0]), int(value[1]))
    if isinstance(value, float):
        return significant(value)
    scalar: Scalar = value
    return scalar
