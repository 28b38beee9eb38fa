"""The store: what ingest leaves in it, when it is used again, and that no failure leaves half of one."""

import fcntl
import gzip
import hashlib
import json
import os
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from pathlib import Path

import duckdb
import polars as pl
import pytest
from tunegate.errors import SourceError, StoreError, TunegateError
from tunegate.scratch import scratch_folder
from tunegate.sources import file_source, find_sources
from tunegate.store import Store
from tunegate.store_build import measured_store
from tunegate.verdict import Funnel, SourceSummary

FIELDS: Mapping[str, str] = {}
SIGNALS = ["blanks", "template_leaks", "broken_text", "tool_calls", "preference"]


@pytest.fixture
def folder(tmp_path, monkeypatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "scratch").mkdir()
    return tmp_path


def put(path: str, *records: object) -> str:
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    Path(path).write_text("".join(r if isinstance(r, str) else json.dumps(r) + "\n" for r in records))
    return path


def build(
    *names: str, file: str | None = None, signals: Sequence[str] = (), fields: Mapping[str, str] = FIELDS
) -> Store:
    sources = find_sources(names, Path("scratch"))
    return measured_store(sources, fields, signals, Path(file) if file else None, Path("scratch"))


def text(content: str, **more: object) -> dict[str, object]:
    return {"text": content, **more}


CHAT = {"messages": [{"role": "user", "content": "q"}, {"role": "assistant", "content": "a"}]}
PAIR = {"prompt": "q", "chosen": "a", "rejected": "b"}


@pytest.fixture
def three_sources(folder) -> Iterator[Store]:
    put("b.jsonl", CHAT, "nonsense\n", "\n", text("one"), PAIR)
    put("a.jsonl", text("two", category="c"), text("three", difficulty=1), CHAT)
    put("c/test.json", json.dumps([text("four"), 5, text("five")], indent=1))
    with closing(build("b.jsonl", "a.jsonl", "c", signals=SIGNALS)) as store:
        yield store


def rows(store: Store, query: str) -> list[tuple]:
    return store.connection.execute(query).fetchall()


def test_record_ids_count_through_the_sources_in_order(three_sources):
    assert rows(three_sources, "select record_id, source, line, reason is null from records order by record_id") == [
        (0, "a.jsonl", 1, True),
        (1, "a.jsonl", 2, True),
        (2, "a.jsonl", 3, True),
        (3, "b.jsonl", 1, True),
        (4, "b.jsonl", 2, False),
        (5, "b.jsonl", 4, True),
        (6, "b.jsonl", 5, True),
        (7, "c/test.json", 2, True),
        (8, "c/test.json", 5, False),
        (9, "c/test.json", 6, True),
    ]


def test_samples_and_messages_belong_to_their_record(three_sources):
    query = "select sample_id, format, category, difficulty, split from samples order by sample_id"
    assert rows(three_sources, query) == [
        (0, "text", "c", None, None),
        (1, "text", None, "1", None),
        (2, "messages", None, None, None),
        (3, "messages", None, None, None),
        (5, "text", None, None, None),
        (6, "preference", None, None, None),
        (7, "text", None, None, "test"),
        (9, "text", None, None, "test"),
    ]
    query = "select sample_id, turn, part, role, content from messages where sample_id in (5, 6) order by all"
    assert rows(three_sources, query) == [
        (5, 0, "main", "text", "one"),
        (6, 0, "main", "user", "q"),
        (6, 1, "chosen", "assistant", "a"),
        (6, 1, "rejected", "assistant", "b"),
    ]


def test_summary_names_each_source_and_the_funnel_adds_up(three_sources):
    def size_and_hash(name: str) -> tuple[int, str]:
        content = Path(name).read_bytes()
        return len(content), hashlib.sha256(content).hexdigest()

    summaries, funnel = three_sources.summary()
    assert summaries == (
        SourceSummary("a.jsonl", *size_and_hash("a.jsonl"), 3, 0, {"text": 2, "messages": 1}),
        SourceSummary("b.jsonl", *size_and_hash("b.jsonl"), 4, 1, {"messages": 1, "preference": 1, "text": 1}),
        SourceSummary("c/test.json", *size_and_hash("c/test.json"), 3, 1, {"text": 2}),
    )
    assert funnel == Funnel(records=10, samples=8, unreadable=2)


