"""`tunegate dedup`: what it keeps, removes and explains, and what it refuses."""

import gzip
import json
import os
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tunegate.curate import deduplicate, key_stages
from tunegate.curate.contaminated import contaminated
from tunegate.errors import SourceError
from tunegate.near_duplicates import Comparison, read_sources
from tunegate.sources import file_source

Workplace = Any  # the types of conftest.py, which cannot be imported
Tunegate = Callable[..., Any]

NUMBERS = " ".join(str(number) for number in range(20))
OTHER = " ".join(f"w{number}" for number in range(20))
FIRST = json.dumps({"text": NUMBERS})
EDITED = json.dumps({"text": f"{NUMBERS} x"})  # 16 of 17 shingles shared
SPACED = f'{{ "text" :  "{NUMBERS.replace(" ", " , ")}!"  }}'  # the same words
UNLIKE = json.dumps({"text": OTHER})
DATA = "\n".join([FIRST, "", UNLIKE, EDITED, SPACED]) + "\n"


def lines(workplace: Workplace, name: str) -> list[str]:
    return (workplace.folder / name).read_text(encoding="utf-8").split("\n")[:-1]


def objects(workplace: Workplace, name: str) -> list[Any]:
    return [json.loads(line) for line in lines(workplace, name)]


@pytest.fixture
def refused(workplace: Workplace, tunegate: Tunegate) -> Callable[..., str]:
    """Run a command that must be refused, and return what it said after `error: `."""

    def run(*arguments: str) -> str:
        before = workplace.listing()
        said = tunegate("dedup", *arguments)
        assert (said.code, said.out) == (2, "")
        assert said.err.startswith("error: ")
        assert said.err.count("\n") == 1
        assert workplace.listing() == before
        return said.err.removeprefix("error: ").removesuffix("\n")

    return run


def test_records_are_kept_and_removed_byte_for_byte_and_each_removal_says_why(workplace: Workplace, tunegate: Tunegate):
    workplace.write("a.jsonl", DATA)
    said = tunegate("dedup", "a.jsonl", "-o", "kept.jsonl", "--removed", "removed.jsonl", "--pairs", "pairs.jsonl")
    assert (said.code, said.err) == (0, "")
    assert lines(workplace, "kept.jsonl") == [FIRST, UNLIKE]
    assert lines(workplace, "removed.jsonl") == [EDITED, SPACED]
    first = {"source": "a.jsonl", "line": 1}
    assert objects(workplace, "removed.jsonl.why.jsonl") == [
        {"source": "a.jsonl", "line": 4, "keeper": first, "similarity": 16 / 17},
        {"source": "a.jsonl", "line": 5, "keeper": first, "similarity": 1.0},
    ]
    places = {4: {"source": "a.jsonl", "line": 4}, 5: {"source": "a.jsonl", "line": 5}}
    assert sorted(objects(workplace, "pairs.jsonl"), key=str) == sorted(
        [
            {"a": first, "b": places[4], "similarity": 16 / 17},
            {"a": first, "b": places[5], "similarity": 1.0},
            {"a": places[4], "b": places[5], "similarity": 16 / 17},
        ],
        key=str,
    )


def test_the_summary_adds_up_and_says_how_was_compared(workplace: Workplace, tunegate: Tunegate):
    workplace.write("a.jsonl", DATA + "{broken\n")
    said = tunegate("dedup", "a.jsonl", "-o", "kept.jsonl", "--removed", "removed.jsonl")
    assert said.out.splitlines() == [
        "           5 records read",
        "           3 kept, 1 of them unreadable and copied as they are: kept.jsonl",
        "           2 removed: removed.jsonl, why: removed.jsonl.why.jsonl",
        "compared: pair, 5 words a shingle, Jaccard >= 0.8",
        "found by: MinHash, 18 bands of 4 rows, expected recall 0.999924 at the threshold; every pair verified",
    ]
    assert lines(workplace, "kept.jsonl") == [FIRST, UNLIKE, "{broken"]


def test_line_ends_and_odd_spelling_of_a_record_are_kept(workplace: Workplace, tunegate: Tunegate):
    workplace.write("a.jsonl", b"\xef\xbb\xbf" + b'{"text": "\\u0061 b"}\r\n\r\n  {"text" : "c"}')
    assert tunegate("dedup", "a.jsonl", "-o", "kept.jsonl").code == 0
    assert (workplace.folder / "kept.jsonl").read_bytes() == b'{"text": "\\u0061 b"}\r\n{"text" : "c"}\n'


