"""The process in which check SQL runs: read-only, without files, without Python, with little memory.

Started by judge_sql with its settings as the first line of stdin, then one request per line; it answers each
with JSON lines. It ends when stdin ends, so it never outlives its parent, whatever the query is doing.
"""

import json
import os
import queue
import re
import resource
import sys
import threading
from collections.abc import Mapping
from typing import Any

import duckdb

from tunegate.errors import did_you_mean
from tunegate.judge_syntax import Refused
from tunegate.judge_tables import judge

_SPILL_LIMIT = "4GB"
_BASE_BYTES = 256_000_000  # Python and DuckDB before the first query, measured at 97 MB with one thread
_THREAD_BYTES = 64_000_000
_LINE = re.compile(r"\nLINE (\d+):")
_BEFORE_RUNNING = (Refused, duckdb.ParserException, duckdb.BinderException, duckdb.CatalogException)
_UNKNOWN = (
    (re.compile(r'Referenced column "(?P<name>[^"]*)" not found'), "column"),
    (re.compile(r'does not have a column named "(?P<name>[^"]*)"'), "column"),
    (re.compile(r'Referenced table "(?P<name>[^"]*)" not found'), "table"),
    (re.compile(r"Table with name (?P<name>\S+) does not exist"), "table"),
    (re.compile(r"Function with name (?P<name>\S+) does not exist"), "function"),
)
_LONGEST_QUOTE = 200
_FAULTS = (  # the class, what DuckDB says, what we say
    (duckdb.Error, "No space left on device", "no space is left on the disk"),
    (duckdb.Error, "max_temp_directory_size", "it needs more room on the disk than it may use"),
    (duckdb.Error, "lock on file", "another process has it open"),
    (duckdb.Error, "not a valid DuckDB database file", "it is no DuckDB file"),
    (duckdb.Error, "Permission denied", "its file may not be read or written"),
    (duckdb.Error, "does not exist", "its file, or a part of it, does not exist"),
    (duckdb.OutOfMemoryException, "", "it needs more memory than it may use"),
    (duckdb.IOException, "", "its file cannot be read or written"),
    (duckdb.SerializationException, "", "its file is damaged or of another version of DuckDB"),
    (duckdb.InterruptException, "", "it was interrupted"),
    (duckdb.ConversionException, "", "a value does not fit the type of its column"),
    (duckdb.InvalidInputException, "", "a value cannot be worked with"),
    (duckdb.OutOfRangeException, "", "a number is too large"),
    (duckdb.ConstraintException, "", "a value breaks a rule of its table"),
)
_CANDIDATES = re.compile(r"(?:Did you mean|Candidate \w+:)(.*)")


def main() -> None:
    """Serve requests until stdin ends."""
    requests = _requests()
    settings = json.loads(requests.get())
    try:
        connection = _open(settings)
    except duckdb.Error as error:
        _say({"error": database_fault(error)})
        return
    _say({"ready": True})
    while True:
        _serve(connection, json.loads(requests.get()), str(settings["memory_limit"]))


def database_fault(error: duckdb.Error) -> str:
    """Say in fixed words what DuckDB raised, and its class; its own text may quote the data and is never passed on."""
    kind = type(error).__name__.removesuffix("Exception")
    fitting = (words for known, says, words in _FAULTS if isinstance(error, known) and says in str(error))
    return f"{next(fitting, 'the database failed')} (DuckDB {kind})"


def _requests() -> "queue.SimpleQueue[str]":
    lines: queue.SimpleQueue[str] = queue.SimpleQueue()

    def read() -> None:
        for line in sys.stdin:
            lines.put(line)
        os._exit(0)

    threading.Thread(target=read, daemon=True).start()
    return lines


def _open(settings: Mapping[str, Any]) -> duckdb.DuckDBPyConnection:
    threads = int(settings["threads"])
    limit = 2 * int(settings["memory_bytes"]) + _BASE_BYTES + threads * _THREAD_BYTES
    resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    return duckdb.connect(
        str(settings["store"]),
        read_only=True,
        config={
            "enable_external_access": False,
            "python_enable_replacements": False,
            "autoload_known_extensions": False,
            "autoinstall_known_extensions": False,
            "memory_limit": str(settings["memory_limit"]),
            "threads": threads,
            "temp_directory": str(settings["spill"]),
            "max_temp_directory_size": _SPILL_LIMIT,
            "lock_configuration": True,
        },
    )


def _serve(connection: duckdb.DuckDBPyConnection, request: Mapping[str, Any], memory_limit: str) -> None:
    try:
        for part in judge(connection, request):
            _say(part)
        _say({"end": True})
    except (Refused, duckdb.Error, MemoryError, ValueError) as error:
        line = _LINE.search(str(error))
        at = int(line[1]) if line and isinstance(error, duckdb.Error) else getattr(error, "line", None)
        part = getattr(error, "__notes__", ["query"])[0]
        sound = isinstance(error, _BEFORE_RUNNING)
        _say({"error": _described(error, memory_limit), "part": part, "line": at, "sound": sound})
    finally:
        for table in ("judge_found", "judge_population", "judge_members", "judge_labels"):
            connection.execute(f"drop table if exists temp.main.{table}")


def _say(message: Mapping[str, Any]) -> None:
    sys.stdout.write(json.dumps(message, allow_nan=False, separators=(",", ":")) + "\n")
    sys.stdout.flush()


def _described(error: Exception, memory_limit: str) -> str:
    """Say what is wrong. A message about the query is passed on; one about a value may quote the data."""
    if isinstance(error, Refused):
        return str(error)
    if isinstance(error, duckdb.OutOfMemoryException | MemoryError):
        return f"the query needs more than {memory_limit} of memory; group or join less at once"
    if isinstance(error, _BEFORE_RUNNING):
        return _about_the_query(str(error))
    if isinstance(error, duckdb.PermissionException):
        return "the query reaches outside the store, which is refused"
    kind = type(error).__name__.removesuffix("Exception")
    return f"the query failed on a value ({kind}), which is not shown; use try_cast or exclude it"


def _about_the_query(message: str) -> str:
    for pattern, kind in _UNKNOWN:
        if found := pattern.search(message):
            near = _CANDIDATES.search(message)
            candidates = re.findall('"([^"]+)"', near[1]) if near else []
            return f'unknown {kind} "{found["name"][:40]}".{did_you_mean(found["name"], candidates)}'
    if "expression depth" in message:
        return "the query is nested too deep"
    first = message.splitlines()[0]
    return re.sub(r"^(Parser|Binder|Catalog) Error: ", "", first)[:_LONGEST_QUOTE]


if __name__ == "__main__":
    main()
