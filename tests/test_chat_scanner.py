"""The scanner of the commonest record shape reads as the general parser does, on every level; and the validation that
keeps no columns names the records that the checks Q101, Q103, Q104, Q105 and Q106 name."""

import json
import platform
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pytest
import yaml
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from tunegate import _core
from tunegate.signals import Batch, blanks, role_order

GATES = Path(__file__).parents[1] / "gates/q1_format_consistency"
FAULTS = {
    "unreadable": "Q101",
    "role_order": "Q103",
    "unknown_name": "Q104",
    "missing_response": "Q105",
    "empty_turn": "Q106",
}
HEADS = ("records", "samples", "messages")
Turns = list[dict[str, Any]]


def levels() -> Iterator[str]:
    for name in ("scalar", "v2", "v3", "v4"):
        try:
            _core.SourceReader("/dev/null", scan=name)
        except ValueError:
            continue
        yield name


LEVELS = list(levels())


def tables(path: Path, scan: str, **options: Any) -> dict[str, pl.DataFrame]:
    """The three tables of a file of lines."""
    reader = _core.SourceReader(str(path), lines=True, scan=scan, **options)
    batches = list(iter(reader.next, None))
    return {head: pl.concat([pl.DataFrame(getattr(batch, head)) for batch in batches]) for head in HEADS}


def unsound(path: Path, scan: str = "best", **options: Any) -> pl.DataFrame:
    return pl.DataFrame(_core.unsound_chat_lines(str(path), scan=scan, **options))


@pytest.fixture
def reads_alike(tmp_path: Path) -> Callable[..., dict[str, pl.DataFrame]]:
    """A function that reads lines with the general parser alone and with the scanner on every level, asserts that the
    answers are the same, and returns the tables."""
    path = tmp_path / "records.jsonl"

    def read(lines: list[bytes], **options: Any) -> dict[str, pl.DataFrame]:
        path.write_bytes(b"\n".join(lines) + b"\n{}\n")
        expected, expected_faults = tables(path, "none", **options), unsound(path, "none")
        for level in LEVELS:
            found = tables(path, level, **options)
            for head in HEADS:
                assert found[head].equals(expected[head]), (level, head)
            assert unsound(path, level).equals(expected_faults), level
        return expected

    return read


def chat(turns: Turns, *, spaced: bool = True, ascii_only: bool = False) -> bytes:
    separators = (", ", ": ") if spaced else (",", ":")
    return json.dumps({"messages": turns}, ensure_ascii=ascii_only, separators=separators).encode()


def turn(role: str, content: object) -> dict[str, Any]:
    return {"role": role, "content": content}


EXCHANGE = [turn("user", 'a "b" \\ \n é\u200b 🙂'), turn("assistant", "x" * 70)]
RECORD = chat(EXCHANGE)


def test_the_levels_of_a_common_machine_are_tested():
    assert LEVELS[0] == "scalar"
    assert len(LEVELS) > 1 or platform.machine() != "x86_64"
    with pytest.raises(ValueError, match="expected best, none or a level"):
        _core.SourceReader("/dev/null", scan="v5")


def test_a_record_cut_at_any_byte_is_read_alike(reads_alike):
    for record in (RECORD, chat(EXCHANGE, ascii_only=True, spaced=False)):
        found = reads_alike([record[:end] for end in range(1, len(record) + 1)])
        assert found["samples"].height == 1  # the last: the whole record


def test_any_byte_in_place_of_any_other_is_read_alike(reads_alike):
    record = chat([turn("user", 'a\\"\né'), turn("assistant", "")])
    for byte in b'"\\{}[]:,u \t\x00\x1f\x7f\x80\xc3\xff0e':
        reads_alike([record[:at] + bytes([byte]) + record[at + 1 :] for at in range(len(record))])


def test_any_byte_in_between_is_read_alike(reads_alike):
    record = chat([turn("user", "\\ é"), turn("assistant", "b")])
    for piece in (b" ", b"\t\r", b'"', b"\\", b"\\n", b"\\u00e9", b"\\ud83d", b",", b"\x01", b"\xff", b"null"):
        reads_alike([record[:at] + piece + record[at:] for at in range(len(record) + 1)])


def test_contents_of_any_length_are_read_alike(reads_alike):
    contents = ["x" * size + end for size in range(140) for end in ("", "\n", '"', "\\", "é", "🙂")]
    found = reads_alike(
        [chat([turn("user", content)], ascii_only=odd) for content in contents for odd in (False, True)]
    )
    assert found["messages"]["content"].to_list() == [content for content in contents for _ in range(2)]


def test_the_split_of_the_file_and_other_names_of_fields_are_read_alike(reads_alike):
    lines = [RECORD, json.dumps({"messages": EXCHANGE, "split": "dev"}).encode()]
    found = reads_alike(lines, default_split="train", category="messages", difficulty="role")
    assert found["samples"]["split"].to_list() == ["train", "dev"]
    assert found["samples"]["category"].to_list() == [None, None]


