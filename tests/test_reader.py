"""Reading: where records start and end in each container, what is unreadable and why, and that no setting of
threads or blocks changes an answer."""

import gzip
import json
import random
import zlib
from collections.abc import Iterator
from pathlib import Path

import pyarrow
import pytest
import xxhash
from tunegate import _core

SPLIT_SETTINGS = [(threads, block) for threads in (1, 2, 3) for block in (1 << 10, 64 << 10, 4 << 20)]
BOM = b"\xef\xbb\xbf"


def record(text: str, **more: object) -> bytes:
    return json.dumps({"text": text, **more}).encode()


def zstd(content: bytes) -> bytes:
    return pyarrow.compress(content, codec="zstd", asbytes=True)


def texts(reading) -> list[str]:
    return [message["content"] for message in reading.messages]


def spans(reading) -> list[tuple[int, int, int]]:
    return [(row["line"], row["byte_offset"], row["byte_length"]) for row in reading.records]


# Lines


def test_blank_lines_are_counted_and_are_no_records(read_bytes):
    reading = read_bytes(b'\n{"text":"a"}\n\n \t\r\n{"text":"b"}\n\n', lines=True)
    assert spans(reading) == [(2, 1, 12), (5, 19, 12)]
    assert texts(reading) == ["a", "b"]
    assert reading.reasons == [None, None]


def test_windows_line_ends_and_a_missing_last_line_end_change_nothing(read_bytes):
    reading = read_bytes(b'{"text":"a"}\r\n{"text":"b"}\r\n\r\n{"text":"c"}', lines=True)
    assert reading.lines == [1, 2, 4]
    assert texts(reading) == ["a", "b", "c"]


def test_other_line_separators_do_not_end_a_record(read_bytes):
    reading = read_bytes('{"text":"a\u2028b\u0085c"}\n{"text":"d"}'.encode(), lines=True)
    assert texts(reading) == ["a\u2028b\u0085c", "d"]
    assert reading.lines == [1, 2]


def test_byte_order_mark_is_accepted_as_the_first_bytes_only(read_bytes):
    reading = read_bytes(BOM + b'{"text":"a"}\n' + BOM + b'{"text":"b"}\n{"text":"c"}', lines=True)
    assert spans(reading)[0] == (1, 3, 12)
    assert reading.reasons[0] is None
    assert reading.reasons[1] == "invalid JSON: a byte order mark, which only a file may start with, at byte 1"
    assert reading.reasons[2] is None


def test_two_byte_order_marks_are_one_too_many(read_bytes):
    assert read_bytes(BOM + BOM + b'{"text":"a"}', lines=True).reasons[0].startswith("invalid JSON: a byte order mark")


def test_unreadable_line_leaves_its_neighbours_alone(read_bytes):
    reading = read_bytes(b'{"text":"a"}\n{"text":"b"\n{"text":"c"}\n', lines=True)
    assert [reason is None for reason in reading.reasons] == [True, False, True]
    assert [sample["sample_id"] for sample in reading.samples] == [0, 2]
    assert reading.records[1]["fingerprint"] == xxhash.xxh3_128_hexdigest(b'{"text":"b"')


@pytest.mark.parametrize("content", [b"", b"\n\n \r\n\t", BOM, BOM + b"\n"])
@pytest.mark.parametrize("lines", [True, False])
def test_source_of_blanks_holds_no_record(read_bytes, content, lines):
    assert read_bytes(content, lines=lines).records == []


def test_lines_of_a_jsonl_file_that_start_with_a_bracket_are_records(read_bytes):
    turn = b'[{"role":"user","content":"%s"}]'
    reading = read_bytes(turn % b"a" + b"\n" + turn % b"b" + b"\n", lines=True)
    assert [sample["format"] for sample in reading.samples] == ["message_list", "message_list"]


# Lists


def test_pretty_printed_list_gives_the_line_each_element_starts_on(read_bytes):
    content = b'[\n  {\n    "text": "a"\n  },\n\n  {"text":\n   "b"}\n]\n'
    reading = read_bytes(content)
    assert reading.lines == [2, 6]
    assert texts(reading) == ["a", "b"]
    assert [row["byte_offset"] for row in reading.records] == [content.index(b"{"), content.rindex(b"{")]


