"""The inputs of a run: which files arguments stand for, in which order, and what is said of those that do not serve."""

import gzip
import io
import os
import sys
from pathlib import Path

import pytest
from tunegate.errors import SourceError
from tunegate.source_reading import read_batches
from tunegate.sources import Source, file_source, find_sources
from tunegate.store import Store

RECORD = b'{"text":"a"}\n'
FIELDS: dict[str, str] = {}


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def put(path: str, content: bytes = RECORD) -> None:
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    Path(path).write_bytes(content)


def names(*arguments: str) -> list[str]:
    return [source.name for source in find_sources(arguments, Path("."))]


def refusal(*arguments: str) -> str:
    with pytest.raises(SourceError) as caught:
        find_sources(arguments, Path("."))
    message = str(caught.value)
    assert "\n" not in message
    return message


def test_sources_stand_in_the_order_of_their_path_bytes(folder):
    for name in ("b.jsonl", "B.jsonl", "a/z.jsonl", "ä.jsonl", "a-1.jsonl", "z.jsonl"):
        put(name)
    given = ("z.jsonl", "b.jsonl", "ä.jsonl", "a/z.jsonl", "B.jsonl", "a-1.jsonl")
    assert names(*given) == ["B.jsonl", "a-1.jsonl", "a/z.jsonl", "b.jsonl", "z.jsonl", "ä.jsonl"]


def test_directory_stands_for_the_data_files_in_it_and_below(folder):
    kept = ["d/a.json", "d/b.jsonl", "d/c.ndjson", "d/e.json.gz", "d/f.jsonl.zst", "d/sub/deep/g.ndjson.gz"]
    left = [
        "d/readme.md",
        "d/x.csv",
        "d/y.json.bak",
        "d/z.gz",
        "d/.hidden.jsonl",
        "d/.git/config.json",
        "d/json",
        "d/w.zst",
    ]
    for name in kept + left:
        put(name)
    assert names("d") == kept
    assert names("d/") == kept


def test_file_named_twice_is_one_source(folder):
    put("d/a.jsonl")
    assert names("d/a.jsonl", "d", "./d/a.jsonl", str(folder / "d" / "a.jsonl"), "d/*.jsonl") == ["d/a.jsonl"]


def test_file_of_two_names_is_one_source_and_equal_files_are_two(folder):
    put("a.jsonl")
    put("c.jsonl")
    os.symlink("a.jsonl", "b.jsonl")
    assert names("a.jsonl", "b.jsonl", "c.jsonl") == ["a.jsonl", "c.jsonl"]


def test_linked_folders_are_walked_and_loops_end(folder):
    put("d/a.jsonl")
    put("other/B.JSONL")
    os.symlink("../other", "d/linked")
    os.symlink(".", "d/loop")
    assert names("d") == ["d/a.jsonl", "d/linked/B.JSONL"]


def test_file_that_changes_while_it_is_read_is_refused(folder):
    put("a.jsonl")

    def grow(*_: int) -> None:
        put("a.jsonl", b'{"text":"x"}\n{"text":"longer"}\n')

    store = Store(folder / "s.duckdb")
    with pytest.raises(SourceError, match=r"^a\.jsonl changed while it was read; run again"):
        store.ingest(find_sources(["a.jsonl"], folder), {}, progress=grow)


def test_pattern_stands_for_the_files_it_matches(folder):
    for name in ("d/a1.jsonl", "d/a2.jsonl", "d/b.jsonl", "d/x/y/a3.jsonl", "d/.a4.jsonl"):
        put(name)
    assert names("d/a?.jsonl") == ["d/a1.jsonl", "d/a2.jsonl"]
    assert names("d/[!a]*") == ["d/b.jsonl", "d/x/y/a3.jsonl"]  # the folder x stands for what is in it
    assert names("d/**/a*.jsonl") == ["d/a1.jsonl", "d/a2.jsonl", "d/x/y/a3.jsonl"]


def test_file_whose_name_looks_like_a_pattern_is_itself(folder):
    put("a[1].jsonl")
    put("a1.jsonl", b'{"text":"other"}')
    assert names("a[1].jsonl") == ["a[1].jsonl"]


def test_named_file_needs_no_known_ending(folder):
    put("data.txt")
    assert names("data.txt") == ["data.txt"]


