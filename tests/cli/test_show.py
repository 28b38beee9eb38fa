"""`tunegate show`: the record behind a finding, its place marked, and nothing raw sent to the terminal."""

import gzip
import json
from collections.abc import Callable
from typing import Any

import pytest

Workplace = Any  # the types of conftest.py, which cannot be imported
Tunegate = Callable[..., Any]


def chat(question: str, answer: str = "ok", **more: Any) -> str:
    turns = [{"role": "user", "content": question}, {"role": "assistant", "content": answer}]
    return json.dumps({"messages": turns, **more}, ensure_ascii=False) + "\n"


def shown(said: Any) -> list[str]:
    """The lines of one record, after its place and format."""
    assert (said.code, said.err) == (0, "")
    return said.out.splitlines()


def test_a_sound_record_is_shown_turn_by_turn(workplace: Workplace, tunegate: Tunegate):
    workplace.write("data.jsonl", "\n" + chat("first line\nsecond line", "answer"))
    assert tunegate("show", "data.jsonl:2").out == (
        "data.jsonl:2  messages\n"
        "  no finding\n"
        "  0 user                | first line\n"
        "                        | second line\n"
        "  1 assistant           | answer\n"
        "\n"
    )


@pytest.mark.parametrize(
    ("content", "line", "mark"),
    [
        ("ab\u200bcd", "ab<U+200B>cd", "  ^^^^^^^^"),
        ("日本\u200b", "日本<U+200B>", "    ^^^^^^^^"),  # a wide character takes two columns
        ("e\u0301\u200b", "e\u0301<U+200B>", " ^^^^^^^^"),  # a combining one none
        ("👩 \u200b", "👩 <U+200B>", "   ^^^^^^^^"),
        ("❤\ufe0f\u200b", "❤\ufe0f<U+200B>", " ^^^^^^^^"),  # nor does a variation selector
        ("a\tb\u200b", "a   b<U+200B>", "     ^^^^^^^^"),  # tab stops every four columns
        ("one\ntwo\u200b\nthree", " ... two<U+200B> ...", "        ^^^^^^^^"),
        ("one\r\ntwo\u200b", " ... two<U+200B>", "        ^^^^^^^^"),
        ("\u200b", "<U+200B>", "^^^^^^^^"),
        ("ab\x07cd", "ab<U+0007>cd", "  ^^^^^^^^"),
    ],
)
def test_a_finding_is_underlined_at_its_columns(
    workplace: Workplace, tunegate: Tunegate, content: str, line: str, mark: str
):
    workplace.write("data.jsonl", chat(content))
    lines = shown(tunegate("show", "data.jsonl:1", "--gates", "Q108"))
    assert lines[3] == f"> 0 user                | {line}"
    assert lines[4] == f"                        | {mark}"
    assert lines[5] == "  1 assistant           | ok"


def test_what_was_found_and_what_is_expected_stand_above_the_turns(workplace: Workplace, tunegate: Tunegate):
    workplace.write("data.jsonl", chat("hello", "<|im_start|>user hello"))
    lines = shown(tunegate("show", "data.jsonl:1", "--gates", "Q107"))
    assert lines[1].startswith("  Q107 template-leak: turn 1, marker <|im_start|>")
    assert lines[2].startswith("    expected: ")
    assert lines[3:6] == [
        "  0 user                | hello",
        "> 1 assistant           | <|im_start|>user hello",
        "                        | ^^^^^^^^^^^^",
    ]


def test_a_long_turn_is_shown_around_its_mark(workplace: Workplace, tunegate: Tunegate):
    workplace.write("data.jsonl", chat("x" * 1000 + "\u200b" + "y" * 1000))
    lines = shown(tunegate("show", "data.jsonl:1", "--gates", "Q108"))
    assert lines[3] == "> 0 user                |  ... " + "x" * 120 + "<U+200B>" + "y" * 120 + " ..."
    assert lines[4] == "                        | " + " " * 125 + "^" * 8


def test_a_long_turn_without_a_mark_is_cut_and_its_length_told(workplace: Workplace, tunegate: Tunegate):
    workplace.write("data.jsonl", chat("x" * 12345))
    lines = shown(tunegate("show", "data.jsonl:1", "--gates", "Q108"))
    assert lines[2] == "  0 user                | " + "x" * 400 + " ... (12,345 characters)"