@pytest.mark.parametrize("content", [b'[{"text":"a"},{"text":"b"}]', BOM + b' \n[{"text":"a"} ,\r\n{"text":"b"}]\n\n'])
def test_minified_list_and_list_after_a_byte_order_mark(read_bytes, content):
    reading = read_bytes(content)
    assert texts(reading) == ["a", "b"]
    first, second = (row["byte_offset"] for row in reading.records)
    assert content[first:].startswith(b'{"text":"a"}')
    assert content[second:].startswith(b'{"text":"b"}')


@pytest.mark.parametrize("content", [b"[]", b" [ ] ", b"[\n]\n"])
def test_empty_list_holds_no_record(read_bytes, content):
    assert read_bytes(content).records == []


def test_brackets_commas_and_quotes_inside_strings_do_not_split_a_list(read_bytes):
    tricky = ['],[{"', "\\", '\\"', "}\n{", "a\\\\", '"]', "{[,"]
    reading = read_bytes(json.dumps([{"text": text} for text in tricky]).encode())
    assert texts(reading) == tricky


BREAKS = [
    (b'[{"text":"a"},\n]', 2, b"]", "a comma without an element after it in the list"),
    (b'[{"text":"a"},\n,{"text":"b"}]', 2, b',{"text":"b"}]', "a comma without an element after it in the list"),
    (b'[{"text":"a"}\n]\n {"text":"b"}\n', 3, b'{"text":"b"}\n', "content after the end of the list"),
    (b'[{"text":"a"}],', 1, b",", "content after the end of the list"),
    (b'[{"text":"a"},', 1, b"", "the list is cut short: no ']' at its end"),
    (b'[{"text":"a"},\n\n', 3, b"", "the list is cut short: no ']' at its end"),
    (b'[{"text":"a"}', 1, b"", "the list is cut short: no ']' at its end"),
    (b'[{"text":"a"}\n', 2, b"", "the list is cut short: no ']' at its end"),
    (b'[{"text":"a"},\n{"text":"b', 2, b'{"text":"b', "invalid JSON: a string without its closing quote, at byte 11"),
    (
        b'[{"text":"a"},\n{"text":"b"',
        2,
        b'{"text":"b"',
        "invalid JSON: cut short inside a list or an object, at byte 12",
    ),
    (b'[{"text":"a"},\n{"text":"b"]\n', 2, b'{"text":"b"]\n', "invalid JSON: no ',' or '}' after a member, at byte 12"),
    (
        b'[{"text":"a"},\n{text:"b"},{"text":"c"}]\n',
        2,
        b'{text:"b"},{"text":"c"}]\n',
        "invalid JSON: a key that is no string in quotes, at byte 2",
    ),
    (
        b'[{"text":"a"},\n{"text":"b"} {"text":"c"},{"text":"d"}]',
        2,
        b'{"text":"b"} {"text":"c"},{"text":"d"}]',
        "invalid JSON: content after the end of the value, at byte 14",
    ),
    (
        b'[{"text":"a"},\n{"text":"b"}},{"text":"c"}]',
        2,
        b'{"text":"b"}},{"text":"c"}]',
        "invalid JSON: content after the end of the value, at byte 13",
    ),
    (
        b'[{"text":"a"},\n"open, {"text":"b"}]',
        2,
        b'"open, {"text":"b"}]',
        "invalid JSON: content after the end of the value, at byte 10",
    ),
]


@pytest.mark.parametrize(("content", "line", "rest", "why"), BREAKS)
def test_broken_list_is_read_up_to_the_fault_and_the_rest_is_one_record(read_bytes, content, line, rest, why):
    reading = read_bytes(content)
    assert texts(reading) == ["a"]
    assert reading.reasons == [None, why + "; the list was not read beyond"]
    assert spans(reading)[1] == (line, len(content) - len(rest), len(rest))
    assert reading.records[1]["fingerprint"] == xxhash.xxh3_128_hexdigest(rest)


