"""From a check's SELECT to offenders with their places, by trusted SQL. Only the judging child loads this.

The check's SELECT runs as it stands, into a temporary table; nothing is wrapped around its text. All that
follows reads that table: ids are checked against `records`, columns against the rule that no input text
leaves.
"""

import math
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import duckdb

from tunegate.judge_syntax import Refused, Shape, examine

CHUNK_ROWS = 1000
MAX_COLUMNS = 16
MAX_SLICES = 10_000

_PLAIN = re.compile(r"[a-z_][a-z0-9_]{0,39}")
_INTEGER = re.compile(r"U?(TINYINT|SMALLINT|INTEGER|BIGINT|HUGEINT)")
_FLOAT = re.compile(r"FLOAT|DOUBLE|DECIMAL\(.*\)")
_WORDS = re.compile(r"VARCHAR|ENUM\(.*\)", re.DOTALL)
_NULL = '"NULL"'
_OTHERS = ("BOOLEAN", _NULL)

_DATA_RECORDS = (
    "select record_id as sample_id from main.records"
    " where source in (select source from main.sources where role = 'data')"
)
_MEMBERS = {
    None: f"{_DATA_RECORDS} and record_id in (select sample_id from main.samples)",
    "records": _DATA_RECORDS,
}


@dataclass(frozen=True)
class Column:
    """A column of the check's answer: its name as selected, its DuckDB type."""

    name: str
    type: str

    @property
    def is_place(self) -> bool:
        """Whether it names another record, to be answered as source and line."""
        return self.name.endswith("_sample_id") and bool(_INTEGER.fullmatch(self.type))

    @property
    def shown(self) -> str:
        """The key it has in `detail`."""
        return self.name.removesuffix("_sample_id") if self.is_place else self.name


