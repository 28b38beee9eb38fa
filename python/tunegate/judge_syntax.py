"""What a check's SQL may say: one SELECT over the store's tables, the same answer every time.

Only the judging child loads this. DuckDB's own parser gives the syntax tree, so that no comment, bracket or
quote can hide anything from it.
"""

import json
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any

import duckdb

from tunegate.errors import did_you_mean

TABLE_FUNCTIONS = frozenset({"range", "generate_series", "unnest", "json_each", "json_tree"})

_QUERY_NODES = frozenset({"SELECT_NODE", "SET_OPERATION_NODE", "RECURSIVE_CTE_NODE", "CTE_NODE"})
_CHANGING = frozenset(
    {
        "current_connection_id",
        "current_database",
        "current_localtime",
        "current_localtimestamp",
        "current_query",
        "current_query_id",
        "current_schema",
        "current_schemas",
        "current_setting",
        "current_transaction_id",
        "currval",
        "error",
        "gen_random_uuid",
        "get_current_time",
        "get_current_timestamp",
        "getvariable",
        "in_search_path",
        "nextval",
        "now",
        "random",
        "setseed",
        "setval",
        "sleep_ms",
        "stats",
        "today",
        "transaction_timestamp",
        "txid_current",
        "uuid",
        "uuidv4",
        "uuidv7",
        "vector_type",
        "version",
        "write_log",
    }
)
_CLOCK = frozenset({"current_date", "current_time", "current_timestamp", "localtime", "localtimestamp"})
_WORD = re.compile(r"[a-z_][a-z0-9_]*")


class Refused(Exception):
    """The SQL says something that a check may not say."""


@dataclass(frozen=True)
class Shape:
    """What the trusted side needs to know of a query: its quoted literals, its parameters, its words."""

    literals: frozenset[str]
    parameters: frozenset[str]
    words: frozenset[str]


def examine(connection: duckdb.DuckDBPyConnection, sql: str, reads: Collection[str] | None) -> Shape:
    """Accept one SELECT, or raise Refused. reads: the tables it may name; None means any table of the store.

    Raises duckdb.ParserException for text that is no SQL.
    """
    statements = connection.extract_statements(sql)
    if len(statements) != 1:
        raise Refused(f"{len(statements)} statements found; a check is one SELECT")
    if statements[0].type != duckdb.StatementType.SELECT:
        raise Refused(f"{statements[0].type.name} is refused; a check is one SELECT")
    nodes = list(_nodes(_tree(connection, sql)))
    for node in nodes:
        _examine_node(node)
    _examine_tables(nodes, _tables(connection), reads)
    return Shape(
        literals=frozenset(_literals(nodes)),
        parameters=frozenset(statements[0].named_parameters),
        words=frozenset(_WORD.findall(sql.lower())),
    )


def _tree(connection: duckdb.DuckDBPyConnection, sql: str) -> dict[str, Any]:
    row = connection.execute("select json_serialize_sql($sql)", {"sql": sql}).fetchone()
    try:
        tree: dict[str, Any] = json.loads(row[0]) if row else {"error": True}
    except RecursionError:
        raise Refused("the query is nested too deep") from None
    if tree["error"]:
        raise Refused("the query cannot be examined; write it as a plain SELECT")
    return tree


def _nodes(tree: Any) -> Iterator[dict[str, Any]]:
    left = [tree]
    while left:
        item = left.pop()
        if isinstance(item, dict):
            yield item
            left.extend(item.values())
        elif isinstance(item, list):
            left.extend(item)


def _examine_node(node: dict[str, Any]) -> None:
    kind = str(node.get("type"))
    if kind.endswith("_NODE") and kind not in _QUERY_NODES:
        raise Refused(f"{kind.partition('_')[0]} is refused; a check is one SELECT")
    if kind == "SHOW_REF":
        raise Refused("SHOW, DESCRIBE and SUMMARIZE are refused; a check is one SELECT")
    if kind == "TABLE_FUNCTION":
        _examine_table_function(node)
    if node.get("sample"):
        raise Refused("sampling changes from run to run; select all rows")
    name = str(node.get("function_name", "")).lower()
    if name in _CHANGING or _is_clock(node):
        raise Refused(f"{name or node['column_names'][0]} is refused: its answer is not made of the data alone")


def _is_clock(node: dict[str, Any]) -> bool:
    names = node.get("column_names")
    return isinstance(names, list) and len(names) == 1 and str(names[0]).lower() in _CLOCK


def _examine_table_function(node: dict[str, Any]) -> None:
    name = str((node.get("function") or {}).get("function_name", "")).lower()
    if name not in TABLE_FUNCTIONS:
        allowed = ", ".join(sorted(TABLE_FUNCTIONS))
        raise Refused(f"table function {name} is refused; a check reads tables, and may use {allowed}")


def _tables(connection: duckdb.DuckDBPyConnection) -> set[str]:
    found = connection.execute("select table_name from duckdb_tables() where not internal and not temporary")
    return {str(row[0]).lower() for row in found.fetchall()}


def _examine_tables(nodes: list[dict[str, Any]], tables: Collection[str], reads: Collection[str] | None) -> None:
    own = {item["key"].lower() for node in nodes for item in (node.get("cte_map") or {}).get("map", [])}
    for node in nodes:
        if node.get("type") == "BASE_TABLE":
            name = str(node["table_name"]).lower()
            if node.get("schema_name") or node.get("catalog_name"):
                raise Refused(f"table {name} is named with a schema; name the tables of the store alone")
            if not _WORD.fullmatch(name):
                raise Refused("a file, or a name that is no plain word, stands where a table belongs")
            if name not in own:
                _examine_table(name, tables, reads)


def _examine_table(name: str, tables: Collection[str], reads: Collection[str] | None) -> None:
    if name not in tables:
        raise Refused(f'unknown table "{name}".{did_you_mean(name, reads or tables)}')
    if reads is not None and name not in reads:
        raise Refused(f'table "{name}" is not listed in reads; list it there')


def _literals(nodes: list[dict[str, Any]]) -> Iterator[str]:
    for node in nodes:
        literal = node.get("literal")
        if isinstance(literal, dict) and literal.get("kind") == "STRING":
            yield str(literal.get("text", ""))