@pytest.mark.parametrize("content", [b"[", b"[\n", BOM + b"[ "])
def test_list_that_only_opens_is_one_unreadable_record(read_bytes, content):
    assert read_bytes(content).reasons == ["the list is cut short: no ']' at its end; the list was not read beyond"]


def test_elements_that_are_json_but_no_sample_do_not_end_a_list(read_bytes):
    reading = read_bytes(b'[1,"x",[1,2],null,{"a":1},{"text":"caf\xe9"},{"text":"b"}]')
    assert [reason is None for reason in reading.reasons] == [False] * 6 + [True]
    assert reading.reasons[:4] == [
        f"not a record: {kind}, expected an object or a list of messages"
        for kind in ("a number", "a string", "a list", "null")
    ]
    assert reading.reasons[5] == "invalid JSON: invalid UTF-8, at byte 13"


@pytest.mark.parametrize(("threads", "block"), SPLIT_SETTINGS)
def test_all_bytes_behind_a_break_are_one_record_however_far_it_was_read(read_bytes, threads, block):
    good = [record(f"{i} " + "x" * 200) for i in range(4000)]
    head, rest = b",\n".join(good[:1500]) + b",\n", b'{"text": }, ' + b",\n".join(good) + b"]"
    reading = read_bytes(b"[" + head + rest, threads=threads, block_bytes=block)
    assert len(reading.records) == 1501
    assert spans(reading)[-1] == (1501, 1 + len(head), len(rest))
    assert reading.records[-1]["fingerprint"] == xxhash.xxh3_128_hexdigest(rest)


# One object, and lines in a file that does not say so


def test_object_over_several_lines_is_one_record(read_bytes):
    reading = read_bytes(b'\n\n{\n  "text": "a",\n  "n": 1\n}\n')
    assert reading.lines == [3]
    assert texts(reading) == ["a"]


def test_object_over_several_lines_after_a_byte_order_mark(read_bytes):
    reading = read_bytes(BOM + b'{\n "text": "a"}')
    assert texts(reading) == ["a"]


def test_long_first_line_of_an_object_is_read_to_its_end(read_bytes):
    long = "x" * (3 << 20)
    for mark in (b"", BOM):
        reading = read_bytes(mark + b'{"text":"' + long.encode() + b'",\n"n":1}')
        assert texts(reading) == [long]
        reading = read_bytes(mark + b'{"text":"' + long.encode() + b'"}\n{"text":"b"}')
        assert texts(reading) == [long, "b"]


def test_json_file_that_holds_lines_is_read_as_lines(read_bytes):
    reading = read_bytes(b'{"text":"a"}\n{"text":"b"}\nnonsense\n{"text":"c"}')
    assert texts(reading) == ["a", "b", "c"]
    assert reading.lines == [1, 2, 3, 4]


def test_object_with_content_after_it_is_one_unreadable_record(read_bytes):
    reading = read_bytes(b'{\n"text":"a"}\n{\n"text":"b"}\n')
    assert reading.reasons == ["invalid JSON: content after the end of the value, at byte 15"]


# Compressed


LINES = [record(f"line {i}: " + "".join(random.Random(i).choices("abcdefgh ", k=60))) for i in range(400)]


def test_gzip_members_and_zstd_frames_in_a_row_are_one_stream(read_bytes):
    halves = [b"\n".join(LINES[:150]) + b'\n{"te', b'xt":"between"}\n' + b"\n".join(LINES[150:])]
    expected = read_bytes(b"".join(halves), lines=True)
    assert len(expected.samples) == 401
    assert read_bytes(b"".join(map(gzip.compress, halves)), lines=True, compression="gzip") == expected
    assert read_bytes(b"".join(map(zstd, halves)), lines=True, compression="zstd") == expected


def test_empty_members_and_frames_are_nothing(read_bytes):
    for compression, compress in (("gzip", gzip.compress), ("zstd", zstd)):
        content = compress(b"") + compress(LINES[0]) + compress(b"")
        assert len(read_bytes(content, compression=compression).samples) == 1
        assert read_bytes(compress(b""), compression=compression).records == []


