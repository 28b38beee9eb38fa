"""The cells of balance: fields, metadata and crosses."""

import json

import duckdb
import pytest
from tunegate.errors import SignalError
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


def test_numbers_and_booleans_count_as_text(connection):
    assert named(connection, "n") == [(1, "3", "3", None)]
    assert named(connection, "a/b~c") == [(1, "true", "true", None)]


def test_any_two_fields_can_be_crossed(connection):
    assert named(connection, "format*topic") == [(1, "kto * y", "kto", "y"), (2, "text * x", "text", "x")]


def test_axis_named_twice_is_counted_once(connection):
    assert rows(connection, "category", "category") == rows(connection)


@pytest.mark.parametrize(
    ("axis", "message"),
    [
        ("regoin", 'axis "regoin", but no sample has that field; name a field of the data or take the axis out'),
        ("deep", 'axis "deep", but no sample has that field; '),  # a list is no value
        ("topic*regoin", 'axis "topic*regoin", but no sample has the field "regoin"; '),
        ("regoin*topic", 'axis "regoin*topic", but no sample has the field "regoin"; '),
        ("topic*n*m", 'axis "topic*n*m", but no sample has the field "n*m"; '),
        ("difficulty*split", 'axis "difficulty*split", but no sample has both fields; take the axis out'),
    ],
)
def test_axis_that_no_sample_has_is_refused_by_its_name(connection, axis, message):
    with pytest.raises(SignalError) as caught:
        rows(connection, axis)
    assert str(caught.value).startswith(f"balance names the {message}")


def test_field_that_can_be_mapped_is_refused_with_the_option_that_maps_it(connection):
    connection.execute("update samples set difficulty = null")
    assert {row[1] for row in rows(connection)} == {"category"}
    with pytest.raises(SignalError, match=r"that field; map one with `--field difficulty=NAME` or take the axis out$"):
        rows(connection, "difficulty")


@pytest.mark.parametrize(
    ("metadata", "region"),
    [
        (r'{"note": "\ud800 x", "region": "x"}', "x"),
        (r'{"note": "\uD83D", "metadata": {"region": "x"}}', "x"),
        (r'{"note": "\ude00", "region": "\ud83d\ude00"}', "\N{GRINNING FACE}"),
        (r'{"note": "\ud83d\ud83d\ude00", "region": "C:\\ud800"}', r"C:\ud800"),
        (r'{"note": "\\\ud800", "region": "\ud800x"}', "x"),
    ],
)
def test_half_a_surrogate_pair_in_the_metadata_costs_no_field(connection, metadata, region):
    json.loads(metadata)
    connection.execute('insert into samples (sample_id, metadata) values (4, \'{"region": "y"}\'), (5, $1)', [metadata])
    assert named(connection, "region") == [(4, "y", "y", None), (5, region, region, None)]


def test_metadata_that_cannot_be_read_has_no_value(connection):
    connection.execute("insert into samples (sample_id, metadata) values (4, '{\"topic\": \"z\"'), (5, '')")
    assert [row[0] for row in named(connection, "topic")] == [1, 2]