def test_a_finding_on_a_branch_is_marked_on_that_branch_only(workplace: Workplace, tunegate: Tunegate):
    workplace.write("data.jsonl", json.dumps({"prompt": "p", "chosen": "c", "rejected": "r\u200b"}) + "\n")
    assert shown(tunegate("show", "data.jsonl:1", "--gates", "Q108"))[3:7] == [
        "  0 user                | p",
        "  1 chosen assistant    | c",
        "> 1 rejected assistant  | r<U+200B>",
        "                        |  ^^^^^^^^",
    ]


def test_a_copy_is_shown_with_the_place_of_the_first(workplace: Workplace, tunegate: Tunegate):
    workplace.write("data.jsonl", chat("one") * 2)
    assert shown(tunegate("show", "data.jsonl:2", "--gates", "D1"))[1] == (
        "  D101 exact-duplicates: first data.jsonl:1"
    )


# Unreadable records


@pytest.mark.parametrize(
    ("record", "column"),
    [
        ('{"text": "a",}', 12),  # of the comma that nothing follows
        ('{"text": tru}', 9),
        ('{"text": "日本",}', 15),
    ],
)
def test_an_unreadable_record_is_shown_with_the_byte_marked(
    workplace: Workplace, tunegate: Tunegate, record: str, column: int
):
    workplace.write("data.jsonl", chat("good") + record + "\n")
    lines = shown(tunegate("show", "data.jsonl:2", "--gates", "Q101"))
    assert lines[0] == "data.jsonl:2  unreadable"
    assert lines[1].startswith("  Q101 unreadable-record: reason invalid JSON: ")
    assert lines[3] == f"  bytes                 | {record}"
    assert lines[4] == "                        | " + " " * column + "^"


def test_bytes_that_are_no_text_are_shown_as_replacements(workplace: Workplace, tunegate: Tunegate):
    workplace.write("data.jsonl", chat("good").encode() + b'{"text": "\xff\xfe"}\n')
    lines = shown(tunegate("show", "data.jsonl:2", "--gates", "Q101"))
    assert lines[3] == '  bytes                 | {"text": "\ufffd\ufffd"}'


def test_an_unreadable_record_in_an_archive_is_shown(workplace: Workplace, tunegate: Tunegate):
    content = "".join(chat(f"q{number}") for number in range(500)) + '{"text": }\n' + chat("last")
    workplace.write("data.jsonl.gz", gzip.compress(content.encode()))
    lines = shown(tunegate("show", "data.jsonl.gz:501", "--gates", "Q101"))
    assert lines[3] == '  bytes                 | {"text": }'
    assert "data.jsonl.gz:502  messages\n" in tunegate("show", "data.jsonl.gz:502", "--gates", "Q101").out


# Control characters

HOSTILE = "\x1b]0;title\x07\x1b[31mred\x1b[0m\x9b2J\u202eltr\u2028\x7f\x00"


def hostile_records() -> str:
    call = {"id": "1", "type": "function", "function": {"name": HOSTILE, "arguments": HOSTILE}}
    records: list[dict[str, Any]] = [
        {"messages": [{"role": "user", "content": HOSTILE}, {"role": "assistant", "content": HOSTILE}]},
        {"messages": [{"role": HOSTILE, "content": "x"}, {"role": "assistant", "content": "x"}]},
        {"messages": [{"role": "user", "content": "q"}, {"role": "assistant", "tool_calls": [call]}]},
        {"messages": [{"role": "user", "content": "q"}, {"role": "assistant", "content": "a"}], "tools": HOSTILE},
        {
            "messages": [
                {"role": "user", "content": [{"type": "image_url", "image_url": {"url": HOSTILE}}]},
                {"role": "assistant", "content": "a", "reasoning_content": HOSTILE},
            ]
        },
    ]
    broken = ['{"text": "\x1b[31m"}', '{"text": "\x9b2J",}', "\x1b[2J"]
    return "\n".join([*map(json.dumps, records), *broken]) + "\n"


def test_no_control_character_of_the_data_reaches_the_terminal(workplace: Workplace, tunegate: Tunegate):
    workplace.write("hostile.jsonl", hostile_records())
    said = tunegate("show", "hostile.jsonl:1,2,3,4,5,6,7,8")
    assert (said.code, said.err) == (0, "")
    assert [line for line in said.out.splitlines() if line.startswith("hostile.jsonl:")][7] == (
        "hostile.jsonl:8  unreadable"
    )
    assert {character for character in said.out if not character.isprintable()} == {"\n"}
    assert "<U+001B>]0;title<U+0007>" in said.out