def test_every_sample_is_measured_once_while_it_is_read(three_sources):
    for name in SIGNALS:
        assert rows(three_sources, f"select sample_id from signal_{name} order by sample_id") == [
            (i,) for i in (0, 1, 2, 3, 5, 6, 7, 9)
        ]


@pytest.mark.parametrize("name", SIGNALS)
def test_measuring_later_gives_what_measuring_while_reading_gives(three_sources, name):
    later = build("b.jsonl", "a.jsonl", "c", file="later.duckdb")
    with closing(later):
        assert rows(later, "select count(*) from signals") == [(0,)]
        later.ensure([name], {})
        query = f"select * from signal_{name} order by sample_id"
        assert rows(later, query) == rows(three_sources, query)


def test_ensure_measures_only_what_is_absent_or_has_other_parameters(folder):
    put("a.jsonl", text("x", category="c", topic="t"))
    with closing(build("a.jsonl", file="s.duckdb")) as store:
        store.ensure(["balance"], {})
        first = rows(store, "select axis, cell from signal_balance order by all")
        store.connection.execute("delete from signal_balance")
        store.ensure(["balance"], {})
        assert rows(store, "select count(*) from signal_balance") == [(0,)]  # held, so not measured again
        store.ensure(["balance"], {"axes": ["topic"]})
        second = rows(store, "select axis, cell from signal_balance order by all")
        assert ("category", "c") in first
        assert ("topic", "t") in second


def test_text_is_stored_as_it_is(folder):
    contents = ["a\0b", "é漢😀\u2028", "", "'; drop table samples; --", "\\", "x" * 300_000, "\ufffe\uffff"]
    put("a.jsonl", *map(text, contents))
    with closing(build("a.jsonl")) as store:
        assert [row[0] for row in rows(store, "select content from messages order by sample_id")] == contents
        frame = pl.DataFrame(store.connection.sql("select content from messages order by sample_id"))
        assert frame["content"].to_list() == contents


def test_metadata_is_stored_byte_for_byte(folder):
    put("a.jsonl", '{"text":"t","big": 1e999 ,"lone":"\\ud800","twice":{"a":1,"a":2},"neg":-0.0}\n')
    with closing(build("a.jsonl")) as store:
        expected = '{"big":1e999,"lone":"\\ud800","twice":{"a":1,"a":2},"neg":-0.0}'
        assert rows(store, "select metadata from samples") == [(expected,)]


def test_source_named_like_sql_is_only_a_name(folder):
    name = put("it's $1; --.jsonl", text("x"))
    with closing(build(name)) as store:
        assert rows(store, "select source from records") == [(name,)]
        assert store.summary()[0][0].source == name


def test_fields_are_read_under_the_names_given(folder):
    put("a.jsonl", text("x", topic="t", category="no"))
    with closing(build("a.jsonl", fields={"category": "topic"})) as store:
        assert rows(store, "select category from samples") == [("t",)]


def test_many_batches_and_sources_keep_reading_order(folder):
    for i in range(3):
        put(f"{i}.jsonl", *(text(f"{i} {j} " + "x" * 300) for j in range(15_000)))  # two blocks each
    with closing(build("0.jsonl", "1.jsonl", "2.jsonl", signals=["blanks"])) as store:
        found = rows(store, "select content from messages order by sample_id")
        assert [row[0].rsplit(" ", 1)[0] for row in found] == [f"{i} {j}" for i in range(3) for j in range(15_000)]
        assert rows(store, "select count(*), count(distinct sample_id) from signal_blanks") == [(45_000, 45_000)]


# A named file


def test_named_store_is_reused_while_nothing_changed(folder):
    put("a.jsonl", text("x"))
    with closing(build("a.jsonl", file="s.duckdb")) as store:
        store.connection.execute("update samples set category = 'mark'")
    made = Path("s.duckdb").stat().st_ino
    with closing(build("a.jsonl", file="s.duckdb")) as store:
        assert rows(store, "select category from samples") == [("mark",)]
    assert Path("s.duckdb").stat().st_ino == made


