"""Check SQL is judged in a child process that can neither read files, write, nor hang the job."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import duckdb
import pytest
from tunegate.errors import CheckError, StoreError
from tunegate.judge_child import database_fault
from tunegate.judge_sql import Query, SqlJudge
from tunegate.verdict import Measurement, Place

SCHEMA = """
create table sources (source varchar, role varchar, bytes bigint, sha256 varchar);
create table records (record_id bigint, source varchar, line bigint, byte_offset bigint, byte_length bigint,
    fingerprint varchar, reason varchar);
create table samples (sample_id bigint, format varchar, category varchar);
create table messages (sample_id bigint, turn integer, part varchar, role varchar, content varchar);
create type fault as enum ('blank', 'missing');
create table signal_blanks (sample_id bigint, blank_turns uinteger, kind fault);
insert into sources values ('a.jsonl', 'data', 10, 'aa'), ('test.jsonl', 'eval', 10, 'bb');
insert into records values
    (0, 'a.jsonl', 1, 0, 1, repeat('0', 32), null),
    (1, 'a.jsonl', 2, 1, 1, repeat('1', 32), null),
    (2, 'a.jsonl', 4, 2, 1, repeat('2', 32), 'not a record'),
    (3, 'a.jsonl', 5, 3, 1, repeat('3', 32), null),
    (4, 'test.jsonl', 1, 0, 1, repeat('4', 32), null);
insert into samples values (0, 'messages', 'refunds'), (1, 'messages', 'refunds'), (3, 'text', null),
    (4, 'messages', 'refunds');
insert into messages values
    (0, 0, 'main', 'user', 'my number is 555-0100'), (0, 1, 'main', 'assistant', 'ok'),
    (1, 0, 'main', 'user', 'secret words'), (3, 0, 'main', 'text', 'plain'), (4, 0, 'main', 'user', 'x');
