"""Arrow columns in and out of C++: every layout, chunks, offsets, nulls, and who owns the memory."""

import ctypes
import gc
import struct
from collections.abc import Iterator

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tunegate import _core

TEXTS = [
    "",
    "a",
    None,
    "exactly 12 b",
    "thirteen byte",
    "naïve ☕ text that is longer than a view",
    None,
    "日本語",
]


def read(column: object) -> list[str | None]:
    return pl.DataFrame(_core.copy_texts(column))["text"].to_list()


class CSchema(ctypes.Structure):
    _fields_ = (
        ("format", ctypes.c_char_p),
        ("name", ctypes.c_char_p),
        ("metadata", ctypes.c_char_p),
        ("flags", ctypes.c_int64),
        ("n_children", ctypes.c_int64),
        ("children", ctypes.c_void_p),
        ("dictionary", ctypes.c_void_p),
        ("release", ctypes.c_void_p),
        ("private_data", ctypes.c_void_p),
    )


class CArray(ctypes.Structure):
    _fields_ = (
        ("length", ctypes.c_int64),
        ("null_count", ctypes.c_int64),
        ("offset", ctypes.c_int64),
        ("n_buffers", ctypes.c_int64),
        ("n_children", ctypes.c_int64),
        ("buffers", ctypes.POINTER(ctypes.c_void_p)),
        ("children", ctypes.c_void_p),
        ("dictionary", ctypes.c_void_p),
        ("release", ctypes.c_void_p),
        ("private_data", ctypes.c_void_p),
    )


class HandMadeColumn:
    """An Arrow column laid out by hand after the specification, which counts how often it is released."""

    def __init__(self, layout: str, buffers: list[bytes | None], length: int, offset: int = 0) -> None:
        self.released: list[str] = []
        self._memory = [None if data is None else ctypes.create_string_buffer(data, len(data)) for data in buffers]
        addresses = [None if data is None else ctypes.addressof(data) for data in self._memory]
        self._buffers = (ctypes.c_void_p * len(buffers))(*addresses)
        self._release_schema = self._release("schema", CSchema)
        self._release_array = self._release("array", CArray)
        self._schema = CSchema(layout.encode(), b"", None, 2, 0, None, None, self._address(self._release_schema))
        release = self._address(self._release_array)
        self._array = CArray(length, -1, offset, len(buffers), 0, self._buffers, None, None, release)

    def __arrow_c_array__(self, requested_schema: object = None) -> tuple[object, object]:
        return _capsule(self._schema, b"arrow_schema"), _capsule(self._array, b"arrow_array")

    def _release(self, what: str, kind: type[ctypes.Structure]) -> object:
        def release(exported: object) -> None:
            exported.contents.release = None
            self.released.append(what)

        return ctypes.CFUNCTYPE(None, ctypes.POINTER(kind))(release)

    @staticmethod
    def _address(function: object) -> int | None:
        return ctypes.cast(function, ctypes.c_void_p).value


def _capsule(exported: ctypes.Structure, name: bytes) -> object:
    new = ctypes.pythonapi.PyCapsule_New
    new.restype = ctypes.py_object
    new.argtypes = (ctypes.c_void_p, ctypes.c_char_p, ctypes.c_void_p)
    return new(ctypes.addressof(exported), name, None)


