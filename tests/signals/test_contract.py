"""What every signal keeps, whatever it measures."""

import re
from importlib.resources import files
from pathlib import Path

import duckdb
import polars as pl
import pytest
from polars.testing import assert_frame_equal
from tunegate.check_file import SHARED_TABLES
from tunegate.errors import SignalError
from tunegate.signals import Batch, load, names, needs, tables
from tunegate.store_tables import column_types
from tunegate.tokens.tokenizer import load_tokenizer

GOOD = '[{"id":"1","type":"function","function":{"name":"clock","arguments":"{}"}}]'
TOOLS = '[{"name":"clock"}]'
SAMPLES = [
    [{"role": "user", "content": "Hello"}, {"role": "assistant", "content": "Hi"}],
    [],
    [{"role": "user", "content": ""}, {"role": "assistant", "content": None}],
    [{"role": "text", "content": "<|im_end|> CafÃ©"}],
    [{"role": None, "content": None}, {"role": "narrator", "content": "\u200b"}],
    [
        {"role": "user", "content": "é \x07"},
        {"role": "assistant", "content": "Oslo<|im_end|>", "reasoning": "\ufffd"},
    ],
    [
        {"role": "user", "content": "Time?"},
        {"role": "assistant", "tool_calls": GOOD},
        {"role": "tool", "content": "", "tool_call_id": "9"},
        {"role": "assistant", "content": "Noon"},
    ],
    [
        {"role": "user", "content": "1+1?"},
        {"role": "assistant", "content": "2", "part": "chosen"},
        {"role": "assistant", "content": " ", "part": "rejected"},
        {"role": "user", "content": "Sure?", "part": "rejected"},
    ],
    [{"role": "assistant", "content": "x", "part": "rejected"}],
    [{"role": "user", "content": "x", "media": '[{"type":"image"}]'}, {"role": "tool", "content": "y"}],
]
DECLARED = [None, "", "[", None, TOOLS, None, TOOLS, None, None, None]
PER_SAMPLE = [name for name in names() if hasattr(load(name), "compute")]
OVER_CORPUS = [name for name in names() if hasattr(load(name), "measure")]
OVER_SOURCES = [name for name in names() if hasattr(load(name), "measure_sources")]
OPTIONS = {  # of a run, what a signal may need
    "tokenizer": load_tokenizer(str(Path(__file__).parents[1] / "data" / "tokenizers" / "alternating")),
    "max_length": 8,
}
CORE_READS = {"samples", "messages", "records", "sources"}


def one_by_one(whole: Batch) -> list[Batch]:
    ids = whole.samples["sample_id"]
    return [Batch(*(frame.filter(pl.col("sample_id") == i) for frame in (whole.samples, whole.messages))) for i in ids]


def test_every_signal_is_of_one_kind():
    assert sorted(PER_SAMPLE + OVER_CORPUS + OVER_SOURCES) == names()


@pytest.mark.parametrize("name", names())
def test_signal_declares_what_it_reads_and_writes(name):
    signal = load(name)
    assert name == signal.NAME
    assert re.fullmatch("[a-z][a-z_]*", name)
    assert signal.VERSION >= 1
    assert all(table.removeprefix("signal_") == name or SHARED_TABLES[table] == name for table in tables(signal))
    assert all("sample_id" in columns or {"a", "b"} <= set(columns) for columns in tables(signal).values())
    made = {table for other in getattr(signal, "REQUIRES", ()) for table in tables(load(other))}
    assert set(signal.READS) <= ({"samples", "messages"} if name in PER_SAMPLE else CORE_READS | made)
    assert signal.__doc__


@pytest.mark.parametrize("name", PER_SAMPLE)
def test_signal_writes_one_row_per_sample_in_order(name, batch):
    whole = batch(*SAMPLES, tools=DECLARED)
    measured = load(name).compute(whole)
    assert measured.schema == pl.Schema(load(name).WRITES)
    assert measured["sample_id"].to_list() == whole.samples["sample_id"].to_list()
    assert not any(column.is_nan().any() for column in measured if column.dtype.is_float())


@pytest.mark.parametrize("name", PER_SAMPLE)
def test_signal_does_not_depend_on_the_batching(name, batch):
    whole = batch(*SAMPLES, tools=DECLARED)
    parts = [load(name).compute(part) for part in one_by_one(whole)]
    assert_frame_equal(pl.concat(parts), load(name).compute(whole))


@pytest.mark.parametrize("name", PER_SAMPLE)
def test_signal_reads_no_more_than_it_declares(name, batch):
    whole = batch(*SAMPLES, tools=DECLARED)
    reads = load(name).READS
    narrow = Batch(whole.samples.select(reads["samples"]), whole.messages.select(reads["messages"]))
    assert_frame_equal(load(name).compute(narrow), load(name).compute(whole))


@pytest.mark.parametrize("name", PER_SAMPLE)
def test_signal_of_no_samples_is_empty(name, batch):
    measured = load(name).compute(batch())
    assert measured.schema == pl.Schema(load(name).WRITES)
    assert measured.height == 0


@pytest.mark.parametrize("name", OVER_CORPUS)
def test_corpus_signal_of_no_samples_is_empty(name):
    connection = duckdb.connect()
    connection.execute(files("tunegate").joinpath("schema.sql").read_text())
    for other in getattr(load(name), "REQUIRES", ()):
        for table, columns in tables(load(other)).items():
            connection.execute(f"create table {table} ({column_types(columns)})")
    measured = load(name).measure(connection, {option: OPTIONS[option] for option in needs(name)})
    assert measured.schema == pl.Schema(load(name).WRITES)
    assert measured.height == 0


@pytest.mark.parametrize("name", OVER_SOURCES)
def test_signal_of_no_sources_writes_all_its_tables_empty(name):
    connection = duckdb.connect()
    connection.execute(files("tunegate").joinpath("schema.sql").read_text())
    measured = load(name).measure_sources((), connection, {})
    assert {table: frame.schema for table, frame in measured.tables.items()} == {
        table: pl.Schema(columns) for table, columns in load(name).WRITES.items()
    }
    assert all(frame.is_empty() for frame in measured.tables.values())
    assert measured.partial is None


@pytest.mark.parametrize("name", names())
def test_what_a_signal_needs_it_is_measured_with_and_so_is_what_it_requires(name):
    signal = load(name)
    assert set(needs(name)) <= set(OPTIONS) & {*getattr(signal, "PARAMETERS", ())}
    for other in getattr(signal, "REQUIRES", ()):
        assert set(needs(other)) <= set(needs(name))


@pytest.mark.parametrize("name", [name for name in names() if hasattr(load(name), "settled")])
def test_settled_parameters_are_all_there_and_stay_as_they_are(name):
    signal = load(name)
    assert set(signal.settled({})) == set(signal.PARAMETERS)
    assert signal.settled(signal.settled({})) == signal.settled({})


def test_unknown_signal_is_refused_with_the_closest_name():
    message = r'unknown signal "blank"; one of balance, .*Did you mean "blanks"\?'
    with pytest.raises(SignalError, match=message):
        load("blank")


@pytest.mark.parametrize("name", ["batch", "copy_groups", "stored_samples", "", "os", "../blanks", "__init__"])
def test_module_that_is_no_signal_is_refused(name):
    with pytest.raises(SignalError, match="unknown signal"):
        load(name)
