"""JSON by JSONTestSuite (Nicolas Seriot, MIT): as values, as metadata of a good record, and under mutation.

The reader's fast parser is held against its obvious reference and against Python's json module.
"""

import json
import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NoReturn

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tunegate import _core

HEAD = b'{"messages": [{"role": "user", "content": "hi"}, {"role": "assistant", "content": "yes"}], "metadata": '
TAIL = b"}"

# What RFC 8259 leaves open, decided by hand; docs/formats.md says why. Escapes of lone surrogates are legal
# JSON, so metadata keeps them byte for byte; only where text is read from a string are they an error.
DECISIONS = {
    "number_double_huge_neg_exp": "accept",
    "number_huge_exp": "accept",
    "number_neg_int_huge_exp": "accept",
    "number_pos_double_huge_exp": "accept",
    "number_real_neg_overflow": "accept",
    "number_real_pos_overflow": "accept",
    "number_real_underflow": "accept",
    "number_too_big_neg_int": "accept",
    "number_too_big_pos_int": "accept",
    "number_very_big_negative_int": "accept",
    "object_key_lone_2nd_surrogate": "accept",
    "string_1st_surrogate_but_2nd_missing": "accept",
    "string_1st_valid_surrogate_2nd_invalid": "accept",
    "string_incomplete_surrogate_and_escape_valid": "accept",
    "string_incomplete_surrogate_pair": "accept",
    "string_incomplete_surrogates_escape_valid": "accept",
    "string_invalid_lonely_surrogate": "accept",
    "string_invalid_surrogate": "accept",
    "string_inverted_surrogates_U+1D11E": "accept",
    "string_lone_second_surrogate": "accept",
    "string_UTF-16LE_with_BOM": "refuse",
    "string_UTF-8_invalid_sequence": "refuse",
    "string_UTF8_surrogate_U+D800": "refuse",
    "string_invalid_utf-8": "refuse",
    "string_iso_latin_1": "refuse",
    "string_lone_utf8_continuation_byte": "refuse",
    "string_not_in_unicode_range": "refuse",
    "string_overlong_sequence_2_bytes": "refuse",
    "string_overlong_sequence_6_bytes": "refuse",
    "string_overlong_sequence_6_bytes_null": "refuse",
    "string_truncated-utf-8": "refuse",
    "string_utf16BE_no_BOM": "refuse",
    "string_utf16LE_no_BOM": "refuse",
    "structure_500_nested_arrays": "refuse",  # deeper than 128 levels
    "structure_UTF-8_BOM_empty_object": "refuse",  # a byte order mark may only start a file
}


def wrapped(value: bytes) -> bytes:
    return HEAD + value + TAIL


def record_fault(record: bytes) -> str | None:
    try:
        _core.detect_format(record)
    except ValueError as error:
        return str(error)
    return None


def refuse_constant(word: str) -> NoReturn:
    raise ValueError(f"{word} is no JSON")


def python_accepts(text: bytes) -> bool:
    """Judge by the json module of Python, without its extensions (NaN, Infinity, other encodings)."""
    try:
        json.loads(text.decode(), parse_constant=refuse_constant, parse_int=str, parse_float=str)
    except (ValueError, RecursionError):
        return False
    return True


def depth(text: bytes) -> int:
    """Count the most brackets open at once, those in strings too: an upper bound of the nesting."""
    deepest = level = 0
    for byte in text:
        level += (byte in b"{[") - (byte in b"}]")
        deepest = max(deepest, level)
    return deepest


@pytest.fixture(scope="module")
def suite(shared_data: Path) -> dict[str, bytes]:
    folder = shared_data / "JSONTestSuite" / "test_parsing"
    return {path.stem: path.read_bytes() for path in sorted(folder.glob("*.json"))}


def of_kind(suite: dict[str, bytes], kind: str) -> dict[str, bytes]:
    return {name.removeprefix(kind): text for name, text in suite.items() if name.startswith(kind)}


