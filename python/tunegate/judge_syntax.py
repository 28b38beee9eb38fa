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
_PURE = """
!__postfix !~~ !~~* % & * ** + - -> ->> / // < <-> << <= <=> <@ = > >= >> @> ^ ^@ | || ~ ~~ ~~* ~~~
abs acos acosh add asin asinh atan atan2 atanh bit_count cbrt ceil ceiling cos cosh cot degrees divide even exp
factorial fdiv floor fmod gamma gcd greatest greatest_common_divisor isfinite isinf isnan lcm least
least_common_multiple lgamma ln log log10 log2 mod multiply nextafter pi pow power radians round round_even
roundbankers sign signbit sin sinh sqrt subtract tan tanh trunc xor
array_to_string ascii bar base64 bit_length char_length character_length chr concat concat_ws contains
damerau_levenshtein decode encode ends_with format format_bytes from_base64 from_hex hamming hash hex ilike_escape
instr jaccard jaro_similarity jaro_winkler_similarity lcase left left_grapheme length length_grapheme levenshtein
like_escape lower lpad ltrim md5 md5_number mismatches nfc_normalize not_ilike_escape not_like_escape octet_length
ord overlay parse_dirname parse_filename position prefix printf regexp_escape regexp_extract regexp_extract_all
regexp_full_match regexp_matches regexp_replace regexp_split_to_array repeat replace reverse right right_grapheme
rpad rtrim sha1 sha256 split split_part starts_with str_split str_split_regex string_split string_split_regex
string_to_array strip_accents strlen strpos substr substring substring_grapheme suffix to_base64 to_hex translate
trim ucase unhex unicode upper url_decode url_encode
apply array_append array_apply array_cat array_concat array_contains array_distinct array_extract array_filter
array_has array_has_all
array_has_any array_intersect array_length array_position array_prepend array_reverse array_slice array_sort
array_transform array_unique array_value cardinality element_at filter flatten generate_series len list_append
list_apply list_avg list_cat
list_concat list_contains list_count list_distinct list_element list_entropy list_extract list_filter list_first
list_has list_has_all list_has_any list_histogram list_indexof list_intersect list_last list_mad list_max
list_median list_min list_mode list_pack list_position list_prepend list_product list_reduce list_resize
list_reverse list_reverse_sort list_select list_slice list_sort list_stddev_pop list_stddev_samp list_sum
list_transform list_unique list_value list_var_pop list_var_samp list_where list_zip map map_concat map_contains
map_entries map_extract map_extract_value map_from_entries map_keys map_values range row struct_concat
struct_contains struct_extract struct_extract_at struct_insert struct_keys struct_pack struct_update struct_values
unnest
from_json json json_array json_array_length json_contains json_each json_exists json_extract json_extract_path
json_extract_path_text json_extract_string json_keys json_merge_patch json_object json_quote json_structure
json_transform json_tree json_type json_valid json_value row_to_json to_json
age century date_add date_diff date_part date_sub date_trunc datediff datepart datesub datetrunc day dayname
dayofmonth dayofweek dayofyear days_in_month decade epoch epoch_ms epoch_ns epoch_us era hour isodow isoyear julian
last_day make_date make_time make_timestamp microsecond millennium millisecond minute month monthname nanosecond
quarter second strftime strptime time_bucket to_centuries to_days to_decades to_hours to_microseconds to_millennia
to_milliseconds to_minutes to_months to_quarters to_seconds to_weeks to_years try_strptime week weekday weekofyear
year yearweek
constant_or_null if nullif typeof
any_value approx_count_distinct arbitrary arg_max arg_max_null arg_min arg_min_null argmax argmin array_agg avg
bit_and bit_or bit_xor bool_and bool_or corr count count_if count_star countif covar_pop covar_samp entropy favg
first fsum geomean geometric_mean group_concat histogram histogram_exact json_group_array json_group_object
kahan_sum kurtosis kurtosis_pop last list listagg mad max max_by mean median min min_by mode product quantile
quantile_cont quantile_disc regr_avgx regr_avgy regr_count regr_intercept regr_r2 regr_slope regr_sxx regr_sxy
regr_syy sem skewness stddev stddev_pop stddev_samp string_agg sum sumkahan var_pop var_samp variance wavg
weighted_avg
cume_dist dense_rank first_value lag last_value lead nth_value ntile percent_rank rank rank_dense row_number
"""
FUNCTIONS = frozenset(_PURE.split())  # their answer is made of their arguments alone, on every run and machine
_CLOCK = frozenset({"current_date", "current_time", "current_timestamp", "localtime", "localtimestamp"})
_IDENTITY = frozenset(
    {"current_catalog", "current_database", "current_role", "current_schema", "current_user", "session_user", "user"}
)
_CHANGES = "is refused: its answer is not made of the data alone"
_TABLE_REFS = frozenset({"BASE_TABLE", "SUBQUERY", "JOIN", "TABLE_FUNCTION", "EXPRESSION_LIST", "PIVOT"})
_WORD = re.compile(r"[a-z_][a-z0-9_]*")


