"""The items of benchmark files: which text stands for an item, on which line it starts, and what cannot be read."""

import csv
import gzip
import io
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tunegate.errors import SourceError
from tunegate.eval_items import KEYS, Item, read_items

SECRET = "Zebra"  # stands in every text that must not be shown


def put(folder: Path, name: str, content: bytes | str) -> Path:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


@pytest.fixture
def items_of(tmp_path):
    """Read bytes as a file of this name: (line, text) of each item."""

    def read(name: str, content: bytes | str, **options: str) -> list[tuple[int, str]]:
        return [(item.line, item.text) for item in read_items(put(tmp_path, name, content), **options)]

    return read


@pytest.fixture
def refusal(tmp_path):
    """The message for a file that cannot be read, without its path."""

    def read(name: str, content: bytes | str, **options: str) -> str:
        path = put(tmp_path, name, content)
        with pytest.raises(SourceError) as caught:
            read_items(path, **options)
        message = str(caught.value)
        assert message.startswith(f"{path}")
        assert "\n" not in message
        assert SECRET not in message
        return message.removeprefix(f"{path}").strip()

    return read


def items_or_error(path: Path) -> list[Item] | str:
    try:
        return read_items(path)
    except SourceError as error:
        return str(error)


def text_of(items_of, record: Any) -> str:
    [(_, text)] = items_of("a.jsonl", json.dumps(record))
    return text


@pytest.mark.parametrize("key", KEYS)
def test_each_known_key_holds_an_item(items_of, key):
    assert text_of(items_of, {"id": 7, key: "What is it?", "answer": "It."}) == "What is it?"


def test_first_known_key_with_text_is_the_item_whatever_the_order_and_case(items_of):
    assert text_of(items_of, {"text": "b", "Question": "a"}) == "a"
    assert text_of(items_of, {"question": " \n", "prompt": None, "input": "c"}) == "c"
    assert text_of(items_of, {"question": 5, "text": "d"}) == "d"


def test_instruction_goes_with_its_input(items_of):
    assert text_of(items_of, {"instruction": "Add.", "input": "1 2", "output": "3"}) == "Add.\n1 2"
    assert text_of(items_of, {"instruction": "Sing.", "input": "", "output": "La"}) == "Sing."


@pytest.mark.parametrize(
    "turns",
    [
        {"turns": ["One?", "Two?"]},
        {"turns": [{"content": "One?"}, {"content": "Two?"}]},
        {
            "messages": [
                {"role": "system", "content": "S"},
                {"role": "user", "content": "One?"},
                {"role": "assistant", "content": "A"},
                {"role": "user", "content": "Two?"},
            ]
        },
        {
            "conversations": [
                {"from": "human", "value": "One?"},
                {"from": "gpt", "value": "A"},
                {"from": "human", "value": "Two?"},
            ]
        },
        {"question": [[{"role": "user", "content": "One?"}], [{"role": "user", "content": "Two?"}]]},
        {"task": "GR", "history": [{"user": "One?", "bot": "A"}, {"user": "Two?", "bot": "A"}]},
        {
            "messages": [
                {"role": "user", "content": [{"type": "text", "text": "One?"}, {"type": "image"}]},
                {"role": "User", "content": "Two?"},
            ]
        },
    ],
)
def test_of_turns_the_users_are_the_item(items_of, turns):
    assert text_of(items_of, turns) == "One?\nTwo?"


def test_an_item_may_be_blank_or_a_string(items_of):
    assert items_of("a.jsonl", '{"question": ""}\n{"prompt": null}\n"Why?"\n') == [(1, ""), (2, ""), (3, "Why?")]


def test_field_names_the_key_exactly(items_of, refusal):
    record = '{"question": "q", "Stem": {"role": "user", "content": "s"}}'
    assert items_of("a.jsonl", record, field="Stem") == [(1, "s")]
    assert "no key 'stem' among the keys question, Stem. Did you mean \"Stem\"?" in refusal(
        "a.jsonl", record, field="stem"
    )
    assert "'id' holds a number" in refusal("a.jsonl", '{"id": 5}', field="id")
    assert "a JSON string" in refusal("a.jsonl", f'"{SECRET}"', field="id")


def test_records_may_differ_in_their_keys(items_of):
    assert items_of("a.jsonl", '{"question": "a"}\n{"prompt": "b"}\n') == [(1, "a"), (2, "b")]


