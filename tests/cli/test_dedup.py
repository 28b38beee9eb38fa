"""`tunegate dedup`: what it keeps, removes and explains, and what it refuses."""

import gzip
import json
import os
import signal
import time
from collections.abc import Callable
from typing import Any

import pytest
from tunegate.curate import key_stages

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
    assert objects(workplace, "removed.why.jsonl") == [
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
        "           2 removed: removed.jsonl, why: removed.why.jsonl",
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
    assert [why["source"] for why in objects(workplace, "r.why.jsonl")] == ["a.jsonl.gz"] * 2 + ["-"] * 4


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
    (why,) = objects(workplace, "r.why.jsonl")
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
        (["--ngram", "0"], "n-gram size is 0, expected 1 to 1,000"),
        (["--recall", "1"], "recall is 1.0, expected a number between 0 and 1 such as 0.9999"),
        (["--removed", "./kept.jsonl"], "kept.jsonl would be overwritten, which this run writes; name another file"),
        (["--pairs", "a.jsonl"], "a.jsonl would be overwritten, which this run reads; name another file"),
        (["--against", "a.jsonl"], "a.jsonl is named as a source and by --against; name it once"),
        (["--against", "-"], "--against is -, expected a file, a directory or a pattern"),
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
    ],
)
def test_what_cannot_be_done_is_said_in_one_line(
    workplace: Workplace, refused: Callable[..., str], arguments: list[str], said: str
):
    workplace.write("a.jsonl", DATA)
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
    outputs = ("kept.jsonl", "r.jsonl", "r.why.jsonl", "pairs.jsonl")
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
    time.sleep(0.5)
    running.send_signal(signal.SIGINT)
    running.communicate(timeout=60)
    left = {path.name for path in workplace.folder.iterdir()}
    if running.returncode == 0:  # it was faster
        pytest.skip("the run was over before it could be interrupted")
    assert running.returncode == 130
    assert left == {"a.jsonl", "kept.jsonl"}
    assert (workplace.folder / "kept.jsonl").read_text() == "old\n"
    assert not os.listdir(workplace.temporary)