def test_suite_is_whole(suite):
    assert {kind: len(of_kind(suite, kind)) for kind in ("y_", "n_", "i_")} == {"y_": 95, "n_": 188, "i_": 35}


@pytest.mark.parametrize("fault", [_core.json_fault, _core.json_fault_reference])
def test_every_valid_text_is_accepted_and_every_invalid_one_refused(suite, fault: Callable[[bytes], str | None]):
    assert {name: fault(text) for name, text in of_kind(suite, "y_").items() if fault(text)} == {}
    assert [name for name, text in of_kind(suite, "n_").items() if fault(text) is None] == []


def test_every_valid_text_is_accepted_as_metadata_and_every_invalid_one_refused(suite):
    assert {
        n: record_fault(wrapped(text)) for n, text in of_kind(suite, "y_").items() if record_fault(wrapped(text))
    } == {}
    assert [name for name, text in of_kind(suite, "n_").items() if record_fault(wrapped(text)) is None] == []
    assert [
        name for name, text in of_kind(suite, "n_").items() if python_accepts(wrapped(text))
    ] == []  # the wrapper heals none


def test_what_the_standard_leaves_open_is_decided_as_documented(suite):
    cases = of_kind(suite, "i_")
    assert set(cases) == set(DECISIONS)
    for judge in (_core.json_fault, _core.json_fault_reference, lambda text: record_fault(wrapped(text))):
        assert {name: "refuse" if judge(text) else "accept" for name, text in cases.items()} == DECISIONS


def test_decisions_stand_in_the_docs():
    page = (Path(__file__).parents[1] / "docs" / "formats.md").read_text()
    assert [name for name, decision in DECISIONS.items() if f"| `i_{name}` | {decision} |" not in page] == []


def test_valid_metadata_is_kept_byte_for_byte(suite, read_bytes):
    values = [text.strip(b" \t\r\n") for text in of_kind(suite, "y_").values()]
    values += [text for name, text in of_kind(suite, "i_").items() if DECISIONS[name] == "accept"]
    reading = read_bytes(b"[" + b",\n".join(wrapped(value) for value in values) + b"]")
    assert [sample["metadata"].encode() for sample in reading.samples] == [
        b'{"metadata":' + value + b"}" for value in values
    ]


def test_invalid_lines_leave_their_neighbours_alone(suite, read_bytes):
    bad = [text for text in of_kind(suite, "n_").values() if not {b"\n"[0], b"\r"[0]} & set(text)]
    assert len(bad) > 170
    reading = read_bytes(b"\n".join(line for text in bad for line in (wrapped(text), wrapped(b"1"))), lines=True)
    assert [reason is None for reason in reading.reasons] == [False, True] * len(bad)
    assert reading.lines == list(range(1, 2 * len(bad) + 1))


@pytest.mark.parametrize(
    ("text", "where"),
    [
        (b"", "no value, at byte 1"),
        (b'{"a" 1}', "no ':' after a key, at byte 6"),
        (b'{"a":1,}', "a trailing comma, at byte 7"),
        (b"[1,2,]", "a trailing comma, at byte 5"),
        (b"[01]", "a number with a leading zero, at byte 3"),
        (b"[1.]", "a number without digits after its point, at byte 4"),
        (b'"\\x"', "an escape that JSON does not know, at byte 2"),
        (b'"\\u12"', "an escape \\u without four hexadecimal digits, at byte 2"),
        (b'"a\x01"', "a raw control character in a string, at byte 3"),
        (b'"a\x00"', "a raw NUL byte, at byte 3"),
        (b'"a\xff"', "invalid UTF-8, at byte 3"),
        (b'"a', "a string without its closing quote, at byte 3"),
        (b"1 2", "content after the end of the value, at byte 3"),
        (b"[1", "cut short inside a list or an object, at byte 3"),
        (b"\xef\xbb\xbf1", "a byte order mark, which only a file may start with, at byte 1"),
        (b"[" * 129 + b"]" * 129, "nested deeper than 128 levels, at byte 129"),
    ],
)
def test_fault_says_what_and_where(text, where):
    assert _core.json_fault(text) == where