def test_lines_are_physical_lines(items_of):
    assert items_of("a.jsonl", '\n{"text": "a"}\r\n \r\n{"text": "b\\u2028c"}') == [(2, "a"), (4, "b\u2028c")]
    assert items_of("a.jsonl", '{"text": "a\u2028b\x85c"}\n{"text": "d"}') == [(1, "a\u2028b\x85c"), (2, "d")]
    assert items_of("a.json", '[\n{"text":\n "a"},\r\n\n {"text": "b"}, {"text": "c"}\n]\n') == [
        (2, "a"),
        (5, "b"),
        (5, "c"),
    ]
    assert items_of("a.json", '{"text": "a"}\n\n{"text":\n"b"}') == [(1, "a"), (3, "b")]
    assert items_of("a.json", '\n{\n"text": "a"}') == [(2, "a")]


def test_list_may_stand_under_a_key(items_of):
    content = '{\n"canary": "x", "more": [1, {"a": []}],\n"examples": [\n{"input": "a", "target": "b"},\n\n{"input": "c"}]\n, "z": 0}\n'
    assert items_of("bbh.json", content) == [(4, "a"), (6, "c")]
    assert items_of("a.json", '{"question": "q", "data": [{"text": "no"}]}') == [(1, "q")]


def test_byte_order_mark_is_no_text(items_of):
    assert items_of("a.jsonl", b'\xef\xbb\xbf{"text": "a"}') == [(1, "a")]
    assert items_of("a.json", b'\xef\xbb\xbf[{"text": "a"}]') == [(1, "a")]
    assert items_of("a.csv", b"\xef\xbb\xbfquestion,answer\na b,c\n") == [(2, "a b")]


def test_half_a_surrogate_pair_stands_for_no_character(items_of):
    assert items_of("a.jsonl", r'{"text": "a\ud800b \ud83d\ude00 \u0000"}') == [(1, "a\ufffdb \U0001f600 \0")]


def test_numbers_of_any_length_are_read_over(items_of):
    assert items_of("a.jsonl", '{"id": ' + "1" * 9000 + ', "text": "a"}') == [(1, "a")]


def test_compressed_files_are_read(items_of, tmp_path):
    content = b'{"text": "a"}\n{"text": "b"}\n'
    assert items_of("a.jsonl.gz", gzip.compress(content)) == [(1, "a"), (2, "b")]
    frame = b"\x28\xb5\x2f\xfd\x20" + bytes([len(content)]) + (len(content) << 3 | 1).to_bytes(3, "little") + content
    assert items_of("a.JSONL.ZST", frame) == [(1, "a"), (2, "b")]  # RFC 8878: one raw block


def test_header_names_the_column(items_of):
    assert items_of("a.csv", 'id,Question,answer\n1,"a, b",c\n\n2,d,e\n') == [(2, "a, b"), (4, "d")]
    assert items_of("a.tsv", "instruction\tinput\nAdd.\t1 2\n") == [(2, "Add.\n1 2")]
    assert items_of("a.csv", "stem,question\ns,q\n", field="stem") == [(2, "s")]
    assert items_of("a.csv", "prompt,,\na,b,c\n") == [(2, "a")]


def test_without_a_header_the_first_column_with_words_is_taken(items_of):
    assert items_of("mmlu.csv", "What is 1 + 1?,1,2,3,4,B\nThe pleura,a b,c d,e f,g h,A\n") == [
        (1, "What is 1 + 1?"),
        (2, "The pleura"),
    ]
    assert items_of("a.csv", "1,q1,Who are you?,x\n2,q2,What is it?,y\n") == [(1, "Who are you?"), (2, "What is it?")]
    assert items_of("a.csv", "Which key is it?,Input,Text,A\nAnd which now?,b,c,D\n")[0] == (1, "Which key is it?")


def test_row_starts_on_its_first_line(items_of):
    content = 'question,answer\r\n"a\r\n\r\nb",1\r\nc,"\n\n"\r\nd,2\r\n'
    assert items_of("a.csv", content) == [(2, "a\r\n\r\nb"), (5, "c"), (8, "d")]