class Refused(Exception):
    """The SQL says something that a check may not say; on which of its lines, where that is known."""

    def __init__(self, message: str, line: int | None = None) -> None:
        super().__init__(message)
        self.line = line


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
        _examine_function(connection, node, sql)
    _examine_names(nodes, _catalogue(connection))
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
    if node.get("ref_type") == "POSITIONAL":
        raise Refused("a positional join follows the order of the file; join on sample_id")
    _examine_columns(node)


def _examine_columns(node: dict[str, Any]) -> None:
    names = [str(name).lower() for name in node.get("column_names") or ()]
    if len(names) == 1 and names[0] in _CLOCK | _IDENTITY:
        raise Refused(f"{names[0]} {_CHANGES}")
    if names[-1:] == ["rowid"] or "rowid" in map(str.lower, node.get("using_columns") or ()):
        raise Refused(f"rowid {_CHANGES}; use sample_id")


def _examine_function(connection: duckdb.DuckDBPyConnection, node: dict[str, Any], sql: str) -> None:
    name = str(node.get("function_name", "")).lower()
    if name in FUNCTIONS and not (name == "age" and len(node.get("arguments", ())) != 2):
        return
    if name:
        found = connection.execute("select 1 from duckdb_functions() where function_name = $name", {"name": name})
        known = name in FUNCTIONS or found.fetchone() is not None
        reason = f"{name} {_CHANGES}" if known else f'unknown function "{name}".{did_you_mean(name, FUNCTIONS)}'
        raise Refused(reason, _line(node, sql))


def _line(node: dict[str, Any], sql: str) -> int | None:
    at = node.get("query_location")
    return sql.encode()[:at].count(b"\n") + 1 if isinstance(at, int) and at <= len(sql.encode()) else None


def _examine_table_function(node: dict[str, Any]) -> None:
    name = str((node.get("function") or {}).get("function_name", "")).lower()
    if name not in TABLE_FUNCTIONS:
        allowed = ", ".join(sorted(TABLE_FUNCTIONS))
        raise Refused(f"table function {name} is refused; a check reads tables, and may use {allowed}")


def _tables(connection: duckdb.DuckDBPyConnection) -> set[str]:
    found = connection.execute("select table_name from duckdb_tables() where not internal and not temporary")
    return {str(row[0]).lower() for row in found.fetchall()}


def _catalogue(connection: duckdb.DuckDBPyConnection) -> set[str]:
    """Return every name that could open a table or a view, DuckDB's own among them."""
    names = "select table_name from duckdb_tables() union select view_name from duckdb_views()"
    return {str(row[0]).lower() for row in connection.execute(names).fetchall()}


def _examine_names(nodes: list[dict[str, Any]], taken: Collection[str]) -> None:
    """Refuse a name that hides a table: outside its scope it would open that table, whatever `reads` says."""
    for name in (*_own_names(nodes), *_aliases(nodes)):
        if name in taken:
            raise Refused(f'the name "{name}" belongs to a table; give the query\'s own table another one')


def _own_names(nodes: list[dict[str, Any]]) -> set[str]:
    keys = [item["key"] for node in nodes for item in (node.get("cte_map") or {}).get("map", [])]
    return {str(key).lower() for key in (*keys, *(node["cte_name"] for node in nodes if node.get("cte_name")))}


def _aliases(nodes: list[dict[str, Any]]) -> Iterator[str]:
    for node in nodes:
        alias = str(node.get("alias") or "").lower()
        if node.get("type") in _TABLE_REFS and "class" not in node and alias != str(node.get("table_name")).lower():
            yield alias


def _examine_tables(nodes: list[dict[str, Any]], tables: Collection[str], reads: Collection[str] | None) -> None:
    own = _own_names(nodes)
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