def test_records_of_other_containers_become_one_compact_line_each(workplace: Workplace, tunegate: Tunegate):
    record = {"text": 'a "quoted\\" \\ text', "n": [1, {"b": " "}]}
    workplace.write("a.json", json.dumps([record, {"text": OTHER}], indent=2))
    assert tunegate("dedup", "a.json", "-o", "kept.jsonl").code == 0
    assert lines(workplace, "kept.jsonl")[0] == json.dumps(record, separators=(",", ":"))
    assert objects(workplace, "kept.jsonl") == [record, {"text": OTHER}]


def test_compressed_files_and_stdin_are_read_as_any_other(workplace: Workplace, process: Tunegate):
    workplace.write("a.jsonl.gz", gzip.compress(DATA.encode()))
    said = process("dedup", "a.jsonl.gz", "-", "-o", "kept.jsonl", "--removed", "r.jsonl", stdin=DATA.encode())
    assert (said.code, said.err) == (0, "")
    assert lines(workplace, "kept.jsonl") == [FIRST, UNLIKE]
    assert [why["source"] for why in objects(workplace, "r.jsonl.why.jsonl")] == ["a.jsonl.gz"] * 2 + ["-"] * 4


def test_the_field_the_threshold_and_the_shingle_can_be_chosen(workplace: Workplace, tunegate: Tunegate):
    records = [{"prompt": NUMBERS, "completion": answer} for answer in ("yes", "no")]
    workplace.write("a.jsonl", "".join(json.dumps(record) + "\n" for record in records))
    kept = {}
    for on in ("prompt", "response", "pair"):
        tunegate("dedup", "a.jsonl", "-o", "kept.jsonl", "--on", on, "--threshold", "0.91", "--ngram", "3")
        kept[on] = len(lines(workplace, "kept.jsonl"))
    assert kept == {"prompt": 1, "response": 2, "pair": 2}


def test_the_longest_or_the_best_by_a_signal_can_be_kept(workplace: Workplace, tunegate: Tunegate):
    broken = json.dumps({"text": NUMBERS + " x�"})
    workplace.write("a.jsonl", f"{broken}\n{FIRST}\n")
    tunegate("dedup", "a.jsonl", "-o", "kept.jsonl", "--keep", "longest")
    assert lines(workplace, "kept.jsonl") == [broken]
    tunegate("dedup", "a.jsonl", "-o", "kept.jsonl", "--keep", "lowest:broken_text.replacement")
    assert lines(workplace, "kept.jsonl") == [FIRST]


def test_what_is_in_another_file_is_removed(workplace: Workplace, tunegate: Tunegate):
    workplace.write("old.jsonl", f"{UNLIKE}\n{FIRST}\n{FIRST}\n")
    workplace.write("new.jsonl", f"{EDITED}\n" + '{"text": "new"}\n')
    said = tunegate("dedup", "new.jsonl", "--against", "old.jsonl", "-o", "kept.jsonl", "--removed", "r.jsonl")
    assert said.out.splitlines()[0] == "           2 records read, compared with 3 old ones"
    assert objects(workplace, "kept.jsonl") == [{"text": "new"}]
    (why,) = objects(workplace, "r.jsonl.why.jsonl")
    assert why["keeper"] == {"source": "old.jsonl", "line": 2}


def run_of(workplace: Workplace, tunegate: Tunegate, *arguments: str) -> list[Any]:
    said = tunegate("dedup", *arguments, "-o", "kept.jsonl", "--removed", "r.jsonl", "--pairs", "pairs.jsonl")
    assert (said.code, said.err) == (0, "")
    return objects(workplace, "pairs.jsonl")