def test_huge_cell_is_read_and_the_limit_of_others_kept(items_of):
    before = csv.field_size_limit()
    text = "word " * 100_000 + "end"
    assert items_of("a.csv", f"question\n{text}\n") == [(2, text)]
    assert csv.field_size_limit() == before


@given(
    st.lists(
        st.tuples(
            st.text(st.characters(exclude_characters="\0\r", exclude_categories=["Cs"]), min_size=1).filter(str.strip),
            st.text("ab\n\"',"),
        ),
        min_size=1,
    )
)
def test_written_tables_are_read_back(tmp_path_factory, rows):
    out = io.StringIO()
    csv.writer(out).writerows([("question", "answer"), *rows])
    items = read_items(put(tmp_path_factory.mktemp("t"), "a.csv", out.getvalue()))
    # The item is the stripped cell, as with JSON; a line starts where those before it end.
    assert [item.text for item in items] == [question.strip() for question, _ in rows]
    assert items[-1].line == 2 + sum(1 + question.count("\n") + answer.count("\n") for question, answer in rows[:-1])


@given(
    st.lists(st.text(st.characters(exclude_categories=["Cs"])), min_size=1),
    st.sampled_from([None, 1, "\t"]),
    st.booleans(),
)
def test_written_json_is_read_back(tmp_path_factory, texts, indent, wrapped):
    records: Any = [{"id": 1, "question": text} for text in texts]
    content = json.dumps({"examples": records} if wrapped else records, indent=indent, ensure_ascii=False)
    items = read_items(put(tmp_path_factory.mktemp("t"), "a.json", content))
    assert [item.text for item in items] == [text.strip() for text in texts]
    assert all(content.split("\n")[item.line - 1].strip().endswith("{") or indent is None for item in items)


@given(
    st.sampled_from(["a.jsonl", "a.json", "a.csv", "a.tsv", "a.json.gz", "a.csv.zst"]),
    st.binary(max_size=60) | st.text('[]{}":,\\abcquestion\n\r 1').map(str.encode),
)
def test_any_bytes_are_items_or_one_clear_error(tmp_path_factory, name, content):
    path = put(tmp_path_factory.mktemp("t"), name, content)
    items = items_or_error(path)
    if isinstance(items, str):
        assert items.startswith(str(path))
        assert items.isprintable()
    else:
        assert all(isinstance(item, Item) for item in items)
        lines = [item.line for item in items]
        assert lines == sorted(lines)
        assert lines[0] >= 1


@pytest.mark.parametrize("content", ["", "\n \r\n", "\ufeff"])
@pytest.mark.parametrize("name", ["a.jsonl", "a.json", "a.csv"])
def test_file_without_items_is_refused(refusal, name, content):
    assert refusal(name, content).endswith("expected at least one record")


def test_file_with_a_header_only_is_refused(refusal):
    assert refusal("a.csv", "question,answer\n") == "holds no item; expected at least one record"
    assert refusal("a.json", "[]") == "holds no item; expected at least one record"