text = st.text(st.characters(codec="utf-8"), max_size=80) | st.sampled_from(["", " ", "\u200b", "\\", '"' * 9])
roles = st.sampled_from(["user", "assistant", "system", "tool", "developer", "function", "text", "narrator"]) | text
plain_turns = st.builds(turn, roles, text)
odd_turns = st.dictionaries(
    st.sampled_from(["role", "content", "from", "value", "name", "tool_calls", "weight", "reasoning", "x"]),
    text | st.none() | st.integers() | st.lists(text, max_size=2) | st.just([{"type": "text", "text": "t"}]),
    max_size=4,
)
records = st.builds(
    lambda turns, more, spaced, ascii_only: json.dumps(
        {"messages": turns, **more}, ensure_ascii=ascii_only, separators=(", ", ": ") if spaced else (",", ":")
    ).encode(),
    st.lists(plain_turns | plain_turns | odd_turns, max_size=5),
    st.just({}) | st.dictionaries(st.sampled_from(["split", "tools", "id", "label"]), text, max_size=2),
    st.booleans(),
    st.booleans(),
)
PIECES = (
    *(b'"', b"\\", b"\\u", b"\\ud83d", b"\\ude42", b"{", b"}", b"[", b"]", b":", b",", b" ", b"\t", b"null"),
    *(b"\x01", b"\xff", b"\xc3", b"\xe2\x80\x8b", b"\xed\xa0\x80"),
    *(b'"role": "user", ', b'"content": "", ', b'"messages": [], '),
)


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    """A record with up to three stretches of bytes replaced by a piece of JSON, or by nothing."""
    record = draw(records)
    for _ in range(draw(st.integers(0, 3))):
        at = draw(st.integers(0, len(record)))
        record = record[:at] + draw(st.sampled_from((b"", *PIECES))) + record[at + draw(st.integers(0, 6)) :]
    return record.replace(b"\n", b" ")


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(damaged(), min_size=1, max_size=30))
@example([RECORD, b'{"messages": [{"role": "user", "content": "\\ud83d\\ude42\\\\"}]}\r'])
def test_damaged_records_are_read_alike(reads_alike, lines):
    reads_alike(lines)


def named(path: Path) -> dict[int, set[str]]:
    """The lines that the five checks name, after their SQL and signals."""
    store = duckdb.connect()
    read = tables(path, "none")
    samples, messages = read["samples"], read["messages"]
    batch = Batch(samples, messages)
    for name, table in [
        *read.items(),
        ("signal_role_order", role_order.compute(batch)),
        ("signal_blanks", blanks.compute(batch)),
    ]:
        store.register(name, table.to_arrow())
    lines = dict(read["records"].select("record_id", "line").iter_rows())
    found: dict[int, set[str]] = {}
    for check_id in FAULTS.values():
        (file,) = GATES.glob(f"{check_id}-*.yaml")
        for (sample_id,) in store.execute(
            f"select sample_id from ({yaml.safe_load(file.read_text())['rows'].rstrip()})"
        ).fetchall():
            found.setdefault(lines[sample_id], set()).add(check_id)
    return found


def faults(path: Path, **options: Any) -> dict[int, set[str]]:
    """The same, after the validation without columns."""
    rows = unsound(path, **options).to_dicts()
    return {row["line"]: {check for fault, check in FAULTS.items() if row[fault]} for row in rows}


def examples() -> Iterator[bytes]:
    """The records of the examples of all checks of the gate, and of all formats."""
    for file in sorted(GATES.glob("Q*.yaml")):
        for group in yaml.safe_load(file.read_text())["examples"].values():
            for case in group:
                for record in [case] if isinstance(case, str) else case:
                    if isinstance(record, str):
                        yield record.encode()
    for _, record in _core.formats():
        yield record.encode()


def test_the_records_that_the_checks_name_are_unsound(tmp_path: Path):
    path = tmp_path / "examples.jsonl"
    path.write_bytes(b"\n".join(re.sub(rb"\s*\n", b" ", record) for record in examples()) + b"\n")
    expected = named(path)
    assert set().union(*expected.values()) == set(FAULTS.values())
    for scan in ("none", *LEVELS):
        assert faults(path, scan=scan) == expected


preferences = st.builds(
    lambda record: json.dumps(record).encode(),
    st.fixed_dictionaries(
        {"chosen": text | st.lists(plain_turns, max_size=3), "rejected": text | st.lists(plain_turns, max_size=3)},
        optional={"prompt": text | st.lists(plain_turns, max_size=3)},
    ),
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(records | records | preferences | damaged(), min_size=1, max_size=40))
@example([b'{"chosen": [{"role": "assistant", "content": ""}], "rejected": "b"}'])
@example([b'{"messages": [{"role": "", "content": "a"}, {"role": "assistant", "content": "b"}]}'])
def test_any_records_are_judged_as_the_checks_judge_them(tmp_path: Path, lines: list[bytes]):
    path = tmp_path / "records.jsonl"
    path.write_bytes(b"\n".join(lines) + b'\n{"text": "a"}\n')
    assert faults(path) == named(path)


@pytest.mark.parametrize("threads", [1, 2, 3])
def test_threads_and_containers_change_no_verdict(tmp_path: Path, threads: int):
    lines = [RECORD if number % 7 else chat([turn("user", "q")]) for number in range(9000)]
    path, packed = tmp_path / "many.jsonl", tmp_path / "many.json"
    path.write_bytes(b"\n".join(lines) + b"\n")
    packed.write_bytes(b"[" + b",\n".join(lines) + b"]")
    expected = [number + 1 for number in range(9000) if number % 7 == 0]
    assert unsound(path, threads=threads)["line"].to_list() == expected
    assert unsound(packed, threads=threads, lines=False)["line"].to_list() == expected
    assert unsound(path, threads=threads)["record_id"].to_list() == [line - 1 for line in expected]