@pytest.mark.parametrize(
    "change",
    [
        lambda: put("a.jsonl", text("y")),
        lambda: put("a.jsonl", text("x"), text("x")),
        lambda: put("b.jsonl", text("x")),
        lambda: os.rename("a.jsonl", "z.jsonl"),
    ],
)
def test_changed_sources_are_measured_again(folder, change):
    put("d/keep.jsonl", text("k"))
    put("a.jsonl", text("x"))
    build("a.jsonl", "d", file="s.duckdb").close()
    change()
    names = sorted(str(path) for path in Path(".").glob("*.jsonl"))
    with closing(build(*names, "d", file="s.duckdb")) as store:
        lines = [line for name in sorted([*names, "d/keep.jsonl"]) for line in Path(name).read_text().splitlines()]
        expected = [(json.loads(line)["text"],) for line in lines]
        assert rows(store, "select content from messages order by sample_id") == expected
    assert not list(Path(".").glob("*partial*"))


def test_other_field_names_are_read_again(folder):
    put("a.jsonl", text("x", topic="t"))
    build("a.jsonl", file="s.duckdb").close()
    with closing(build("a.jsonl", file="s.duckdb", fields={"category": "topic"})) as store:
        assert rows(store, "select category from samples") == [("t",)]


def test_only_the_owner_can_read_a_store(folder):
    put("a.jsonl", text("x"))
    build("a.jsonl", file="s.duckdb").close()
    with closing(build("a.jsonl")):
        for path in (Path("s.duckdb"), Path("scratch/store.duckdb")):
            assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_nothing_is_left_beside_a_store(folder):
    put("a.jsonl", text("x"))
    build("a.jsonl", file="s.duckdb", signals=SIGNALS).close()
    assert sorted(os.listdir(".")) == ["a.jsonl", "s.duckdb", "scratch"]


def one_line(error: TunegateError) -> str:
    message = str(error)
    assert "\n" not in message
    return message


@pytest.mark.parametrize("content", [b"text", b"", b"\0" * 5000, b'{"text":"x"}\n' * 1000])
def test_file_that_is_no_store_is_refused_and_left_alone(folder, content):
    put("a.jsonl", text("x"))
    Path("mine.txt").write_bytes(content)
    with pytest.raises(StoreError) as caught:
        build("a.jsonl", file="mine.txt")
    assert "mine.txt" in one_line(caught.value)
    assert Path("mine.txt").read_bytes() == content


def test_other_duckdb_file_is_refused_and_left_alone(folder):
    put("a.jsonl", text("x"))
    with duckdb.connect("mine.duckdb") as other:
        other.execute("create table mine as select 1 as x")
    with pytest.raises(StoreError, match="not a store of tunegate; name another file"):
        build("a.jsonl", file="mine.duckdb")
    with duckdb.connect("mine.duckdb") as other:
        assert other.execute("from mine").fetchall() == [(1,)]


def test_store_of_another_version_is_refused(folder):
    put("a.jsonl", text("x"))
    with closing(build("a.jsonl", file="s.duckdb")) as store:
        store.connection.execute("update store_info set value = '0' where key = 'version'")
    with pytest.raises(StoreError, match="holds tables of version 0, expected 3; remove it to measure again") as caught:
        build("a.jsonl", file="s.duckdb")
    one_line(caught.value)


@pytest.mark.parametrize("file", ["absent/s.duckdb", "scratch", "a.jsonl/s.duckdb"])
def test_store_that_cannot_be_made_is_one_line(folder, file):
    put("a.jsonl", text("x"))
    with pytest.raises(StoreError) as caught:
        build("a.jsonl", file=file)
    one_line(caught.value)


