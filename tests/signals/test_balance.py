"""The cells of balance: fields, metadata and crosses."""

import duckdb
import pytest
from tunegate.signals import balance


@pytest.fixture
def connection():
    connection = duckdb.connect()
    connection.execute(
        "create table samples (sample_id bigint, format varchar, category varchar, difficulty varchar, "
        "split varchar, metadata varchar)"
    )
    connection.execute(
        """insert into samples values
        (2, 'text', 'b', null, 'test', '{"topic": "x", "metadata": {"topic": "hidden"}}'),
        (0, 'text', 'a', 'easy', null, null),
        (1, 'kto', 'a', 'hard', null, '{"metadata": {"topic": "y", "n": 3, "deep": [1]}, "a/b~c": true}'),
        (3, 'kto', null, 'easy', null, '{"topic": null}')"""
    )
    return connection


def rows(connection, *axes):
    return balance.measure(connection, {"axes": list(axes)} if axes else {}).rows()


def test_category_difficulty_and_their_cross_are_always_counted(connection):
    assert rows(connection) == [
        (0, "category", "a", "a", None),
        (1, "category", "a", "a", None),
        (2, "category", "b", "b", None),
        (0, "difficulty", "easy", "easy", None),
        (1, "difficulty", "hard", "hard", None),
        (3, "difficulty", "easy", "easy", None),
        (0, "category*difficulty", "a * easy", "a", "easy"),
        (1, "category*difficulty", "a * hard", "a", "hard"),
    ]


def named(connection, axis):
    return [row[:1] + row[2:] for row in rows(connection, axis) if row[1] == axis]


def test_metadata_is_read_at_the_top_then_inside_metadata(connection):
    assert named(connection, "topic") == [(1, "y", "y", None), (2, "x", "x", None)]


def test_numbers_and_booleans_count_as_text_but_lists_are_no_value(connection):
    assert named(connection, "n") == [(1, "3", "3", None)]
    assert named(connection, "a/b~c") == [(1, "true", "true", None)]
    assert named(connection, "deep") == []
    assert named(connection, "nothing") == []


def test_any_two_fields_can_be_crossed(connection):
    assert named(connection, "format*topic") == [(1, "kto * y", "kto", "y"), (2, "text * x", "text", "x")]


def test_axis_named_twice_is_counted_once(connection):
    assert rows(connection, "category", "category") == rows(connection)