def bits(flags: list[bool]) -> bytes:
    whole = sum(flag << index for index, flag in enumerate(flags))
    return whole.to_bytes(len(flags) // 8 + 1, "little")


def offset_layout(texts: list[str | None], code: str) -> list[bytes]:
    encoded = [(text or "").encode() for text in texts]
    ends = [0]
    for text in encoded:
        ends.append(ends[-1] + len(text))
    return [
        bits([text is not None for text in texts]),
        struct.pack(f"<{len(ends)}{code}", *ends),
        b"".join(encoded),
    ]


def view_layout(texts: list[str | None]) -> list[bytes]:
    views, data = b"", b""
    for text in texts:
        encoded = (text or "").encode()
        if len(encoded) <= 12:
            views += struct.pack("<i12s", len(encoded), encoded)
        else:
            views += struct.pack("<i4sii", len(encoded), encoded[:4], 0, len(data))
            data += encoded
    return [bits([text is not None for text in texts]), views, data, struct.pack("<q", len(data))]


LAYOUTS = {
    "u": lambda texts: offset_layout(texts, "i"),
    "U": lambda texts: offset_layout(texts, "q"),
    "vu": view_layout,
}


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("offset", [0, 1, 3, 8])
def test_every_layout_is_read_from_any_offset(layout: str, offset: int):
    column = HandMadeColumn(layout, LAYOUTS[layout](TEXTS), len(TEXTS) - offset, offset)
    assert read(column) == TEXTS[offset:]


@pytest.mark.parametrize("layout", LAYOUTS)
def test_column_without_validity_has_no_nulls(layout: str):
    buffers = LAYOUTS[layout](["a", "", "b" * 20])
    assert read(HandMadeColumn(layout, [None, *buffers[1:]], 3)) == ["a", "", "b" * 20]


def test_memory_is_released_once_and_after_use():
    column = HandMadeColumn("u", LAYOUTS["u"](TEXTS), len(TEXTS))
    assert read(column) == TEXTS
    assert sorted(column.released) == ["array", "schema"]


def test_memory_of_a_refused_column_is_released():
    column = HandMadeColumn("i", [None, bytes(8)], 2)
    with pytest.raises(TypeError, match="Arrow type i"):
        _core.copy_texts(column)
    assert sorted(column.released) == ["array", "schema"]


def test_column_of_nulls_alone_is_read():
    assert read(HandMadeColumn("n", [], 3)) == [None, None, None]


def test_empty_column_is_read():
    assert read(HandMadeColumn("u", [None, bytes(4), None], 0)) == []
    assert read(pl.Series([], dtype=pl.String)) == []


def chunked(texts: list[str | None], size: int) -> pl.Series:
    parts = [pl.Series(texts[at : at + size], dtype=pl.String) for at in range(0, len(texts), size)]
    return pl.concat(parts, rechunk=False)


@pytest.mark.parametrize("size", [1, 3, 8])
def test_chunks_are_read_in_order(size: int):
    series = chunked(TEXTS, size)
    assert series.n_chunks() == -(-len(TEXTS) // size)
    assert read(series) == TEXTS


@given(
    st.lists(st.none() | st.text(max_size=30), max_size=40),
    st.integers(1, 7),
    st.integers(0, 40),
    st.integers(0, 40),
)
def test_any_slice_of_any_chunks_reads_as_python_has_it(texts, size, start, length):
    series = chunked(texts, size) if texts else pl.Series([], dtype=pl.String)
    assert read(series.slice(start, length)) == texts[start : start + length]


@given(st.lists(st.none() | st.text(max_size=30), min_size=1, max_size=40), st.integers(0, 39))
def test_any_layout_reads_as_python_has_it(texts, offset):
    offset %= len(texts)
    for layout, lay_out in LAYOUTS.items():
        column = HandMadeColumn(layout, lay_out(texts), len(texts) - offset, offset)
        assert read(column) == texts[offset:]


def pyarrow_columns() -> Iterator[object]:
    pa = pytest.importorskip("pyarrow", reason="a second Arrow library is compared where it is installed")
    for kind in (pa.string(), pa.large_string(), pa.string_view()):
        whole = pa.array(TEXTS, kind)
        yield whole
        yield pa.chunked_array([whole[:3], whole[3:3], whole[3:]])
        yield pa.chunked_array([pa.array(["x", *TEXTS], kind)[1:]])


def test_columns_of_pyarrow_are_read():
    for column in pyarrow_columns():
        assert read(column) == TEXTS


@pytest.mark.parametrize(
    ("column", "message"),
    [
        (["a"], "list has neither __arrow_c_stream__ nor __arrow_c_array__"),
        (None, "NoneType has neither"),
        (pl.Series([1]), "not Arrow type l"),
        (pl.Series(["a"], dtype=pl.Enum(["a"])), "with a dictionary"),
        (pl.Series([["a"]]), "with children"),
        (pl.DataFrame({"a": ["a"]}), "DataFrame is no plain column"),
    ],
)
def test_anything_else_is_refused_with_its_type(column: object, message: str):
    with pytest.raises(TypeError, match=message):
        _core.copy_texts(column)


def test_capsule_that_was_read_already_is_refused():
    column = HandMadeColumn("u", LAYOUTS["u"](TEXTS), len(TEXTS))
    read(column)
    with pytest.raises(ValueError, match="already read"):
        _core.copy_texts(column)


def test_exported_table_outlives_its_python_object():
    table = _core.copy_texts(pl.Series(["a long enough text", None]))
    frame = pl.DataFrame(table)
    assert len(table) == 2
    del table
    gc.collect()
    assert frame["text"].to_list() == ["a long enough text", None]


def test_exported_table_can_be_read_more_than_once():
    table = _core.copy_texts(pl.Series(["a"]))
    assert pl.DataFrame(table).equals(pl.DataFrame(table))


def test_capsules_nobody_reads_are_freed():
    table = _core.copy_texts(pl.Series(["a"]))
    table.__arrow_c_stream__()
    table.__arrow_c_array__()
    gc.collect()