def test_failed_ingest_leaves_the_old_store(folder):
    put("a.jsonl", text("x"))
    build("a.jsonl", file="s.duckdb").close()
    before = Path("s.duckdb").read_bytes()
    put("bad.jsonl", "nonsense\n")
    with pytest.raises(SourceError):
        build("a.jsonl", "bad.jsonl", file="s.duckdb")
    assert Path("s.duckdb").read_bytes() == before
    assert sorted(os.listdir(".")) == ["a.jsonl", "bad.jsonl", "s.duckdb", "scratch"]


SLOW_INGEST = """
import sys
from pathlib import Path
from tunegate.scratch import scratch_folder
from tunegate.sources import find_sources
from tunegate.store_build import measured_store

def tell(done, records):
    print(records, flush=True)

with scratch_folder() as scratch:
    (scratch / "note").write_text("spooled")
    print(scratch, flush=True)
    measured_store(find_sources(["big.jsonl"], scratch), {}, ["blanks"], Path(sys.argv[1]) if sys.argv[1:] else None, scratch, tell)
"""


def killed_ingest(*arguments: str) -> Path:
    """Kill an ingest after its first batch; return its scratch folder."""
    environment = {**os.environ, "TMPDIR": os.getcwd(), "PYTHONPATH": os.pathsep.join(sys.path)}
    child = subprocess.Popen(
        [sys.executable, "-c", SLOW_INGEST, *arguments], stdout=subprocess.PIPE, text=True, env=environment
    )
    with child:
        scratch = Path(child.stdout.readline().strip())
        assert child.stdout.readline()
        child.send_signal(signal.SIGKILL)
    assert child.returncode == -signal.SIGKILL
    return scratch


@pytest.fixture
def big(folder, monkeypatch) -> Path:
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    put("big.jsonl", *(json.dumps(text(f"{i}" + "x" * 2000)) + "\n" for i in range(20_000)))
    return folder


def test_killed_ingest_leaves_no_half_store_and_the_next_run_sweeps_up(big):
    scratch = killed_ingest("s.duckdb")
    assert not Path("s.duckdb").exists()
    assert (scratch / "note").exists()
    assert stat.S_IMODE(scratch.stat().st_mode) == 0o700
    put("a.jsonl", text("x"))
    with scratch_folder():
        assert not scratch.exists()
        build("a.jsonl", file="s.duckdb").close()
    assert sorted(os.listdir(".")) == ["a.jsonl", "big.jsonl", "s.duckdb", "scratch"]


def test_killed_ingest_leaves_the_old_named_store(big):
    put("a.jsonl", text("x"))
    build("a.jsonl", file="s.duckdb").close()
    before = Path("s.duckdb").read_bytes()
    killed_ingest("s.duckdb")
    assert Path("s.duckdb").read_bytes() == before
    with closing(build("a.jsonl", file="s.duckdb")) as store:
        assert rows(store, "select count(*) from samples") == [(1,)]


def test_scratch_of_a_running_process_and_of_others_is_not_swept(folder, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    kept = ["tunegate-run-live", "tunegate-run-without-lock", "other-1-x", "target"]
    for name in kept:
        Path(name).mkdir()
    for name in ("tunegate-run-live", "target", "other-1-x"):
        Path(name, "lock").touch()
    Path("tunegate-run-file").write_text("no folder")
    os.symlink("target", "tunegate-run-link")
    Path("tunegate-run-dead").mkdir()
    Path("tunegate-run-dead", "lock").touch()
    with open("tunegate-run-live/lock", "rb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with scratch_folder() as scratch:
            assert scratch.is_dir()
    assert set(os.listdir(".")) == {*kept, "scratch", "tunegate-run-file", "tunegate-run-link"}


# Sources that cannot be judged


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.jsonl", '{"text":"x"}\n'.encode("utf-16"), "a.jsonl is UTF-16 text; expected JSON or JSON lines in UTF-8, plain or as .gz or .zst"),
        ("a.json", '{"text":"x"}\n'.encode("utf-16-be"), "a.json is a binary file; expected JSON or JSON lines in UTF-8, plain or as .gz or .zst"),
        ("a.jsonl", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "a.jsonl is a binary file; expected JSON or JSON lines in UTF-8, plain or as .gz or .zst"),
        ("a.jsonl", b"\n \r\n\t\n", "a.jsonl holds no record; expected at least one"),
        ("a.json", b"[]", "a.json holds no record; expected at least one"),
        ("a.json", b"\xef\xbb\xbf", "a.json holds no record; expected at least one"),
        ("a.jsonl", b"\nnonsense\n{}\n", "a.jsonl has not one readable record in 2; the first, at line 2: invalid JSON: no JSON value where one should stand, at byte 1"),
        ("a.json", b'{"data":[{"text":"x"}]}', "a.json has not one readable record in 1; the first, at line 1: no known format: the keys fit none of message_list, kto, preference, sharegpt, messages, prompt_completion, alpaca, question_answer, text"),
        ("a.json", b'{"input_ids":[1,2]}', "a.json has not one readable record in 1; the first, at line 1: token ids without text, which cannot be judged; keep the text beside them"),
    ],
)  # fmt: skip
def test_source_without_a_readable_record_says_why(folder, name, content, message):
    Path(name).write_bytes(content)
    put("zz-good.jsonl", text("x"))
    with pytest.raises(SourceError) as caught:
        build(name, "zz-good.jsonl")
    assert one_line(caught.value) == message