def test_an_index_gives_the_pairs_of_a_full_run_without_reading_the_old_records(
    workplace: Workplace, tunegate: Tunegate
):
    old = "".join(json.dumps({"text": f"{NUMBERS} {number}"}) + "\n" for number in range(30)) + DATA
    new = "".join(json.dumps({"text": f"{NUMBERS} {number} y"}) + "\n" for number in range(20, 40)) + f"{UNLIKE}\n"
    workplace.write("a.jsonl", old)
    workplace.write("b.jsonl", new)
    full = run_of(workplace, tunegate, "a.jsonl", "b.jsonl")
    full_kept = [line for line in lines(workplace, "kept.jsonl") if line not in old.split("\n")]
    first = run_of(workplace, tunegate, "a.jsonl", "--index", "seen.index")
    (workplace.folder / "a.jsonl").unlink()
    second = run_of(workplace, tunegate, "b.jsonl", "--index", "seen.index")
    assert sorted(map(str, first + second)) == sorted(map(str, full))
    assert lines(workplace, "kept.jsonl") == full_kept
    workplace.write("c.jsonl", f"{UNLIKE}\n")
    assert len(run_of(workplace, tunegate, "c.jsonl", "--index", "seen.index")) == 2


def test_an_index_that_does_not_fit_is_refused(workplace: Workplace, tunegate: Tunegate, refused: Callable[..., str]):
    workplace.write("a.jsonl", DATA)
    workplace.write("b.jsonl", DATA)
    tunegate("dedup", "a.jsonl", "-o", "kept.jsonl", "--index", "seen.index")
    assert refused("b.jsonl", "-o", "kept.jsonl", "--index", "seen.index", "--ngram", "3") == (
        "seen.index was made with other settings: pair, 5 words, 18 bands of 4, seed 1; this run has pair, 3 words, "
        "18 bands of 4, seed 1; name another index, or remove it to make it again"
    )
    assert refused("a.jsonl", "-o", "kept.jsonl", "--index", "seen.index") == (
        "a.jsonl is in the index seen.index already; name new files only"
    )
    index = workplace.folder / "seen.index"
    damaged = bytearray(index.read_bytes())
    damaged[-1] ^= 1
    index.write_bytes(damaged)
    assert refused("b.jsonl", "-o", "kept.jsonl", "--index", "seen.index") == (
        "seen.index is damaged: its checksum or its layout does not fit; "
        "name another index, or remove it to make it again"
    )
    assert refused("b.jsonl", "-o", "kept.jsonl", "--index", "b.jsonl").startswith("b.jsonl would be overwritten")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (
            ["--threshold", "1.2"],
            'threshold is "1.2", expected a similarity above 0 and up to 1 such as 0.8, of at most 6 digits',
        ),
        (
            ["--threshold", "x"],
            'threshold is "x", expected a similarity above 0 and up to 1 such as 0.8, of at most 6 digits',
        ),
        *(
            (["--threshold", text], f'threshold is "{text}", expected a similarity above 0 and up to 1 such as 0.8')
            for text in ("1e-99999999", "8e-1", "1/0", "0.1234567", "0.80000000000000000000", "٠.٨", "0", "nan")
        ),
        (
            ["--threshold", "0.000001"],
            "threshold 1e-06 is too low to find the share 0.9999 of the pairs by MinHash; "
            "name a higher --threshold, a lower --recall, or --mode exact",
        ),
        (["--ngram", "0"], "n-gram size is 0, expected 1 to 1,000"),
        (["--recall", "1"], "recall is 1.0, expected a number between 0 and 1 such as 0.9999"),
        (["--removed", "./kept.jsonl"], "kept.jsonl would be overwritten, which this run writes; name another file"),
        (["--pairs", "a.jsonl"], "a.jsonl would be overwritten, which this run reads; name another file"),
        (["--against", "a.jsonl"], "a.jsonl is named as data and by --against; name it once"),
        (["--against", "-"], "--against names `-`, but standard input is for the data; expected a file"),
        (["--against-eval", "-"], "--against-eval names `-`, but standard input is for the data; expected a file"),
        (["--against-eval", "absent.jsonl"], "absent.jsonl: No such file or directory"),
        (["-o", "-"], "`-` is no place for records: standard output is for the summary; name a file"),
        (["-o", "kept.jsonl.GZ"], "kept.jsonl.GZ: what is written is not compressed; name a file without .GZ"),
        (["--pairs", "p.zst"], "p.zst: what is written is not compressed; name a file without .zst"),
        (["-o", "/dev/null"], "/dev/null is a device, a pipe or standard output, expected a file; name another"),
        (["--removed", "pipe"], "pipe is a device, a pipe or standard output, expected a file; name another"),
        (["--index", "folder"], "folder is a folder, expected the name of a file"),
        (["--work", "nowhere"], "--work is nowhere, expected a folder that exists"),
        (
            ["--removed", "nowhere/r.jsonl"],
            "nowhere/r.jsonl: expected the name of a file in a folder that exists and can be written",
        ),
        (
            ["--keep", "best"],
            '--keep is "best", expected first, longest, highest:SIGNAL.COLUMN or lowest:SIGNAL.COLUMN such as lowest:broken_text.control',
        ),
        (["--keep", "lowest:broken_text.contrl"], 'signal broken_text has no column "contrl"'),
        (
            ["--keep", "highest:near_copies.similarity"],
            "signal near_copies is not measured sample by sample, so that it cannot say which record to keep; "
            "name another, such as broken_text",
        ),
    ],
)
def test_what_cannot_be_done_is_said_in_one_line(
    workplace: Workplace, refused: Callable[..., str], arguments: list[str], said: str
):
    workplace.write("a.jsonl", DATA)
    (workplace.folder / "folder").mkdir()
    os.mkfifo(workplace.folder / "pipe")
    assert refused("a.jsonl", "-o", "kept.jsonl", *arguments).startswith(said)