def test_list_in_a_compressed_file_is_a_list(read_bytes):
    reading = read_bytes(gzip.compress(b"[" + b",".join(LINES) + b"]"), compression="gzip")
    assert len(reading.samples) == len(LINES)


@pytest.mark.parametrize(("compression", "compress"), [("gzip", gzip.compress), ("zstd", zstd)])
def test_compressed_file_cut_anywhere_is_an_error_never_half_an_answer(tmp_path, read_file, compression, compress):
    noise = random.Random(3)
    lines = [record("".join(chr(noise.randrange(32, 1000)) for _ in range(150))) for _ in range(300)]
    content = b"".join(compress(b"\n".join(part) + b"\n") for part in (lines[:100], lines[100:]))
    path = tmp_path / "cut"
    first_frame = len(compress(b"\n".join(lines[:100]) + b"\n"))
    for size in [*range(1, len(content), 1000), first_frame - 1, first_frame + 1, len(content) - 1]:
        path.write_bytes(content[:size])
        with pytest.raises(_core.ReadError, match=r"^(ends in the middle of a record at line|not a sound)"):
            read_file(path, compression=compression, lines=True)
    path.write_bytes(content)
    assert len(read_file(path, compression=compression, lines=True).samples) == 300


def test_cut_says_how_far_it_was_read(tmp_path, read_file):
    path = tmp_path / "cut"
    squeezer = zlib.compressobj(wbits=31)
    whole = b"".join(line + b"\n" for line in LINES * 5)
    path.write_bytes(squeezer.compress(whole + b'{"text":"cu') + squeezer.flush(zlib.Z_FULL_FLUSH))  # no end mark
    expected = "ends in the middle of a record at line 2,001: the file is cut short. 2,000 records were read"
    with pytest.raises(_core.ReadError, match=expected):
        read_file(path, compression="gzip", lines=True)


def test_all_records_before_a_cut_are_delivered_first(tmp_path):
    path = tmp_path / "cut"
    squeezer = zlib.compressobj(wbits=31)
    path.write_bytes(squeezer.compress(b"\n".join(LINES) + b"\n") + squeezer.flush(zlib.Z_FULL_FLUSH))
    reader = _core.SourceReader(str(path), compression="gzip", lines=True)
    assert reader.next().record_count == len(LINES)
    with pytest.raises(_core.ReadError, match="400 records were read"):
        reader.next()


@pytest.mark.parametrize("garbage", [b"garbage", b"\0" * 64, b"\x1f\x8b"])
def test_bytes_after_the_last_gzip_member_are_an_error(read_bytes, garbage):
    with pytest.raises(_core.ReadError, match=r"not a sound gzip stream|is cut short"):
        read_bytes(gzip.compress(b"\n".join(LINES)) + garbage, compression="gzip", lines=True)


def test_bytes_after_the_last_zstd_frame_are_an_error(read_bytes):
    with pytest.raises(_core.ReadError, match=r"not a sound zstd stream|is cut short"):
        read_bytes(zstd(b"\n".join(LINES)) + b"garbage", compression="zstd", lines=True)


@pytest.mark.parametrize(("compression", "compress"), [("gzip", gzip.compress), ("zstd", zstd)])
def test_damaged_byte_is_an_error_or_seen_in_a_record_never_a_crash(tmp_path, read_file, compression, compress):
    content = compress(b"\n".join(LINES))
    whole = [json.loads(line)["text"] for line in LINES]
    path = tmp_path / "damaged"
    for at in range(0, len(content), 97):
        path.write_bytes(content[:at] + bytes([content[at] ^ 0x5A]) + content[at + 1 :])
        try:
            reading = read_file(path, compression=compression, lines=True)
        except _core.ReadError:
            continue
        assert compression == "zstd" or texts(reading) == whole  # gzip has a checksum; pyarrow's frames have none


def test_wrong_suffix_is_an_error(read_bytes):
    for compression in ("gzip", "zstd"):
        with pytest.raises(_core.ReadError, match=f"not a sound {compression} stream"):
            read_bytes(b"\n".join(LINES), compression=compression)