def test_missing_file_and_unknown_name_are_refused(tmp_path, refusal):
    with pytest.raises(SourceError, match="No such file"):
        read_items(tmp_path / "a.jsonl")
    assert "expected .jsonl, .ndjson, .json, .csv, .tsv" in refusal("a.parquet", "PAR1")
    assert "expected .jsonl" in refusal("a.gz", "x")


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("a.jsonl", f'{{"text": "a"}}\n{{"text": "{SECRET}', "line 2: no JSON from column 10 on; expected"),
        ("a.jsonl", f'{{"text": "a"}} {SECRET}', "line 1: more text after the JSON value"),
        ("a.jsonl", "[" * 100_000, "line 1: JSON nested too deeply"),
        ("a.jsonl", f'["{SECRET}"]', "line 1: a JSON list; expected an object"),
        ("a.jsonl", "12", "line 1: a JSON number; expected an object"),
        ("a.jsonl", f'{{"text": "a"}}\n\n{{"answer": "{SECRET}", "id": 1}}', "line 3: no question among the keys answer, id; expected one of question, prompt"),
        ("a.jsonl", f'{{"{SECRET}, is it?": 1, "id": 1}}', "line 1: no question among the keys id and 1 more; expected"),
        ("a.jsonl", f'{{"{SECRET}, is it?": 1}}', "line 1: no question among its keys; expected"),
        ("a.jsonl", '{"question": 5}', "line 1: no question among the keys question; expected"),
        ("a.json", f'[\n{{"text": "a"}}\n{{"text": "{SECRET}"}}]', 'line 3: there is another character where "," or "]" must stand'),
        ("a.json", f'[\n{{"text": "a"}},\n{{"text":\n "b" "{SECRET}"}}]', "line 3: no JSON from line 4, column 6 on; expected"),
        ("a.json", '[\n{"text": "a"},\n', "line 3: no JSON from column 1 on; expected"),
        ("a.json", '[{"text": "a"}', 'line 1: the file ends where "," or "]" must stand'),
        ("a.json", f'[{{"text": "a"}}]\n{SECRET}', "line 2: more text after the list"),
        ("a.csv", f'question,answer\na,b\n"{SECRET},c\n\n', "line 3: unexpected end of data; expected cells quoted"),
        ("a.csv", f'question,answer\na,b\n"a"{SECRET},c\n', "line 3: ',' expected after '\"'; expected cells quoted"),
        ("a.csv", f"question,answer\na,b\n{SECRET}, c,d\n", "line 3: 3 cells, where the first row has 2; quote"),
        ("a.csv", f"question,answer\ra,{SECRET}\r", "line 1: new-line character seen in unquoted field; expected"),
        ("a.csv", "1,2\n3,4\n", "line 1: no column holds text"),
        ("a.csv", "question\nb\n", "line 1: no column 'stem' in the first row"),
        ("a.jsonl", b'{"text": "a"}\n{"text": "\xe9"}', "line 2: the byte 0xE9, which is not UTF-8"),
        ("a.csv", "question\na b\n".encode("utf-16"), "line 1: "),
        ("a.csv", "question\na b\n".encode("utf-16-le"), "line 1: a NUL byte; expected text in UTF-8"),
        ("a.csv", b"question\na\0b\n", "line 2: a NUL byte"),
        # without the time, which would stand in the name of the test
        ("a.jsonl.gz", gzip.compress(b'{"text": "a"}', mtime=0)[:-9], ": the gzip stream has no end; expected a readable file"),
        ("a.jsonl.gz", b'{"text": "a"}', ": "),
        ("a.jsonl.zst", b'{"text": "a"}', ": "),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_told_with_its_line_and_without_its_text(refusal, name, content, expected):
    options = {"field": "stem"} if "'stem'" in expected else {}
    assert refusal(name, content, **options).startswith(expected)


PUBLIC = [
    ("human-eval/data/HumanEval.jsonl.gz", 164, "from typing import List"),
    ("grade-school-math/grade_school_math/data/test.jsonl", 1319, "Janet’s ducks lay 16 eggs per day."),
    ("Eurus-eval/eval/Coding/mbpp/new_mbpp.json", 399, "Write a function to find the shared elements"),
    ("Eurus-eval/eval/mmlu/test/computer_security_test.csv", 100, "Which of the following styles of fuzzer"),
    ("Eurus-eval/eval/mmlu/dev/elementary_mathematics_dev.csv", 5, "The population of the city where"),
    ("BIG-Bench-Hard/bbh/web_of_lies.json", 250, "Question: Sherrie tells the truth."),
    ("ifeval/instruction_following_eval/data/input_data.jsonl", 541, "Write a 300+ word summary of the wikipedia page"),
    ("FastChat/fastchat/llm_judge/data/mt_bench/question.jsonl", 80, "Compose an engaging travel blog post"),
    ("arena-hard-auto/data/arena-hard-v0.1/question.jsonl", 500, "Use ABC notation to write a melody"),
    ("mt-bench-101/data/subjective/mtbench101.jsonl", 1388, "Now there are three people A, B and C."),
    ("truthfulqa_experiments/datasets/TruthfulQA.csv", 817, "What happens to you if you eat watermelon seeds?"),
    ("gorilla/berkeley-function-call-leaderboard/bfcl_eval/data/BFCL_v4_parallel.json", 200, "Play songs from the artists"),
]  # fmt: skip


@pytest.mark.parametrize(("path", "count", "start"), PUBLIC)
def test_public_benchmarks_are_read(shared_data, path, count, start):
    items = read_items(shared_data / path)
    assert len(items) == count
    assert items[0].text.startswith(start)
    assert all(item.text.strip() for item in items)