def test_an_output_is_never_an_input(workplace: Workplace, refused: Callable[..., str]):
    workplace.write("a.jsonl", DATA)
    (workplace.folder / "link.jsonl").symlink_to("a.jsonl")
    assert refused("a.jsonl", "-o", "link.jsonl") == (
        "link.jsonl would be overwritten, which this run reads; name another file"
    )


def test_a_list_with_a_broken_record_cannot_be_copied(workplace: Workplace, refused: Callable[..., str]):
    workplace.write("a.json", '[{"text": "a"},\n {"text": 7},\n {"text": "b"}]')
    assert refused("a.json", "-o", "kept.jsonl").startswith("a.json line 2: the record cannot be copied as JSON: ")


def test_a_stream_that_is_cut_short_is_named(workplace: Workplace, refused: Callable[..., str]):
    workplace.write("a.jsonl.gz", gzip.compress(DATA.encode())[:-9])
    assert refused("a.jsonl.gz", "-o", "kept.jsonl").startswith("a.jsonl.gz ends in the middle of a record at line ")


def test_outputs_of_an_earlier_run_stay_when_a_run_fails(
    workplace: Workplace, tunegate: Tunegate, refused: Callable[..., str]
):
    workplace.write("a.jsonl", DATA)
    tunegate("dedup", "a.jsonl", "-o", "kept.jsonl")
    workplace.write("b.json", "[1,")
    refused("b.json", "-o", "kept.jsonl")


def test_stage_files_are_used_again_and_change_no_output(workplace: Workplace, tunegate: Tunegate, monkeypatch: Any):
    texts = [json.dumps({"text": f"{NUMBERS} {number // 2} {number % 7}"}) for number in range(3000)]
    workplace.write("a.jsonl", "\n".join(texts[:1500]) + "\n\n" + "\n".join(texts[1500:]))
    workplace.write("b.jsonl", DATA)
    outputs = ("kept.jsonl", "r.jsonl", "r.jsonl.why.jsonl", "pairs.jsonl")
    arguments = ("dedup", "a.jsonl", "b.jsonl", "-o", "kept.jsonl", "--removed", "r.jsonl", "--pairs", "pairs.jsonl")
    assert tunegate(*arguments, "--threshold", "0.9").code == 0
    expected = [(workplace.folder / name).read_bytes() for name in outputs]
    monkeypatch.setattr(key_stages, "STRETCH_BYTES", 10_000)
    work = workplace.folder / "work"
    work.mkdir()
    assert tunegate(*arguments, "--threshold", "0.9", "--work", "work").code == 0
    assert [(workplace.folder / name).read_bytes() for name in outputs] == expected
    made = {path: path.stat().st_mtime_ns for path in work.iterdir()}
    assert len(made) > 10
    assert tunegate(*arguments, "--threshold", "0.9", "--work", "work").code == 0
    assert {path: path.stat().st_mtime_ns for path in work.iterdir()} == made
    assert [(workplace.folder / name).read_bytes() for name in outputs] == expected