def test_file_that_goes_away_is_an_error(tmp_path):
    with pytest.raises(_core.ReadError, match="No such file"):
        _core.SourceReader(str(tmp_path / "absent"))
    with pytest.raises(_core.ReadError, match="directory"):
        _core.SourceReader(str(tmp_path)).next()


# Records over the limit


def oversize_case(container: str) -> tuple[bytes, list[bytes]]:
    """Return a container of records of which two in the middle, and the last, are over 2,000 bytes, and the records."""
    records = [record(f"{i}" + "x" * (5000 if i in (3, 4, 9) else 100)) for i in range(10)]
    if container == "lines":
        return b"\n".join(records), records
    return b"[\n" + b",\n".join(records) + b"\n]", records


@pytest.mark.parametrize("container", ["lines", "list"])
@pytest.mark.parametrize("compression", ["none", "gzip", "zstd"])
@pytest.mark.parametrize("block", [1 << 10, 4 << 20])
@pytest.mark.parametrize("threads", [1, 3])
def test_record_over_the_limit_is_skipped_and_hashed(read_bytes, container, compression, block, threads):
    content, records = oversize_case(container)
    compress = {"none": bytes, "gzip": gzip.compress, "zstd": zstd}[compression]
    reading = read_bytes(
        compress(content), compression=compression, max_record_bytes=2000, block_bytes=block, threads=threads
    )
    too_long = "longer than 2,000 bytes, the most that a record may have"
    assert reading.reasons == [too_long if i in (3, 4, 9) else None for i in range(10)]
    first = 1 if container == "lines" else 2
    assert reading.lines == list(range(first, first + 10))
    assert [row["record_id"] for row in reading.records] == list(range(10))
    for i in (3, 4):
        assert reading.records[i]["byte_length"] == len(records[i])
        assert reading.records[i]["fingerprint"] == xxhash.xxh3_128_hexdigest(records[i])


@pytest.mark.parametrize("threads", [1, 3])
@pytest.mark.parametrize("block", [1 << 10, 4 << 20])
@pytest.mark.parametrize("container", ["lines", "list"])
def test_record_over_several_chunks_and_the_limit_is_skipped_and_hashed(read_bytes, container, threads, block):
    records = [record("a"), record("x" * (5 << 20)), record("b"), record("y" * (3 << 20) + "\\" * 9), record("c")]
    content = b"\n".join(records) if container == "lines" else b"[" + b",\n".join(records) + b"]"
    reading = read_bytes(content, max_record_bytes=1 << 20, threads=threads, block_bytes=block)
    assert texts(reading) == ["a", "b", "c"]
    assert [reason is None for reason in reading.reasons] == [True, False, True, False, True]
    for i in (1, 3):
        assert reading.records[i]["fingerprint"] == xxhash.xxh3_128_hexdigest(records[i])
        assert reading.records[i]["byte_length"] == len(records[i])


def test_object_over_the_limit_is_one_unreadable_record(read_bytes):
    content = b'{\n"text":"' + b"x" * (3 << 20) + b'"}'
    reading = read_bytes(content, max_record_bytes=1 << 20)
    assert reading.reasons == [f"longer than {1 << 20:,} bytes, the most that a record may have"]
    assert reading.records[0]["fingerprint"] == xxhash.xxh3_128_hexdigest(content)


@pytest.mark.parametrize("threads", [1, 2, 3])
@pytest.mark.parametrize("block", [1 << 10, 4 << 20])
def test_break_before_a_record_over_the_limit_ends_the_list_all_the_same(read_bytes, threads, block):
    good, rest = record("a"), b'{"text": },\n' + record("x" * (3 << 20)) + b"," + record("b") + b"]"
    reading = read_bytes(b"[" + good + b"," + rest, max_record_bytes=1 << 20, threads=threads, block_bytes=block)
    assert [row["record_id"] for row in reading.records] == [0, 1]
    assert reading.records[1]["byte_length"] == len(rest)
    assert reading.records[1]["fingerprint"] == xxhash.xxh3_128_hexdigest(rest)


def test_break_after_a_record_over_the_limit_is_still_seen(read_bytes):
    rest = b",{}]"
    reading = read_bytes(b"[" + record("x" * (3 << 20)) + b"," + rest, max_record_bytes=1 << 20)
    assert reading.reasons[0].startswith("longer than")
    assert reading.reasons[1].startswith("a comma without an element")
    assert reading.records[1]["byte_length"] == len(rest)