insert into signal_blanks values (0, 1, 'blank'), (1, 0, null), (3, 2, 'missing');
"""


def make_store(folder: Path) -> Path:
    path = folder / "store.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute(SCHEMA)
    return path


@pytest.fixture
def store(tmp_path: Path) -> Path:
    return make_store(tmp_path)


@pytest.fixture(scope="module")
def judge(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SqlJudge]:
    store = make_store(tmp_path_factory.mktemp("judge"))
    with SqlJudge(store, timeout_s=20, memory_limit="200MB") as judge:
        yield judge


def rows(sql: str, **more: object) -> Query:
    return Query("rows", sql, **more)  # type: ignore[arg-type]


def value(sql: str, **more: object) -> Query:
    return Query("value", sql, **more)  # type: ignore[arg-type]


EVERY_SAMPLE = rows("select sample_id from samples")


# What rows find


def test_every_offender_of_the_data_is_listed_once_with_its_place_in_record_order(judge: SqlJudge):
    answer = judge.judge(rows("select sample_id from messages where role <> 'system' order by sample_id desc"))
    assert (answer.population, answer.offenders, answer.failing) == (3, 3, 3)  # 4 is no data, 2 no sample
    assert [(row.sample_id, row.source, row.line, row.fingerprint) for row in answer.rows] == [
        (0, "a.jsonl", 1, "0" * 32),
        (1, "a.jsonl", 2, "1" * 32),
        (3, "a.jsonl", 5, "3" * 32),
    ]


def test_an_offender_outside_the_population_does_not_count(judge: SqlJudge):
    population = "select sample_id from samples where format <> 'text'"
    answer = judge.judge(rows("select sample_id from samples", population=population))
    assert (answer.population, [row.sample_id for row in answer.rows]) == (2, [0, 1])


def test_a_population_counts_a_sample_once(judge: SqlJudge):
    answer = judge.judge(rows("select 0 as sample_id", population="select sample_id from messages"))
    assert (answer.population, answer.offenders) == (3, 1)


def test_an_unreadable_record_is_an_offender_with_its_reason(judge: SqlJudge):
    unreadable = "select record_id as sample_id from records where reason is not null"
    answer = judge.judge(rows(unreadable, population="records"))
    assert (answer.population, answer.offenders) == (4, 1)
    assert (answer.rows[0].line, answer.rows[0].reason) == (4, "not a record")


def test_an_empty_population_and_no_offender_are_answers(judge: SqlJudge):
    nobody = "select sample_id from samples where false"
    assert judge.judge(rows("select sample_id from samples", population=nobody)).population == 0
    assert judge.judge(rows(nobody)).rows == ()


def test_of_several_rows_about_one_sample_the_failing_one_is_shown(judge: SqlJudge):
    answer = judge.judge(
        rows("""select * from (values (0, 'warn', 1), (0, 'fail', 9), (0, 'fail', 7), (1, 'warn', 2))
                as found(sample_id, severity, turn)""")
    )
    assert (answer.offenders, answer.failing) == (2, 1)
    assert [row.detail for row in answer.rows] == [
        {"severity": "fail", "turn": 7},
        {"severity": "warn", "turn": 2},
    ]


def test_detail_shows_numbers_truths_enumerated_words_and_quoted_words(judge: SqlJudge):
    answer = judge.judge(
        rows("""select sample_id, blank_turns, kind, blank_turns > 1 as many, 1.5::decimal(4, 2) as share,
                case when blank_turns > 1 then 'often' end as how, null as nothing, 0.1 + 0.2::double as total
                from signal_blanks where blank_turns > 0""")
    )
    assert answer.rows[0].detail == {
        "blank_turns": 1,
        "kind": "blank",
        "many": False,
        "share": 1.5,
        "how": None,
        "nothing": None,
        "total": 0.3,
    }
    assert answer.rows[1].detail["how"] == "often"


def test_a_sample_id_in_the_detail_becomes_a_place(judge: SqlJudge):
    answer = judge.judge(rows("select 1 as sample_id, 4 as twin_sample_id union all select 3, null"))
    assert answer.rows[0].detail == {"twin": Place("test.jsonl", 1)}
    assert answer.rows[1].detail == {"twin": None}


def test_parameters_reach_the_query_they_are_named_in(judge: SqlJudge):
    found = judge.judge(
        rows(
            "select sample_id from samples where category = $topic",
            population="select sample_id from samples where sample_id < $last",
            params={"topic": "refunds", "last": 1},
        )
    )
    assert (found.population, found.offenders) == (1, 1)


def test_all_of_many_offenders_arrive(store: Path):
    with duckdb.connect(str(store)) as connection:
        connection.execute("insert into records select i, 'a.jsonl', i, 0, 1, md5(i::varchar), null"
                           " from range(10, 5010) t(i)")  # fmt: skip
        connection.execute("insert into samples select i, 'text', null from range(10, 5010) t(i)")
    with SqlJudge(store) as judge:
        answer = judge.judge(rows("select sample_id from samples where sample_id >= 10"))
    assert answer.offenders == 5000
    assert [row.sample_id for row in answer.rows] == list(range(10, 5010))


# What values measure


def test_a_value_comes_with_its_count_interval_and_detail(judge: SqlJudge):
    answer = judge.judge(value("select 1 / 3 as value, 3 as n, 0.1 as lower, 0.9 as upper, 'most' as kind"))
    (row,) = answer.slices
    assert row == (None, Measurement(0.333333333333, 3, 0.1, 0.9), {"kind": "most"})


def test_slices_come_ordered_by_name_and_hide_what_is_no_label(judge: SqlJudge):
    answer = judge.judge(
        value("""select * from (values (1, 1, 'refunds', 'ann@example.org'), (2, 2, '555-0100-22', 'billing'),
                 (3, 3, null, null)) as measured(value, n, slice, label)""")
    )
    assert [(row.name, row.measurement.n, row.detail["label"]) for row in answer.slices] == [
        ("(withheld)", 2, "billing"),
        ("refunds", 1, "(withheld)"),
        ("(none)", 3, "(none)"),
    ]


def test_a_piece_of_text_never_names_a_slice_and_withheld_slices_stay_apart(judge: SqlJudge):
    answer = judge.judge(
        value("""select content[1:40] as slice, content[1:6] as label, count(*) as value, count(*) as n
                 from messages group by all""")
    )
    assert [(row.name, row.measurement.n, dict(row.detail)) for row in answer.slices] == [
        ("(withheld)", 1, {"label": "(withheld)"})
    ] * 5


def test_a_label_of_the_data_or_a_word_of_the_query_names_a_slice(store: Path):
    with duckdb.connect(str(store)) as connection:
        connection.execute("create table signal_balance (axis varchar, cell varchar)")
        connection.execute("insert into signal_balance values ('category * split', 'refunds * test')")
        connection.execute("update messages set content = 'refunds * test' where sample_id = 1")
    with SqlJudge(store) as judge:
        answer = judge.judge(
            value("""select 1 as value, 1 as n, unnest([
                  (select min(category) from samples), (select min(format) from samples), (select max(axis) from signal_balance),
                  (select max(cell) from signal_balance), (select min(source) from sources), 'a word', '', null,
                  (select content from messages where sample_id = 3)]) as slice""")
        )
        assert [row.name for row in answer.slices] == [
            "(blank)", "a word", "a.jsonl", "category * split", "messages", "(withheld)", "refunds", "refunds * test",
            "(none)",
        ]  # fmt: skip
        enumerated = judge.judge(
            value("select kind as slice, 1 as value, 1 as n from signal_blanks where kind is not null")
        )
        assert [row.name for row in enumerated.slices] == ["blank", "missing"]


def test_columns_of_detail_and_slices_are_counted_out(judge: SqlJudge):
    columns = ", ".join(f"{i} as x{i}" for i in range(17))
    with pytest.raises(CheckError, match="shows 17 columns of detail, more than 16"):
        judge.judge(rows(f"select sample_id, {columns} from samples"))
    with pytest.raises(CheckError, match="gives 10,001 slices, more than 10,000"):
        judge.judge(value("select i as value, 1 as n, i::varchar as slice from range(10001) t(i)"))
    assert (
        len(judge.judge(value("select i as value, 1 as n, i::varchar as slice from range(10000) t(i)")).slices) == 10000
    )


def test_a_value_query_without_rows_measures_nothing(judge: SqlJudge):
    assert judge.judge(value("select 1 as value, 1 as n where false")).slices == ()


@pytest.mark.parametrize("number", ["'nan'::double", "'inf'::double", "-'inf'::float"])
def test_a_value_is_never_nan_or_infinite(judge: SqlJudge, number: str):
    with pytest.raises(CheckError, match="not a finite number"):
        judge.judge(value(f"select {number} as value, 1 as n"))
    with pytest.raises(CheckError, match="detail column x holds a number that is not finite"):
        judge.judge(rows(f"select sample_id, {number} as x from samples"))


@pytest.mark.parametrize(
    ("sql", "message"),
    [
        ("select 1 as value", "no column n"),
        ("select 1 as n", "no column value"),
        ("select 'x' as value, 1 as n", "column value is no number"),
        ("select 1 as value, 1.5 as n", "column n is no integer"),
        ("select 1 as value, -1 as n", "n is null or negative"),
        ("select 1 as value, null::int as n", "n is null or negative"),
        ("select sample_id as value, 1 as n from samples", "gives 4 values; name them in a column slice"),
        ("select 1 as value, 2 as n, 3 as lower, 1 as upper", "lower is above upper"),
        ("select 1 as value, 1 as n, content as word from messages limit 1", "holds input text"),
    ],
)
def test_a_value_query_of_the_wrong_shape_says_what_is_wrong(judge: SqlJudge, sql: str, message: str):
    with pytest.raises(CheckError, match=message):
        judge.judge(value(sql))


# What is wrong with a check


@pytest.mark.parametrize(
    ("sql", "message"),
    [
        ("select category from samples", "selects no column sample_id"),
        ("select format as sample_id from samples", "sample_id is no integer"),
        ("select null::bigint as sample_id from samples", "4 rows have a null sample_id"),
        ("select 99 as sample_id", "sample_id 99 is no record"),
        ("select sample_id, 77 as twin_sample_id from samples", "twin_sample_id 77 is no record"),
        ("select sample_id, 'low' as severity from samples", "severity is something else"),
        ("select sample_id, min(turn) from messages group by 1", "no plain name"),
        ("select sample_id, 1 as turn, 2 as turn from samples", "no plain name"),
        ("select sample_id, 1 as twin, 1 as twin_sample_id from samples", "two columns are called twin"),
        ("select sample_id, [1] as turns from samples", r"is INTEGER\[\]; show a number"),
        ("select sample_id, date '2020-01-01' as day from samples", "is DATE; show a number"),
        ("select sample_id, $limit from samples", r"\$limit is not declared in params"),
        ("select sample_id from", "syntax error at or near"),
        ("", "0 statements found"),
        ("-- nothing", "0 statements found"),
    ],
)
def test_a_malformed_query_says_what_is_wrong(judge: SqlJudge, sql: str, message: str):
    with pytest.raises(CheckError, match=message):
        judge.judge(rows(sql))


@pytest.mark.parametrize(
    ("sql", "message"),
    [
        ("select sampel_id from samples", 'unknown column "sampel_id". Did you mean "sample_id"?'),
        ("select s.sampel_id from samples s", 'unknown column "sampel_id". Did you mean "sample_id"?'),
        ("select t.sample_id from samples s", 'unknown table "t".'),
        ("select lengthh(category) from samples", 'unknown function "lengthh". Did you mean "length"?'),
    ],
)
def test_an_unknown_name_is_placed_in_the_file_with_a_suggestion(judge: SqlJudge, sql: str, message: str):
    query = rows("select 1,\n" + sql.removeprefix("select "), file="Q103-x.yaml", lines={"query": 12})
    with pytest.raises(CheckError) as caught:
        judge.judge(query)
    assert str(caught.value) == f"Q103-x.yaml line 13: {message}"


def test_an_unknown_table_is_placed_where_the_query_begins(judge: SqlJudge):
    with pytest.raises(CheckError) as caught:
        judge.judge(rows("select sample_id from sampels", file="Q103-x.yaml", lines={"query": 12}))
    assert str(caught.value) == 'Q103-x.yaml line 12: unknown table "sampels". Did you mean "samples"?'


def test_a_fault_in_the_population_is_placed_there(judge: SqlJudge):
    query = rows(
        "select sample_id from samples",
        population="select sampel_id from samples",
        file="Q103-x.yaml",
        lines={"query": 12, "population": 9},
    )
    with pytest.raises(CheckError, match=r"^Q103-x\.yaml line 9: unknown column"):
        judge.judge(query)


@pytest.mark.parametrize("population", ["select null::int as sample_id", "select 99 as sample_id", "select 1"])
def test_a_population_of_unknown_ids_is_an_error(judge: SqlJudge, population: str):
    with pytest.raises(CheckError, match=r"^population: "):
        judge.judge(rows("select sample_id from samples", population=population))


def test_a_table_that_the_check_does_not_declare_is_refused(judge: SqlJudge):
    with pytest.raises(CheckError, match='"samples" is not listed in reads'):
        judge.judge(rows("select sample_id from samples", reads=("messages",)))
    with pytest.raises(CheckError, match='unknown table "mesages"'):
        judge.judge(rows("select sample_id from mesages", reads=("messages",)))
    own_name = "with late as (select sample_id from messages where turn > 0) select sample_id from late"
    assert judge.judge(rows(own_name, reads=("messages",))).offenders == 1


@pytest.mark.parametrize(
    "sql",
    [
        "select m.sample_id from (with messages as (select 1 as a) select * from messages) q, messages m",
        "with sources as (select 0 as sample_id) select sample_id from sources",
        "select sample_id from (with recursive samples as (select 0 as sample_id) select * from samples) x",
        "with Messages as (select 1 as a) select 0 as sample_id from (with x as (select 2) select * from x) y",
        "with x as (with messages as (select 1) select 1) select sample_id from messages",
        "select (with messages as (select 1 as a) select a from messages) as sample_id from messages",
        "with signal_blanks as (select 1) select sample_id from signal_blanks",
        "select messages.sample_id from (select 0 as sample_id) messages",
        "select 0 as sample_id from sources as samples",
        "select 0 as sample_id from range(1) messages(i)",
        "with pg_settings as (select 1 as a) select 0 as sample_id from (select 1) q, pg_settings",
        "select 0 as sample_id from (with duckdb_columns as (select 1) select 1) q, duckdb_columns d",
        "with sqlite_master as (select 1) select 0 as sample_id from sqlite_master",
        "with schemata as (select 1) select 0 as sample_id from schemata",
    ],
)
def test_a_name_of_the_query_never_hides_a_table(judge: SqlJudge, sql: str):
    with pytest.raises(CheckError, match=r'the name "[a-zA-Z_]+" belongs to a table'):
        judge.judge(rows(sql, reads=("sources",)))


def test_a_table_of_the_query_is_read_only_where_it_is_in_scope(judge: SqlJudge):
    with pytest.raises(CheckError):
        judge.judge(rows("select 0 as sample_id from (with mine as (select 1) select 1) q, mine", reads=("sources",)))
    assert judge.judge(rows("select messages.sample_id from messages as messages")).offenders == 3


@pytest.mark.parametrize(
    "expression",
    [
        "age(date '2020-01-01') > interval 1 day", "current_user = 'x'", "session_user = 'x'", "user = 'x'",
        "current_role = 'x'", "current_catalog = 'x'", "current_schema = 'x'", "current_database() = 'x'",
        "current_schema() = 'x'", "current_user() = 'x'", "version() = 'x'", "samples.rowid > 1", "rowid > 1",
        "main.now() is null", "pg_sleep(1) is null", "pg_postmaster_start_time() is null", "ago(interval 1 day) is null",
        "list_aggregate([1], 'reservoir_quantile', 0.5) > 1", "typeof(json_serialize_sql('select 1')) = 'x'",
        "sample_id in (select s.sample_id from samples s join samples t using (rowid))",
        "exists (select random())", "list_transform([1], lambda x: random())[1] > 0",
    ],
)  # fmt: skip
def test_what_is_not_made_of_the_data_alone_is_refused(judge: SqlJudge, expression: str):
    with pytest.raises(CheckError, match="not made of the data alone"):
        judge.judge(rows(f"select sample_id from samples where {expression}"))


@pytest.mark.parametrize(
    "expression",
    [
        "category like 'a%' and category not like '_b' or category ilike 'c'", "category ~ 'a.*'", "category similar to 'a'",
        "category[1:2] || 'x' = concat(category, 'y')", "sample_id between -1 and 5 % 3 and sample_id in (1, 2)",
        "[1, 2][1] = 1 and {'a': 1}.a = 1 and map {'a': 1}['a'] = 1", "age(date '2020-01-02', date '2020-01-01') > interval 1 day",
        "extract(year from date '2020-01-01') = 2020", "date '2020-01-01' + interval 1 month > date '2020-01-01'",
        "coalesce(category, 'x') is distinct from nullif(category, 'y')", "case when category is null then true else false end",
        "json_extract_string('{}', '$.a') is null and '{}'::json ->> 'a' is null", "try_cast(category as integer) is null",
        "regexp_extract(trim(lower(category)), '(a)', 1) = 'a'", "len(list_filter([1, 2], lambda x: x > 1)) = 1",
        "list_sum([x + 1 for x in [1, 2]]) = 5", "(1, 2) = (1, 2)", "position('a' in category) > 0", "5 // 2 = 2 and 2 ** 3 = 8 and 4! = 24",
        "sample_id in (select quantile_cont(sample_id, 0.5)::bigint from samples)", "if(true, true, false)",
        "sample_id = any(select sample_id from samples)", "ifnull(category, 'x') glob 'x*'", "not (1 & 3 | 2 << 1) = 0",
    ],
)  # fmt: skip
def test_ordinary_expressions_are_accepted(judge: SqlJudge, expression: str):
    judge.judge(rows(f"select sample_id from samples where {expression}"))


def test_aggregates_and_windows_are_accepted(judge: SqlJudge):
    judge.judge(
        value("""select count(*) as n, fsum(sample_id) + sum(sample_id) + avg(sample_id) + median(sample_id) + mode(sample_id)
                   + entropy(category) + stddev(sample_id) + max(sample_id) filter (where sample_id > 0)
                   + cardinality(histogram(sample_id)) + len(list(sample_id order by sample_id)) + arg_max(sample_id, sample_id)
                   + len(string_agg(category, ',' order by sample_id)) + any_value(1) + bool_or(true)::int as value from (
                   select *, row_number() over w, rank() over w, dense_rank() over w, lag(sample_id, 1) over w,
                     lead(sample_id) over w, first_value(sample_id) over w, ntile(2) over w, percent_rank() over w,
                     cume_dist() over w, nth_value(sample_id, 1) over w
                   from samples window w as (order by sample_id))""")
    )


# What leaves the judge


@pytest.mark.parametrize(
    "sql",
    [
        "select sample_id, content from messages",
        "select sample_id, role as role from messages",  # a role name can be a person's
        "select sample_id, 'plain' || content as text from messages",
        "select sample_id, {'a': content} as text from messages",
        "select sample_id, encode(content) as bytes from messages",
        "select sample_id, [content] as text from messages",
    ],
)
def test_input_text_never_becomes_detail(judge: SqlJudge, sql: str):
    with pytest.raises(CheckError, match="detail column") as caught:
        judge.judge(rows(sql))
    assert "555" not in str(caught.value)


@pytest.mark.parametrize(
    "sql",
    [
        "select sample_id from messages where content::integer > 1",
        "select sample_id from messages where error(content)",
        "select sample_id from messages where strptime(content, '%Y') is null",
        "select content::enum('a') as sample_id from messages",
        "select sample_id from messages where json_extract(content, '$.a') is null",
    ],
)
def test_an_error_never_quotes_input_text(judge: SqlJudge, sql: str):
    with pytest.raises(CheckError) as caught:
        judge.judge(rows(sql))
    assert not any(word in str(caught.value) for word in ("555", "secret", "plain", "ok"))


def test_a_column_name_made_of_input_text_is_refused(judge: SqlJudge):
    with pytest.raises(CheckError, match="no plain name"):
        judge.judge(rows('select sample_id, 1 as "Ann Example" from samples'))


# Ten attacks, and some more

OUTSIDE = "select 0 as sample_id from "


def attacks(folder: Path) -> dict[str, tuple[str, str]]:
    """What is tried, and how it ends."""
    select = "a check is one SELECT"
    function = "table function .* is refused"
    place = "stands where a table belongs"
    changing = "not made of the data alone"
    return {
        "read a file": (f"{OUTSIDE} read_text('{folder}/secret.txt')", function),
        "write": ("insert into samples values (99, 'x', 'x')", f"INSERT is refused; {select}"),
        "attach": (f"attach '{folder}/other.duckdb'", f"ATTACH is refused; {select}"),
        "copy": (f"copy samples to '{folder}/copy.csv'", f"COPY is refused; {select}"),
        "install": ("install httpfs", f"LOAD is refused; {select}"),
        "pragma": ("pragma database_list", f"PRAGMA is refused; {select}"),
        "python variable": (f"{OUTSIDE} settings", 'unknown table "settings"'),
        "endless join": (
            f"{OUTSIDE} range(1000000000) a join range(1000000000) b on hash(a) = hash(b) + 1",
            "stopped after 1 s",
        ),
        "repeat": ("select length(repeat('x', 4000000000)) as sample_id", "more than 100MB of memory"),
        "second statement": ("select sample_id from samples; select 1", f"2 statements found; {select}"),
        "read a file by name": (f"{OUTSIDE} '{folder}/secret.txt'", place),
        "read the store's own file": (f"{OUTSIDE} read_blob('{folder}/store.duckdb')", function),
        "read the store's file by name": (f"{OUTSIDE} '{folder}/store.duckdb'", place),
        "list files": (f"{OUTSIDE} glob('/*')", function),
        "write in a common table": (
            "with x as (delete from samples returning sample_id) select * from x",
            f"DELETE is refused; {select}",
        ),
        "read the judge's own table": (f"{OUTSIDE} judge_members", 'unknown table "judge_members"'),
        "settings": (f"{OUTSIDE} duckdb_settings()", function),
        "settings by schema": (f"{OUTSIDE} information_schema.tables", "named with a schema"),
        "settings by view": (f"{OUTSIDE} pg_settings", 'unknown table "pg_settings"'),
        "a setting": ("select current_setting('temp_directory')::bigint as sample_id", changing),
        "set": ("set threads = 4", f"SET is refused; {select}"),
        "environment": ("select getenv('HOME')::bigint as sample_id", 'unknown function "getenv"'),
        "query from text": (f"{OUTSIDE} query('select * from samples')", function),
        "table from text": (f"{OUTSIDE} query_table('samples')", function),
        "memory address": (f"{OUTSIDE} arrow_scan(1, 2, 3)", function),
        "python function": (f"{OUTSIDE} python_map_function((select 1), 1, 2)", function),
        "logging": (f"{OUTSIDE} enable_logging()", function),
        "checkpoint": (f"{OUTSIDE} checkpoint()", function),
        "export": (f"export database '{folder}/out'", f"EXPORT is refused; {select}"),
        "describe": ("describe samples", "DESCRIBE and SUMMARIZE are refused"),
        "explain": ("explain analyze select sample_id from samples", f"EXPLAIN is refused; {select}"),
        "create": ("create macro f() as 1", f"CREATE is refused; {select}"),
        "close the bracket": ("select sample_id from samples) union (select 99", "syntax error"),
        "close the bracket and comment": ("select sample_id from samples) --", "syntax error"),
        "open a comment": ("select sample_id from samples /*", "unterminated"),
        "random": ("select sample_id from samples where random() > 0.5", changing),
        "sample": ("select sample_id from samples using sample 1", "sampling changes"),
        "clock": ("select sample_id from samples where current_date > date '2020-01-01'", changing),
        "clock function": ("select sample_id from samples where year(now()) > 2000", changing),
        "deep nesting": ("select " + "(" * 3000 + "1" + ")" * 3000 + " as sample_id", "nested too deep"),
    }


@pytest.fixture(scope="module")
def strict_judge(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[SqlJudge, Path]]:
    store = make_store(tmp_path_factory.mktemp("attacked"))
    (store.parent / "secret.txt").write_text("555")
    with SqlJudge(store, timeout_s=1, memory_limit="100MB") as judge:
        yield judge, store


@pytest.mark.parametrize("attack", list(attacks(Path())))
def test_an_attack_is_refused_or_stopped_and_the_next_check_is_judged(strict_judge: tuple[SqlJudge, Path], attack: str):
    judge, store = strict_judge
    before = store.read_bytes()
    sql, end = attacks(store.parent)[attack]
    for query in (rows(sql), value(sql), rows("select sample_id from samples", population=sql)):
        started = time.monotonic()
        with pytest.raises(CheckError, match=end) as caught:
            judge.judge(query)
        assert time.monotonic() - started < 20  # a wide margin for a busy machine; the limit is 1 s
        assert "\n" not in str(caught.value)
        assert judge.judge(EVERY_SAMPLE).offenders == 3
    assert store.read_bytes() == before
    left = {path.name for path in store.parent.iterdir() if ".spill-" not in path.name}
    assert left == {"secret.txt", "store.duckdb"}


def test_a_trailing_comment_or_semicolon_is_no_attack(judge: SqlJudge):
    assert judge.judge(rows("select sample_id from samples; -- all")).offenders == 3
    assert judge.judge(rows("(select sample_id from samples) /* ) */")).offenders == 3


def test_too_long_a_query_says_after_how_long_it_was_stopped(store: Path):
    with SqlJudge(store, timeout_s=0.5) as judge, pytest.raises(CheckError, match=r"stopped after 0\.5 s"):
        judge.judge(rows(attacks(Path())["endless join"][0]))


def test_listing_what_was_found_has_a_time_limit_of_its_own(store: Path, monkeypatch: pytest.MonkeyPatch):
    with duckdb.connect(str(store)) as connection:
        connection.execute("insert into records select i, 'a.jsonl', i, 0, 1, md5(i::varchar), null"
                           " from range(10, 300010) t(i)")  # fmt: skip
        connection.execute("insert into samples select i, 'text', null from range(10, 300010) t(i)")
    with SqlJudge(store) as judge:
        assert len(judge.judge(EVERY_SAMPLE).rows) == 300003
        monkeypatch.setattr(
            "tunegate.judge_sql.ANSWER_SECONDS", 0.01
        )  # a limit of its own, however long the query's is
        with pytest.raises(CheckError, match=r"what it found took longer than 0\.01 s"):
            judge.judge(EVERY_SAMPLE)


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (duckdb.IOException("IO Error: No space left on device: /secret"), "no space is left on the disk (DuckDB IO)"),
        (duckdb.IOException('Could not set lock on file "secret"'), "another process has it open (DuckDB IO)"),
        (
            duckdb.ConversionException("Could not convert 'secret'"),
            "a value does not fit the type of its column (DuckDB Conversion)",
        ),
        (duckdb.OutOfMemoryException("secret"), "it needs more memory than it may use (DuckDB OutOfMemory)"),
        (duckdb.BinderException("secret"), "the database failed (DuckDB Binder)"),
        (duckdb.Error("secret"), "the database failed (DuckDB Error)"),
    ],
)
def test_a_fault_of_the_database_is_told_in_fixed_words(error: duckdb.Error, said: str):
    assert database_fault(error) == said


def test_too_much_memory_says_how_much_there_is(store: Path):
    with SqlJudge(store, memory_limit="64MB") as judge, pytest.raises(CheckError, match="more than 64MB"):
        judge.judge(rows("select len(list(i)) as sample_id from range(50000000) t(i)"))


def test_too_large_an_answer_is_stopped(store: Path):
    with SqlJudge(store, max_answer_bytes=150) as judge:
        with pytest.raises(CheckError, match="the answer is larger than 150 bytes"):
            judge.judge(EVERY_SAMPLE)
        with pytest.raises(CheckError, match="the answer is larger than 150 bytes"):
            judge.judge(EVERY_SAMPLE)


def test_a_query_that_spills_leaves_nothing_behind_when_it_is_killed(store: Path):
    endless = "select i as sample_id from range(99000000) t(i) order by md5(i::varchar)"
    with SqlJudge(store, timeout_s=1.5, memory_limit="64MB") as judge:
        with pytest.raises(CheckError):
            judge.judge(rows(endless))
        assert sorted(path.name for path in store.parent.iterdir()) == ["store.duckdb"]


def test_a_child_that_died_idle_is_replaced(store: Path):
    before = set(children(os.getpid()))
    with SqlJudge(store) as judge:
        assert judge.judge(EVERY_SAMPLE).offenders == 3
        (child,) = set(children(os.getpid())) - before
        os.kill(child, signal.SIGKILL)
        wait_until(lambda: os.waitid(os.P_PID, child, os.WEXITED | os.WNOHANG | os.WNOWAIT))
        assert judge.judge(EVERY_SAMPLE).offenders == 3


def test_the_child_ends_when_its_parent_is_killed(store: Path):
    script = (
        "import sys; from pathlib import Path; from tunegate.judge_sql import Query, SqlJudge\n"
        "SqlJudge(Path(sys.argv[1])).judge(Query('rows', sys.argv[2]))"
    )
    endless = attacks(Path())["endless join"][0]
    with subprocess.Popen([sys.executable, "-c", script, str(store), endless]) as parent:
        wait_until(lambda: children(parent.pid))
        time.sleep(0.5)  # well into the query
        (child,) = children(parent.pid)
        parent.kill()
    wait_until(lambda: not alive(child))


def children(pid: int) -> list[int]:
    return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def alive(pid: int) -> bool:
    status = Path(f"/proc/{pid}/status")
    return status.exists() and "State:\tZ" not in status.read_text()


def wait_until(holds: Callable[[], object]) -> None:
    deadline = time.monotonic() + 5
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_the_working_directory_cannot_slip_python_into_the_child(
    store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    (tmp_path / "duckdb.py").write_text("raise SystemExit('loaded from the working directory')")
    monkeypatch.chdir(tmp_path)
    with SqlJudge(store) as judge:
        assert judge.judge(EVERY_SAMPLE).offenders == 3


def test_a_store_that_cannot_be_opened_says_so(tmp_path: Path):
    (tmp_path / "broken.duckdb").write_bytes(b"no store" * 1000)
    for name in ("broken.duckdb", "missing.duckdb"):
        with SqlJudge(tmp_path / name) as judge, pytest.raises(StoreError, match=name):
            judge.judge(EVERY_SAMPLE)


def test_a_memory_limit_that_is_no_size_is_named(tmp_path: Path):
    with pytest.raises(CheckError, match="'much' is no number of KB, MB or GB"):
        SqlJudge(tmp_path, memory_limit="much")


def test_one_and_four_threads_answer_alike(store: Path):
    query = rows("select sample_id, count(*) as turns from messages group by sample_id")
    with SqlJudge(store, threads=1) as one, SqlJudge(store, threads=4) as four:
        assert one.judge(query) == four.judge(query)