def test_nesting_is_accepted_to_128_levels():
    assert _core.json_fault(b"[" * 128 + b"]" * 128) is None
    assert _core.json_fault(b'{"a":' * 127 + b"[]" + b"}" * 127) is None
    assert _core.json_fault(b'{"a":' * 128 + b"[]" + b"}" * 128) is not None


SEEDS = [
    b'{"messages":[{"role":"user","content":"caf\xc3\xa9 \\u00e9 \\ud83d\\ude00 \xf0\x9f\x98\x80"},{"role":"assistant","content":null}]}',
    b'{"a":[1,-2.5e+10,0,true,false,null,{"b":{}},[[]]],"c":"\\"\\\\\\/\\b\\f\\n\\r\\t"}',
    b' [ { "prompt" : "x" , "completion" : "y" , "label" : true } ] \r\n',
]
PIECES = [bytes([byte]) for byte in b'{}[]:,"\\\'/-+.eE019tfnu \t\n\r\x00\x0b\x1f\x7f'] + [
    b"\xff", b"\xc0\x80", b"\xed\xa0\x80", b"\xf5\x80\x80\x80", b"\xe2\x82", b"\x80", b"\xef\xbb\xbf", b"\xe2\x80\xa8",
    b"\\u", b"\\ud800", b"\\u0000", b"true", b"nul", b"1e999", b"-0", b"00", b'""', b"{}", b"[]", b",,", b"//", b"NaN",
]  # fmt: skip


def mutated(text: bytes, random_: random.Random) -> bytes:
    out = bytearray(text)
    for _ in range(random_.choice((1, 1, 1, 2, 3))):
        at = random_.randrange(len(out) + 1)
        match random_.randrange(5):
            case 0:
                out[at : at + 1] = bytes([random_.randrange(256)])
            case 1:
                del out[at : at + random_.choice((1, 1, 1, 2, 5))]
            case 2:
                out[at:at] = random_.choice(PIECES)
            case 3:
                del out[at:]
            case 4 if at < len(out):
                out[at] ^= 1 << random_.randrange(8)
    return bytes(out)


def judges_agree(text: bytes) -> bool:
    fast = _core.json_fault(text)
    return fast == _core.json_fault_reference(text) and (depth(text) > 128 or (fast is None) == python_accepts(text))


def real_records(shared_data: Path) -> Iterator[bytes]:
    for name in ("v1_sft_demo.jsonl", "v1_dpo_demo.jsonl", "reason_tool_use_demo_50.jsonl", "v1_multimodal_demo.jsonl"):
        lines = (shared_data / "LLaMA-Factory" / "data" / name).read_bytes().splitlines()
        yield from [line for line in lines if len(line) < 3000][:40]
    yield from SEEDS


def test_fast_parser_reference_and_python_agree_on_mutated_real_records(shared_data):
    seeds = list(real_records(shared_data))
    random_ = random.Random(20)
    texts = [mutated(random_.choice(seeds), random_) for _ in range(20_000)]
    assert [text for text in texts if not judges_agree(text)] == []
    accepted = sum(_core.json_fault(text) is None for text in texts)
    assert 2_000 < accepted < 18_000  # both answers are common, so that agreement says something


JSON_VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=12,
)


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(value=JSON_VALUES, ascii_only=st.booleans(), indent=st.sampled_from([None, 1]), seed=st.integers(0, 2**32))
def test_what_python_writes_is_accepted_and_its_mutations_judged_alike(value, ascii_only, indent, seed):
    text = json.dumps(value, ensure_ascii=ascii_only, indent=indent).encode(errors="surrogatepass")
    assert judges_agree(text)
    random_ = random.Random(seed)
    assert all(judges_agree(mutated(text, random_)) for _ in range(5))


@settings(max_examples=300, deadline=None)
@given(text=st.lists(st.sampled_from([*PIECES, b'"a"', b'"k":', b"1", b"x" * 70]), max_size=40).map(b"".join))
def test_soup_of_tokens_is_judged_alike(text):
    assert judges_agree(text)