def test_a_role_of_any_length_keeps_the_columns(workplace: Workplace, tunegate: Tunegate):
    turns = [{"role": "narrator of the tale " * 9, "content": "x\u200b"}, {"role": "assistant", "content": "y"}]
    workplace.write("data.jsonl", json.dumps({"messages": turns}) + "\n")
    lines = shown(tunegate("show", "data.jsonl:1", "--gates", "Q108"))
    assert lines[3:5] == [
        "> 0 narrator of the tal | x<U+200B>",
        "                        |  ^^^^^^^^",
    ]


# Places


def test_several_lines_and_files_are_shown_in_the_order_asked_for(workplace: Workplace, tunegate: Tunegate):
    workplace.write("a.jsonl", chat("a1") + chat("a2") + chat("a3"))
    workplace.write("b.json", f"[\n{chat('b1')},\n{chat('b2')}]")
    said = tunegate("show", "b.json:4", "a.jsonl:3,1", "--gates", "D1")
    heads = [line for line in said.out.splitlines() if line and not line.startswith(" ")]
    assert heads == ["b.json:4  messages", "a.jsonl:3  messages", "a.jsonl:1  messages"]


def test_a_line_where_no_record_starts_names_the_nearest_and_shows_nothing(workplace: Workplace, tunegate: Tunegate):
    workplace.write("data.jsonl", chat("a") + "\n\n\n\n" + chat("b"))
    said = tunegate("show", "data.jsonl:1,5", "--gates", "D1")
    assert (said.code, said.out) == (2, "")
    assert said.err == "error: data.jsonl has no record that starts at line 5; the nearest starts at line 6\n"


@pytest.mark.parametrize("name", ["a:3.jsonl", "12:30", "my data.jsonl", "[x].jsonl"])
def test_a_name_with_unusual_characters_is_shown(workplace: Workplace, tunegate: Tunegate, name: str):
    workplace.write(name, chat("one") + chat("two"))
    assert shown(tunegate("show", f"{name}:2", "--gates", "D1"))[0] == f"{name}:2  messages"


@pytest.mark.parametrize(
    ("place", "said"),
    [
        ("folder:1", 'place is "folder:1", expected a line of a file; name the file that holds the record'),
        ("gone.jsonl:1", "gone.jsonl: No such file or directory; expected a readable file"),
        ("data.jsonl:0", "data.jsonl has no record that starts at line 0; the nearest starts at line 1"),
        ("data.jsonl:-1", 'place is "data.jsonl:-1", expected FILE:LINE such as support.jsonl:118'),
        ("data.jsonl:٣", 'place is "data.jsonl:٣", expected FILE:LINE such as support.jsonl:118'),
        ("data.jsonl:1,", 'place is "data.jsonl:1,", expected FILE:LINE such as support.jsonl:118'),
        ("data.jsonl:" + "9" * 5000, 'place is "data.jsonl:9999999'),
    ],
)
def test_a_place_that_is_none_is_refused(workplace: Workplace, tunegate: Tunegate, place: str, said: str):
    workplace.write("data.jsonl", chat("one"))
    workplace.write("folder/data.jsonl", chat("one"))
    answer = tunegate("show", place)
    assert (answer.code, answer.out) == (2, "")
    assert answer.err.startswith(f"error: {said}")
    assert answer.err.count("\n") == 1
    assert len(answer.err) < 300


def test_standard_input_cannot_be_shown(workplace: Workplace, tunegate: Tunegate):
    said = tunegate("show", "--", "-:1")
    assert (said.code, said.out) == (2, "")
    assert said.err.startswith('error: place is "-:1", expected a line of a file')


def test_what_a_text_report_says_to_run_shows_the_finding(workplace: Workplace, process: Tunegate):
    workplace.write("it's mine.jsonl", chat("one") + chat("one"))
    report = process("check", "it's mine.jsonl", "--gates", "D1").out
    words = report.splitlines()[-1].partition("tunegate show ")[2].partition("   ")[0]
    assert words == """'it'"'"'s mine.jsonl:2'"""  # as a POSIX shell reads it
    assert process("show", "it's mine.jsonl:2", "--gates", "D1").code == 0


def test_a_locale_without_unicode_does_not_stop_it(workplace: Workplace, process: Tunegate):
    workplace.write("data.jsonl", chat("日本"))
    said = process("show", "data.jsonl:1", "--gates", "D1", PYTHONIOENCODING="ascii", LC_ALL="C")
    assert (said.code, said.err) == (0, "")
    assert "日本" in said.out