@pytest.mark.parametrize(
    ("name", "compression", "lines", "split"),
    [
        ("a.jsonl", "none", True, None),
        ("a.ndjson", "none", True, None),
        ("a.json", "none", False, None),
        ("a.jsonl.gz", "gzip", True, None),
        ("a.json.zst", "zstd", False, None),
        ("a.txt", "none", False, None),
        ("train.jsonl", "none", True, "train"),
        ("train.jsonl.gz", "gzip", True, "train"),
        ("validation.json", "none", False, "validation"),
        ("valid.jsonl", "none", True, "validation"),
        ("dev.jsonl.zst", "zstd", True, "validation"),
        ("test.ndjson", "none", True, "test"),
        ("tests.jsonl", "none", True, None),
        ("train-00000-of-00001.jsonl", "none", True, None),
        ("my.train.jsonl", "none", True, None),
        ("gz", "none", False, None),
    ],
)
def test_name_tells_how_a_file_is_read(folder, name, compression, lines, split):
    put(name)
    assert file_source(name) == Source(name, Path(name), compression, lines, split)


def test_missing_file_is_named_with_what_is_expected(folder):
    assert (
        refusal("absent.jsonl")
        == "absent.jsonl: No such file or directory; expected a readable file, a directory or `-`"
    )
    assert refusal("") == ": No such file or directory; expected a readable file, a directory or `-`"


def test_empty_file_is_refused(folder):
    put("d/empty.jsonl", b"")
    for argument in ("d/empty.jsonl", "d"):
        assert refusal(argument) == "d/empty.jsonl is empty; expected at least one record"


def test_directory_without_data_is_refused(folder):
    put("d/notes.txt")
    expected = "d holds no data file: expected *.jsonl, *.ndjson, *.json, plain or with .gz or .zst"
    assert refusal("d") == expected


def test_pattern_that_matches_nothing_is_refused(folder):
    assert refusal("*.jsonl") == "no file matches '*.jsonl'; expected the path of a file, a directory or a pattern"


def test_pipe_is_refused_and_not_waited_for(folder):
    os.mkfifo("pipe.jsonl")
    assert refusal("pipe.jsonl") == "pipe.jsonl is no regular file; send it to standard input and name it `-`"
    assert refusal("/dev/null").startswith("/dev/null is no regular file")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_unreadable_file_and_folder_are_refused(folder):
    put("d/secret.jsonl")
    os.chmod("d/secret.jsonl", 0)
    assert refusal("d/secret.jsonl").startswith("d/secret.jsonl: Permission denied; expected")
    os.chmod("d", 0)
    try:
        assert refusal("d").startswith("d: Permission denied; the folder cannot be listed")
    finally:
        os.chmod("d", 0o700)


def test_broken_link_is_refused(folder):
    os.symlink("gone", "link.jsonl")
    assert refusal("link.jsonl").startswith("link.jsonl: No such file or directory")


class Stdin:
    def __init__(self, content: bytes) -> None:
        self.buffer = io.BytesIO(content)


def test_stdin_is_spooled_and_stands_last(folder, monkeypatch):
    put("zzz.jsonl")
    monkeypatch.setattr(sys, "stdin", Stdin(RECORD * 3))
    first, last = find_sources(["-", "zzz.jsonl"], folder)
    assert (first.name, last.name) == ("zzz.jsonl", "-")
    assert last.path.read_bytes() == RECORD * 3
    assert sum(batch.record_count for batch, _ in read_batches(last, FIELDS, first_record_id=0, threads=1)) == 3


def test_empty_stdin_is_refused(folder, monkeypatch):
    monkeypatch.setattr(sys, "stdin", Stdin(b""))
    assert refusal("-") == "stdin is empty; expected at least one record"


def read_all(name: str) -> int:
    return sum(batch.record_count for batch, _ in read_batches(file_source(name), FIELDS, first_record_id=0, threads=1))


def test_file_cut_short_says_where_and_how_far(folder):
    whole = gzip.compress(b"".join(b'{"text":"%032x"}\n' % (i * 0x9E3779B97F4A7C15) for i in range(5000)))
    put("cut.jsonl.gz", whole[:-9])
    with pytest.raises(
        SourceError,
        match=r"^cut\.jsonl\.gz ends in the middle of a record at line [\d,]+: the file is cut short\. [\d,]+ records were read; nothing was judged$",
    ):
        read_all("cut.jsonl.gz")


@pytest.mark.parametrize(
    ("name", "reason"), [("a.jsonl.gz", "not a sound gzip stream"), ("a.jsonl.zst", "not a sound zstd stream")]
)
def test_file_that_is_not_compressed_as_its_name_says_is_refused(folder, name, reason):
    put(name)
    with pytest.raises(SourceError, match=f"^{name}: {reason}; fetch it again"):
        read_all(name)


def test_progress_reaches_the_size_of_the_file(folder):
    put("a.jsonl", RECORD * 200_000)
    consumed = [done for _, done in read_batches(file_source("a.jsonl"), FIELDS, first_record_id=0, threads=2)]
    assert consumed == sorted(consumed)
    assert consumed[-1] == os.path.getsize("a.jsonl")