def judge(connection: duckdb.DuckDBPyConnection, request: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the answer in parts: word that the check's own SQL has run, a head with counts, then chunks of rows.

    Raises Refused or a duckdb error; its notes hold the part of the check at fault, "population" or "query".
    """
    with _blamed("population"):
        population = _members(connection, request)
    with _blamed("query"):
        shape = _run(connection, "judge_found", request["sql"], request)
        yield {"ran": True}
        columns = _columns(connection, "judge_found")
        answer = _offenders if request["kind"] == "rows" else _values
        yield from answer(connection, columns, shape, population)


@contextmanager
def _blamed(part: str) -> Iterator[None]:
    """Note the part of the check that an error came from."""
    try:
        yield
    except (Refused, duckdb.Error, MemoryError) as error:
        error.add_note(part)
        raise


def _run(connection: duckdb.DuckDBPyConnection, table: str, sql: str, request: Mapping[str, Any]) -> Shape:
    """Run the check's own SELECT into a table. The prefix shares its first line, so lines stay true."""
    shape = examine(connection, sql, request["reads"])
    params = request["params"]
    for name in sorted(shape.parameters - set(params)):
        raise Refused(f"parameter ${name} is not declared in params")
    created = connection.extract_statements(f"create temp table {table} as {sql}")
    if len(created) != 1 or created[0].type != duckdb.StatementType.CREATE:
        raise Refused("the query cannot be run as one SELECT")
    connection.execute(created[0], {name: params[name] for name in sorted(shape.parameters)})
    return shape


def _members(connection: duckdb.DuckDBPyConnection, request: Mapping[str, Any]) -> int:
    """Make judge_members, the ids of the population, and count them."""
    sql = request["population"]
    chosen = _MEMBERS.get(sql)
    if chosen is None:
        _run(connection, "judge_population", sql, request)
        _require_ids(connection, "judge_population", _columns(connection, "judge_population"))
        chosen = f"{_DATA_RECORDS} and record_id in (select sample_id from judge_population)"
    connection.execute(f"create temp table judge_members as {chosen}")
    return int(_one(connection, "select count(*) from judge_members"))


def _columns(connection: duckdb.DuckDBPyConnection, table: str) -> list[Column]:
    described = connection.execute(f"select * from {table} limit 0").description or []
    return [Column(str(item[0]), str(item[1])) for item in described]


def _one(connection: duckdb.DuckDBPyConnection, sql: str) -> Any:
    row = connection.execute(sql).fetchone()
    return row[0] if row else None


def _require_ids(connection: duckdb.DuckDBPyConnection, table: str, columns: Sequence[Column]) -> None:
    ids = [column for column in columns if column.name == "sample_id"]
    if not ids:
        raise Refused("the query selects no column sample_id")
    if not _INTEGER.fullmatch(ids[0].type):
        raise Refused("sample_id is no integer; select the sample_id of a sample, or the record_id of a record")
    nulls = int(_one(connection, f"select count(*) from {table} where sample_id is null"))
    if nulls:
        raise Refused(f"{nulls} rows have a null sample_id")
    _require_known(connection, table, "sample_id")


def _require_known(connection: duckdb.DuckDBPyConnection, table: str, column: str) -> None:
    lost = _one(
        connection,
        f"select min({column}) from {table}"
        f" where {column} is not null and {column} not in (select record_id from main.records)",
    )
    if lost is not None:
        raise Refused(f"{column} {lost} is no record of the store")


def _offenders(
    connection: duckdb.DuckDBPyConnection, columns: list[Column], shape: Shape, population: int
) -> Iterator[dict[str, Any]]:
    _require_ids(connection, "judge_found", columns)
    severity = "severity" in {column.name for column in columns}
    if severity:
        _require_severity(connection)
    detail = [column for column in columns if column.name != "sample_id"]
    _guard(connection, detail, shape)
    offenders = int(_one(connection, f"select count(distinct sample_id) {_WITHIN}"))
    failing = f"select count(distinct sample_id) {_WITHIN} and severity = 'fail'"
    yield {
        "population": population,
        "offenders": offenders,
        "failing": int(_one(connection, failing)) if severity else offenders,
        "columns": [[column.shown, column.is_place] for column in detail],
    }
    yield from _chunks(connection, _evidence_query(detail, worst_first=severity))


_WITHIN = "from judge_found where sample_id in (select sample_id from judge_members)"


def _require_severity(connection: duckdb.DuckDBPyConnection) -> None:
    wrong = "select count(*) from judge_found where severity is null or severity::varchar not in ('warn', 'fail')"
    if _one(connection, wrong):
        raise Refused("severity is something else than 'warn' or 'fail'")


def _evidence_query(detail: Sequence[Column], *, worst_first: bool) -> str:
    """One row per offender in record order; of several rows a failing one, then the first by its columns."""
    names = [f'"{column.name}"' for column in detail]
    order = ", ".join([*(["severity::varchar"] if worst_first else []), *names, "1"])
    selected = "".join(f", {_shown_value(column)}" for column in detail)
    return (
        f"select f.sample_id, r.source, r.line, r.fingerprint, r.reason{selected} from ("
        f" select *, row_number() over (partition by sample_id order by {order}) as judge_first {_WITHIN}) f"
        " join main.records r on r.record_id = f.sample_id where judge_first = 1 order by f.sample_id"
    )


def _shown_value(column: Column) -> str:
    name = f'f."{column.name}"'
    if column.is_place:
        return f"(select [p.source, p.line::varchar] from main.records p where p.record_id = {name})"
    if _FLOAT.fullmatch(column.type):
        return f"{name}::double"
    return f"{name}::varchar" if _WORDS.fullmatch(column.type) else name


def _guard(connection: duckdb.DuckDBPyConnection, detail: Sequence[Column], shape: Shape) -> None:
    """Refuse any detail that could carry input text: its name, its type or its values."""
    if len(detail) > MAX_COLUMNS:
        raise Refused(f"the query shows {len(detail)} columns of detail, more than {MAX_COLUMNS}")
    shown = [column.shown for column in detail]
    for column in detail:
        if not _PLAIN.fullmatch(column.name) or column.name not in shape.words:
            raise Refused("a column has no plain name that stands in the query; write `expression as name`")
        if shown.count(column.shown) > 1:
            raise Refused(f"two columns are called {column.shown} in the detail")
        _guard_type(connection, column, shape.literals)


def _guard_type(connection: duckdb.DuckDBPyConnection, column: Column, literals: Collection[str]) -> None:
    name = f'"{column.name}"'
    if column.is_place:
        _require_known(connection, "judge_found", column.name)
    elif column.type == "VARCHAR":
        other = f"select count(*) from judge_found where {name} is not null and not list_contains($words, {name})"
        row = connection.execute(other, {"words": sorted(literals) or [""]}).fetchone()
        if row and row[0]:
            raise Refused(f"detail column {column.name} holds input text; only words quoted in the query may be shown")
    elif _FLOAT.fullmatch(column.type):
        if _one(connection, f"select count(*) from judge_found where not isfinite({name}::double)"):
            raise Refused(f"detail column {column.name} holds a number that is not finite")
    elif not (_INTEGER.fullmatch(column.type) or _WORDS.fullmatch(column.type) or column.type in _OTHERS):
        kind = column.type.partition("(")[0]
        raise Refused(f"detail column {column.name} is {kind}; show a number, a truth value or a word")


_VALUE_COLUMNS = ("value", "n", "lower", "upper", "slice", "label")


def _values(
    connection: duckdb.DuckDBPyConnection, columns: list[Column], shape: Shape, population: int
) -> Iterator[dict[str, Any]]:
    by_name = {column.name: column for column in columns}
    _require_value_columns(by_name)
    detail = [column for column in columns if column.name not in _VALUE_COLUMNS]
    _guard(connection, detail, shape)
    _require_one_row_without_slice(connection, by_name)
    selected = [_number(by_name, name) for name in ("value", "n", "lower", "upper")]
    connection.execute(f"create temp table judge_labels as {_labels(connection)}", {"words": sorted(shape.literals)})
    selected += [_label(by_name.get(name)) for name in ("slice", "label")]
    selected += [_shown_value(column) for column in detail]
    yield {
        "population": population,
        "sliced": "slice" in by_name,
        "labelled": "label" in by_name,
        "columns": [[column.shown, column.is_place] for column in detail],
    }
    named = [f'f."{name}"::varchar' for name in ("slice", "label") if name in by_name]
    order = "order by " + ", ".join([*named, "1", "2", "3", "4", *(f'f."{column.name}"' for column in detail)])
    yield from _chunks(connection, f"select {', '.join(selected)} from judge_found f {order}")


_LABEL_COLUMNS = {
    "samples": ("category", "difficulty", "split", "format"),
    "records": ("source",),
    "signal_balance": ("axis", "cell"),
}


def _labels(connection: duckdb.DuckDBPyConnection) -> str:
    """Select what may name a slice: the words quoted in the query, and the values of the columns that are labels."""
    found = connection.execute("select table_name, column_name from duckdb_columns() where schema_name = 'main'")
    columns = [(table, column) for table, column in found.fetchall() if column in _LABEL_COLUMNS.get(table, ())]
    labels = [f"select {column} from main.{table}" for table, column in columns]
    return " union ".join(["select unnest($words::varchar[]) as name", *labels])


def _label(column: Column | None) -> str:
    """Answer with a name that is a word, a label of the data or blank; with "(withheld)" for any other text."""
    if column is None:
        return "null::varchar"
    name = f'f."{column.name}"::varchar'
    if column.type != "VARCHAR" and _WORDS.fullmatch(column.type):
        return name
    known = f"{name} is null or trim({name}) = '' or {name} in (select name from judge_labels)"
    return f"case when {known} then {name} else '(withheld)' end"


def _require_value_columns(by_name: Mapping[str, Column]) -> None:
    for name in ("value", "n"):
        if name not in by_name:
            raise Refused(f"the query selects no column {name}")
    if not _INTEGER.fullmatch(by_name["n"].type):
        raise Refused("column n is no integer; it counts what the value was taken over")
    for name in ("value", "lower", "upper"):
        kind = by_name[name].type if name in by_name else _NULL
        if not (_INTEGER.fullmatch(kind) or _FLOAT.fullmatch(kind) or kind == _NULL):
            raise Refused(f"column {name} is no number")


def _require_one_row_without_slice(connection: duckdb.DuckDBPyConnection, by_name: Mapping[str, Column]) -> None:
    rows = int(_one(connection, "select count(*) from judge_found"))
    if rows > 1 and "slice" not in by_name:
        raise Refused(f"the query gives {rows} values; name them in a column slice")
    if rows > MAX_SLICES:
        raise Refused(f"the query gives {rows:,} slices, more than {MAX_SLICES:,}; group by fewer")
    if _one(connection, "select count(*) from judge_found where n is null or n < 0"):
        raise Refused("column n is null or negative in a row")


def _number(by_name: Mapping[str, Column], name: str) -> str:
    if name not in by_name:
        return "null::double"
    return f'"{name}"' if name == "n" else f'"{name}"::double'


def _chunks(connection: duckdb.DuckDBPyConnection, sql: str) -> Iterator[dict[str, Any]]:
    cursor = connection.execute(sql)
    while rows := cursor.fetchmany(CHUNK_ROWS):
        for row in rows:
            _require_finite(row)
        yield {"rows": rows}


def _require_finite(row: Sequence[Any]) -> None:
    for value in row:
        if isinstance(value, float) and not math.isfinite(value):
            raise Refused(f"the query measured {value}, which is not a finite number")