def test_every_level_of_the_processor_writes_the_same_bytes(workplace: Workplace, process: Tunegate):
    texts = [f"{NUMBERS} {number % 50} Żółć ΣΑΣ {number // 3}" for number in range(300)]
    workplace.write("a.jsonl", "".join(json.dumps({"text": text}) + "\n" for text in texts))
    outputs = set()
    for level in ("scalar", "v2", "v3", "v4", "unknown"):
        said = process("dedup", "a.jsonl", "-o", "kept", "--pairs", "pairs", "--index", level, TUNEGATE_SIMD=level)
        assert said.code == 0
        outputs.add((said.out, *((workplace.folder / name).read_bytes() for name in ("kept", "pairs", level))))
    assert len(outputs) == 1


def test_an_interrupt_leaves_nothing_half_written(workplace: Workplace, start: Callable[..., Any]):
    record = json.dumps({"text": f"{NUMBERS} "}) + "\n"
    workplace.write("a.jsonl", record * 400_000)
    workplace.write("kept.jsonl", "old\n")
    running = start("dedup", "a.jsonl", "-o", "kept.jsonl", "--removed", "r.jsonl")
    until = time.monotonic() + 60
    while not list(workplace.folder.glob("kept.jsonl.partial-*")) and time.monotonic() < until:
        time.sleep(0.001)
    running.send_signal(signal.SIGINT)
    _, err = running.communicate(timeout=60)
    left = {path.name for path in workplace.folder.iterdir()}
    if running.returncode == 0 or err.endswith(b"written already\n") or b"all outputs" in err:  # it was faster
        pytest.skip("the run was over before it could be interrupted")
    assert (running.returncode, err) == (130, b"interrupted; nothing was written\n")
    assert left == {"a.jsonl", "kept.jsonl"}
    assert (workplace.folder / "kept.jsonl").read_text() == "old\n"
    assert not os.listdir(workplace.temporary)


@pytest.mark.parametrize("option", ["-o", "--removed", "--pairs", "--index", "--work", "--against", "--against-eval"])
def test_a_name_that_is_not_utf8_is_refused_before_anything_is_read(
    workplace: Workplace, process: Tunegate, option: str
):
    workplace.write("a.jsonl.gz", gzip.compress(DATA.encode())[:-9])  # reading it would fail otherwise
    said = process("dedup", "a.jsonl.gz", "-o", "kept.jsonl", option, os.fsdecode(b"k\xff.jsonl"))
    assert (said.code, said.out) == (2, "")
    assert said.err == "error: the file name k\\udcff.jsonl is not UTF-8; rename the file\n"


def test_outputs_are_checked_before_anything_is_read(workplace: Workplace, refused: Callable[..., str]):
    workplace.write("a.jsonl.gz", gzip.compress(DATA.encode())[:-9])
    for option in ("--removed", "--pairs", "--index"):
        assert refused("a.jsonl.gz", "-o", "kept.jsonl", option, "nowhere/out.jsonl") == (
            "nowhere/out.jsonl: expected the name of a file in a folder that exists and can be written"
        )


def test_a_file_that_standard_output_goes_to_is_no_output(workplace: Workplace, start: Callable[..., Any]):
    workplace.write("a.jsonl", DATA)
    with open(workplace.folder / "said", "wb") as said:
        running = start("dedup", "a.jsonl", "-o", "/dev/stdout", stdout=said.fileno())
        _, err = running.communicate(timeout=60)
    assert (running.returncode, err) == (
        2,
        b"error: /dev/stdout is a device, a pipe or standard output, expected a file; name another\n",
    )


def test_an_existing_output_keeps_its_mode_and_a_read_only_one_is_refused(workplace: Workplace, process: Tunegate):
    workplace.write("a.jsonl", DATA)
    kept = workplace.write("kept.jsonl", "old\n")
    kept.chmod(0o640)
    assert process("dedup", "a.jsonl", "-o", "kept.jsonl").code == 0
    assert kept.stat().st_mode & 0o777 == 0o640
    kept.chmod(0o440)
    said = process("dedup", "a.jsonl", "-o", "kept.jsonl")
    assert (said.code, said.out) == (2, "")
    assert said.err == "error: kept.jsonl is read-only, expected a file that can be written; name another\n"


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("none.jsonl", "{broken\n[]\n", "none.jsonl has not one readable record in 2; the first, at line 1: "),
        ("none.json", '[{"te', "none.json has not one readable record in 1; the first, at line 1: "),
        ("cut.json", f"[{FIRST},\n{UNLIKE},\n" + '{"te', "cut.json line 3: invalid JSON: "),
        ("cut.json", f"[{FIRST},\n{UNLIKE}\n", "cut.json line 3: the list is cut short: no ']' at its end; "),
        ("blank.jsonl", "\n\n\n", "blank.jsonl holds no record; expected at least one"),
    ],
)
def test_a_file_that_compares_with_nothing_is_refused(
    workplace: Workplace, refused: Callable[..., str], name: str, content: str, said: str
):
    workplace.write("a.jsonl", DATA)
    workplace.write(name, content)
    workplace.write("more.jsonl", DATA)
    workplace.write("z.jsonl", DATA)
    assert refused("a.jsonl", "-o", "kept.jsonl", "--against", name).startswith(said)
    assert refused("a.jsonl", "-o", "kept.jsonl", "--against", name, "--against", "z.jsonl").startswith(said)