@pytest.mark.parametrize("block", [1 << 10, 4 << 20])
@pytest.mark.parametrize("container", ["lines", "list"])
def test_blanks_beyond_the_limit_swallow_no_record(read_bytes, container, block):
    blanks = b" " * (3 << 20)
    content = {"lines": b'{"text":"a"}\n%b\n{"text":"b"}', "list": b'[{"text":"a"},%b\n{"text":"b"}]'}[
        container
    ] % blanks
    reading = read_bytes(content, max_record_bytes=1 << 20, block_bytes=block)
    assert reading.reasons == [None, None]
    assert texts(reading) == ["a", "b"]


# No setting changes an answer


def hostile_lines() -> Iterator[bytes]:
    random_ = random.Random(7)
    for i in range(3000):
        yield from [b""] * random_.choice((0, 0, 0, 1, 2))
        text = "".join(random_.choices('aé漢😀\\"\n ', k=random_.randrange(200)))
        line = json.dumps({"text": text, "i": i, "category": str(i % 3)}, ensure_ascii=i % 2 == 0).encode()
        match random_.randrange(12):
            case 0:
                yield line[: len(line) // 2]
            case 1:
                yield line + b"\r"
            case 2:
                yield line.replace(b"t", b"\xff", 1)
            case 3:
                yield (
                    b'{"messages":[{"role":"user","content":"q"},{"role":"assistant","tool_calls":[{"id":"1"}]}],"k":%d}'
                    % i
                )
            case _:
                yield line


@pytest.mark.parametrize("compression", ["none", "gzip", "zstd"])
def test_lines_read_alike_with_any_threads_and_blocks(read_bytes, compression):
    compress = {"none": bytes, "gzip": gzip.compress, "zstd": zstd}[compression]
    content = compress(b"\n".join(hostile_lines()))
    expected = read_bytes(content, lines=True, compression=compression)
    assert len(expected.records) == 3000
    assert 2000 < len(expected.samples) < 3000
    for threads, block in SPLIT_SETTINGS:
        assert read_bytes(content, lines=True, compression=compression, threads=threads, block_bytes=block) == expected


def test_list_reads_alike_with_any_threads_and_blocks(read_bytes):
    good = [json.dumps(json.loads(line), indent=1).encode() for line in LINES * 10]
    good[77], good[2000] = b"17", b'{"text":"\xff"}'
    content = b"[\n" + b" ,\n".join(good) + b"\n]"
    expected = read_bytes(content)
    assert len(expected.samples) == len(good) - 2
    for threads, block in SPLIT_SETTINGS:
        assert read_bytes(content, threads=threads, block_bytes=block) == expected


def test_record_ids_count_on_from_the_first(read_bytes):
    reading = read_bytes(b"\n".join(LINES[:3]), first_record_id=1000)
    assert [row["record_id"] for row in reading.records] == [1000, 1001, 1002]
    assert [row["sample_id"] for row in reading.samples] == [1000, 1001, 1002]
    assert [row["sample_id"] for row in reading.messages] == [1000, 1001, 1002]


@pytest.mark.parametrize("container", ["lines", "list"])
def test_byte_offset_and_length_find_the_record_again(tmp_path, read_bytes, container):
    content, records = oversize_case(container)
    compressed = {"none": content, "gzip": gzip.compress(content), "zstd": zstd(content)}
    for compression, data in compressed.items():
        path = tmp_path / "again"
        path.write_bytes(data)
        reading = read_bytes(data, compression=compression)
        for row, expected in zip(reading.records, records, strict=True):
            stretch = _core.read_stretch(str(path), compression, row["byte_offset"], row["byte_length"])
            assert stretch.strip() == expected


def test_stretch_beyond_the_end_is_short(tmp_path):
    path = tmp_path / "short"
    path.write_bytes(b"abc")
    assert _core.read_stretch(str(path), "none", 1, 100) == b"bc"
    assert _core.read_stretch(str(path), "none", 7, 100) == b""


# Real sets


REAL = [  # the path, how many records, all of one format
    ("LLaMA-Factory/data/alpaca_en_demo.json", 999, "alpaca"),
    ("LLaMA-Factory/data/alpaca_zh_demo.json", 1000, "alpaca"),
    ("LLaMA-Factory/data/dpo_en_demo.json", 300, "sharegpt"),
    ("LLaMA-Factory/data/glaive_toolcall_en_demo.json", 300, "sharegpt"),
    ("LLaMA-Factory/data/identity.json", 91, "alpaca"),
    ("LLaMA-Factory/data/kto_en_demo.json", 300, "kto"),
    ("LLaMA-Factory/data/reason_tool_use_demo_50.jsonl", 50, "messages"),
    ("LLaMA-Factory/data/v1_dpo_demo.jsonl", 10, "preference"),
    ("LLaMA-Factory/data/v1_multimodal_demo.jsonl", 24, "messages"),
    ("LLaMA-Factory/data/v1_sft_demo.jsonl", 500, "messages"),
    ("axolotl/tests/fixtures/conversation.json", 1, "sharegpt"),
    ("axolotl/tests/fixtures/conversation.missingturns.json", 1, "sharegpt"),
    ("xtuner/tests/resource/openai_sft.jsonl", 128, "message_list"),
    ("xtuner/tests/resource/qwen35_tokenize_data.jsonl", 17, "messages"),
    ("openai-cookbook/examples/data/toy_chat_fine_tuning.jsonl", 5, "messages"),
    ("hh-rlhf/harmless-base/test.jsonl.gz", 2312, "preference"),
    ("grade-school-math/grade_school_math/data/train.jsonl", 7473, "question_answer"),
]


@pytest.mark.parametrize(("name", "count", "format_name"), REAL)
def test_real_set_is_read_whole_in_its_format(shared_data, read_file, name, count, format_name):
    path = shared_data / name
    compression = "gzip" if name.endswith(".gz") else "none"
    reading = read_file(path, compression=compression, lines=".jsonl" in name)
    assert {sample["format"] for sample in reading.samples} == {format_name}
    assert len(reading.samples) == count
    assert set(reading.reasons) == {None}
    text = gzip.decompress(path.read_bytes()) if compression == "gzip" else path.read_bytes()
    parsed = [json.loads(line) for line in text.splitlines() if line.strip()] if ".jsonl" in name else json.loads(text)
    assert count == (len(parsed) if isinstance(parsed, list) else 1)


@pytest.mark.parametrize("name", ["conversation.tokenized.json", "conversation.tokenized_llama2chat.json"])
def test_real_token_ids_are_refused(shared_data: Path, read_file, name):
    reading = read_file(shared_data / "axolotl/tests/fixtures" / name)
    assert reading.reasons == ["token ids without text, which cannot be judged; keep the text beside them"]


def test_real_alpaca_contents_are_those_of_the_file(shared_data, read_file):
    path = shared_data / "LLaMA-Factory/data/alpaca_en_demo.json"
    expected = []
    for row in json.loads(path.read_text()):
        expected += [row["instruction"] + ("\n" + row["input"] if row["input"].strip() else ""), row["output"]]
    assert texts(read_file(path)) == expected


def test_real_transcripts_are_split_where_their_markers_stand(shared_data, read_file):
    path = shared_data / "hh-rlhf/harmless-base/test.jsonl.gz"
    reading = read_file(path, compression="gzip", lines=True)
    turns: dict[tuple[int, str], list[str]] = {}
    for row in reading.messages:
        marker = "\n\nHuman:" if row["role"] == "user" else "\n\nAssistant:"
        turns.setdefault((row["sample_id"], row["part"]), []).append(marker + " " + row["content"])
    for i, line in enumerate(gzip.decompress(path.read_bytes()).splitlines()):
        pair, prompt = json.loads(line), "".join(turns.get((i, "main"), []))
        for part in ("chosen", "rejected"):
            joined = prompt + "".join(turns[i, part])
            assert joined.replace(": ", ":") == pair[part].replace(": ", ":")  # one space after a marker may be absent