def test_compressed_source_without_a_readable_record_is_not_called_binary(folder):
    Path("a.jsonl.gz").write_bytes(gzip.compress(b"nonsense\n" * 500))
    with pytest.raises(
        SourceError, match=r"^a\.jsonl\.gz has not one readable record in 500; the first, at line 1: invalid JSON"
    ):
        build("a.jsonl.gz")


def test_compressed_utf16_is_seen_through(folder):
    Path("a.jsonl.gz").write_bytes(gzip.compress('{"text":"x"}\n'.encode("utf-16")))
    with pytest.raises(SourceError, match="is UTF-16 text"):
        build("a.jsonl.gz")


def test_cut_archive_is_an_error_whatever_was_read(folder):
    whole = gzip.compress(b"".join(b'{"text":"%032x"}\n' % (i * 0x9E3779B97F4A7C15) for i in range(5000)))
    Path("a.jsonl.gz").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(SourceError, match=r"^a\.jsonl\.gz ends in the middle of a record at line"):
        build("a.jsonl.gz", file="s.duckdb")
    assert not Path("s.duckdb").exists()


def test_progress_ends_with_all_bytes_and_all_records(folder):
    put("a.jsonl", *(text(str(i)) for i in range(1000)))
    put("b.jsonl", text("x"))
    seen: list[tuple[int, int]] = []
    sources = find_sources(["a.jsonl", "b.jsonl"], folder)
    measured_store(
        sources, FIELDS, [], None, Path("scratch"), lambda done, records: seen.append((done, records))
    ).close()
    assert seen == sorted(seen)
    assert seen[-1] == (os.path.getsize("a.jsonl") + os.path.getsize("b.jsonl"), 1001)


def test_store_in_use_by_another_process_is_one_line(folder):
    put("a.jsonl", text("x"))
    build("a.jsonl", file="s.duckdb").close()
    code = "import duckdb, time; c = duckdb.connect('s.duckdb'); print('open', flush=True); time.sleep(30)"
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout.readline() == "open\n"
        with pytest.raises(StoreError, match=r"cannot be opened as a store") as caught:
            build("a.jsonl", file="s.duckdb")
        one_line(caught.value)
        other.kill()


def test_threads_do_not_change_what_is_stored(folder):
    put("a.jsonl", *(text(f"{i}", n=i) if i % 7 else "broken\n" for i in range(3000)))
    dumps = []
    for threads in (1, 2, 5):
        store = Store(Path(f"{threads}.duckdb"))
        with closing(store):
            store.ingest([file_source("a.jsonl")], FIELDS, SIGNALS, threads=threads)
            tables = ["records", "samples", "messages", *(f"signal_{name}" for name in SIGNALS)]
            dumps.append([rows(store, f"from {table} order by all") for table in tables])
    assert dumps[0] == dumps[1] == dumps[2]