def test_unreadable_old_records_are_counted(workplace: Workplace, tunegate: Tunegate):
    workplace.write("a.jsonl", DATA)
    workplace.write("old.jsonl", f"{{broken\n{UNLIKE}\n[]\n")
    said = tunegate("dedup", "a.jsonl", "-o", "kept.jsonl", "--against", "old.jsonl")
    assert said.out.splitlines()[:2] == [
        "           4 records read, compared with 3 old ones, 2 of them unreadable",
        "           1 kept: kept.jsonl",
    ]


def test_benchmark_items_can_be_a_folder_or_a_pattern(workplace: Workplace, tunegate: Tunegate):
    workplace.write("a.jsonl", f"{FIRST}\n{UNLIKE}\n" + '{"text": "new"}\n')
    workplace.write("items/one.jsonl", json.dumps({"question": NUMBERS}) + "\n")
    workplace.write("more/two.csv", f"question\n{OTHER}\n")
    said = tunegate(
        "dedup", "a.jsonl", "-o", "k.jsonl", "--removed", "r.jsonl", "--against-eval", "items", "--against-eval", "m*/*"
    )
    assert (said.code, lines(workplace, "k.jsonl")) == (0, ['{"text": "new"}'])
    assert [why["item"] for why in objects(workplace, "r.jsonl.why.jsonl")] == [
        {"source": "items/one.jsonl", "line": 1},
        {"source": "more/two.csv", "line": 2},
    ]


def test_a_source_is_not_its_own_other_side_by_another_name(workplace: Workplace, refused: Callable[..., str]):
    path = workplace.write("a.jsonl", DATA)
    os.link(path, workplace.folder / "b.jsonl")
    assert refused("a.jsonl", "-o", "kept.jsonl", "--against", "b.jsonl") == (
        "b.jsonl is named as data and by --against; name it once"
    )
    assert refused("a.jsonl", "-o", "b.jsonl") == (
        "b.jsonl would be overwritten, which this run reads; name another file"
    )


def staged(workplace: Workplace, tunegate: Tunegate) -> dict[Path, tuple[bytes, int]]:
    """Run with stage files, and return the bytes of each and the time at which it was made."""
    assert tunegate("dedup", "a.jsonl", "-o", "kept.jsonl", "--work", "work").code == 0
    made = sorted((workplace.folder / "work").iterdir())
    return {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in made}


def test_a_stage_file_is_not_used_for_a_file_that_was_written_over(workplace: Workplace, tunegate: Tunegate):
    path = workplace.write("a.jsonl", f"{FIRST}\n{FIRST}\n")
    (workplace.folder / "work").mkdir()
    staged(workplace, tunegate)
    assert lines(workplace, "kept.jsonl") == [FIRST]
    before = path.stat()
    other = FIRST.replace("0", "a").replace("1", "b").replace("5", "c")
    with path.open("r+") as file:  # the same inode, size and time of writing
        file.write(f"{FIRST}\n{other}\n")
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    staged(workplace, tunegate)
    assert lines(workplace, "kept.jsonl") == [FIRST, other]


@pytest.mark.parametrize("damage", [lambda made: b"", lambda made: made[:-8], lambda made: made[:-1] + b"\xff"])
def test_a_damaged_stage_file_is_made_again(workplace: Workplace, tunegate: Tunegate, damage: Callable[[bytes], bytes]):
    workplace.write("a.jsonl", DATA)
    (workplace.folder / "work").mkdir()
    ((path, (made, _)),) = staged(workplace, tunegate).items()
    path.write_bytes(damage(made))
    assert {path: made for path, (made, _) in staged(workplace, tunegate).items()} == {path: made}
    assert lines(workplace, "kept.jsonl") == [FIRST, UNLIKE]


def test_a_stage_file_that_cannot_be_made_again_is_one_line(
    workplace: Workplace, tunegate: Tunegate, refused: Callable[..., str]
):
    workplace.write("a.jsonl", DATA)
    (workplace.folder / "work").mkdir()
    (path,) = staged(workplace, tunegate)
    path.unlink()
    path.mkdir()
    assert refused("a.jsonl", "-o", "kept.jsonl", "--work", "work") == (
        f"work/{path.name}: Is a directory; remove it, or name another folder by --work"
    )


def test_what_a_killed_run_left_among_the_stage_files_is_removed(workplace: Workplace, tunegate: Tunegate):
    workplace.write("a.jsonl", DATA)
    workplace.write("work/0123.keys.partial-1.0", "half")
    own = workplace.write("work/notes.keys.partial-text", "the user's")
    assert [path for path in staged(workplace, tunegate) if ".partial-" in path.name] == [own]


def test_a_stretch_of_blank_lines_is_no_empty_file(workplace: Workplace, tunegate: Tunegate, monkeypatch: Any):
    monkeypatch.setattr(key_stages, "STRETCH_BYTES", 100)
    workplace.write("a.jsonl", f"{FIRST}\n" + "\n" * 1000 + f"{UNLIKE}\n")
    workplace.write("old.jsonl", "\n" * 1000 + f"{UNLIKE}\n" + "\n" * 1000)
    (workplace.folder / "work").mkdir()
    said = tunegate("dedup", "a.jsonl", "-o", "kept.jsonl", "--work", "work", "--against", "old.jsonl")
    assert (said.code, said.err) == (0, "")
    assert lines(workplace, "kept.jsonl") == [FIRST]


@pytest.mark.parametrize("now", [f"{FIRST}\n" * 3, f"{UNLIKE}\n"])
def test_a_source_that_changes_before_the_items_are_looked_for_is_named(workplace: Workplace, now: str):
    workplace.write("items.jsonl", json.dumps({"question": NUMBERS}) + "\n")
    path = workplace.write("a.jsonl", f"{FIRST}\n{UNLIKE}\n")
    source = file_source("a.jsonl")
    engine = Comparison().engine(1)
    engine.end_old()
    read_sources(engine, [source], workplace.temporary)
    path.write_text(now)
    with pytest.raises(SourceError, match=r"^a\.jsonl changed while it was read; run again"):
        contaminated(engine, [source], [file_source("items.jsonl")])


def test_a_source_that_changes_before_its_records_are_copied_is_named(
    workplace: Workplace, tunegate: Tunegate, monkeypatch: Any
):
    path = workplace.write("a.jsonl", DATA)
    monkeypatch.setattr(deduplicate, "contaminated", lambda *_: path.write_text(DATA + DATA) and 0)
    said = tunegate("dedup", "a.jsonl", "-o", "kept.jsonl")
    assert (said.code, said.out) == (2, "")
    assert (
        said.err
        == "error: a.jsonl changed while it was read; run again when it is written completely; nothing was written\n"
    )
    assert os.listdir() == ["a.jsonl"]


def test_an_interrupt_says_that_nothing_was_written(workplace: Workplace, start: Callable[..., Any]):
    running = start("dedup", "-", "-o", "kept.jsonl", stdin=subprocess.PIPE)
    until = time.monotonic() + 60
    while not list(workplace.temporary.glob("*/stdin")) and time.monotonic() < until:
        time.sleep(0.01)
    running.send_signal(signal.SIGINT)
    out, err = running.communicate(timeout=60)
    assert (running.returncode, out, err) == (130, b"", b"interrupted; nothing was written\n")
    assert not os.listdir()


def test_a_low_threshold_can_be_searched_exactly(workplace: Workplace, tunegate: Tunegate):
    workplace.write("a.jsonl", DATA)
    assert tunegate("dedup", "a.jsonl", "-o", "kept.jsonl", "--threshold", "0.000001", "--mode", "exact").code == 0
    assert lines(workplace, "kept.jsonl") == [FIRST, UNLIKE]
