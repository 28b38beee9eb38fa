"""Tokenizers: where they are found, who counts, and what is said when none can be used."""

import hashlib
import json
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import polars as pl
import pytest
from tunegate.errors import TokenizerError
from tunegate.tokens.tokenizer import load_tokenizer

BYTES = Path(__file__).parents[1] / "data" / "tokenizers" / "bytes.json"  # a token for each byte, no merges

ODD = [
    "",
    "a",
    "Hello, world!  \n\tx",
    "naïve café",
    "中文あ한",
    "🙂👩‍👩‍👧",
    "\u00a0\u3000ﬁ½Ⅷ",
    "e\u0301",
    "</s> <extra_id_0>",
    "\x00\x7f",
]


def word_tokenizer(**settings: Any) -> dict[str, Any]:
    """A WordLevel tokenizer, which the core does not have: words and marks, [UNK] for any other."""
    return {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": [],
        "normalizer": None,
        "pre_tokenizer": {"type": "Whitespace"},
        "post_processor": None,
        "decoder": None,
        "model": {"type": "WordLevel", "vocab": {"[UNK]": 0, "a": 1, "b": 2}, "unk_token": "[UNK]"},
    } | settings


@pytest.fixture
def written(tmp_path: Path) -> Callable[..., Path]:
    """Write a tokenizer.json and return its path."""

    def write(content: dict[str, Any] | str) -> Path:
        path = tmp_path / "tokenizer.json"
        path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
        return path

    return write


@pytest.fixture
def without(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Make a package one that is not installed."""

    def hide(package: str) -> None:
        monkeypatch.setitem(sys.modules, package, None)  # type: ignore[arg-type]
        for leaf in ("tunegate.tokens.fallback", "tunegate.tokens.template_environment"):
            monkeypatch.delitem(sys.modules, leaf, raising=False)

    return hide


def fault(path: str | Path) -> str:
    with pytest.raises(TokenizerError) as raised:
        load_tokenizer(str(path))
    said = str(raised.value)
    assert "\n" not in said
    return said


# Who counts


def test_a_byte_level_tokenizer_is_counted_natively():
    tokenizer = load_tokenizer(str(BYTES))
    assert (tokenizer.engine, tokenizer.reason) == ("native", None)
    counts = tokenizer.count(pl.Series(["", "abc", None, "é", "a b\n"]))
    assert counts.dtype == pl.Int64
    assert counts.to_list() == [0, 3, 0, 2, 4]


def test_the_digest_is_that_of_the_file():
    assert load_tokenizer(str(BYTES)).sha256 == hashlib.sha256(BYTES.read_bytes()).hexdigest()


def test_another_model_is_counted_by_the_package_and_says_why(written: Callable[..., Path]):
    tokenizer = load_tokenizer(str(written(word_tokenizer())))
    assert tokenizer.engine == "tokenizers"
    assert "WordLevel" in (tokenizer.reason or "")
    assert tokenizer.count(pl.Series(["a b", None, "", "a c, b"])).to_list() == [2, 0, 0, 4]


def test_an_empty_column_and_one_of_nulls_are_counted(written: Callable[..., Path]):
    tokenizer = load_tokenizer(str(written(word_tokenizer())))
    assert tokenizer.count(pl.Series([], dtype=pl.String)).to_list() == []
    assert tokenizer.count(pl.Series([None, None], dtype=pl.String)).to_list() == [0, 0]


def test_truncation_padding_and_added_special_tokens_of_the_file_do_not_count(written: Callable[..., Path]):
    token = {
        "id": 3,
        "content": "[CLS]",
        "special": True,
        "single_word": False,
        "lstrip": False,
        "rstrip": False,
        "normalized": False,
    }
    padding = {
        "strategy": {"Fixed": 9},
        "direction": "Right",
        "pad_to_multiple_of": None,
        "pad_id": 0,
        "pad_type_id": 0,
        "pad_token": "[UNK]",
    }
    template = {
        "type": "TemplateProcessing",
        "single": [{"SpecialToken": {"id": "[CLS]", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}],
        "pair": [{"Sequence": {"id": "A", "type_id": 0}}, {"Sequence": {"id": "B", "type_id": 0}}],
        "special_tokens": {"[CLS]": {"id": "[CLS]", "ids": [3], "tokens": ["[CLS]"]}},
    }
    content = word_tokenizer(
        added_tokens=[token],
        post_processor=template,
        truncation={"direction": "Right", "max_length": 2, "strategy": "LongestFirst", "stride": 0},
        padding=padding,
    )
    tokenizer = load_tokenizer(str(written(content)))
    assert tokenizer.count(pl.Series(["a b a b", "a", "a [CLS] b"])).to_list() == [4, 1, 3]


def test_unigram_counts_are_those_of_the_package(shared_data: Path):
    tokenizers = pytest.importorskip("tokenizers")
    path = shared_data / "tok-onnxruntime-ext/test/data/tokenizer/t5-small/tokenizer.json"
    tokenizer = load_tokenizer(str(path))
    assert tokenizer.engine == "tokenizers"
    assert (tokenizer.reason or "").startswith("its model ")
    texts = [*ODD, *(word * 300 for word in ODD), *(f"number {n}" for n in range(1200))]
    package = tokenizers.Tokenizer.from_file(str(path))
    expected = [len(encoding.ids) for encoding in package.encode_batch(texts, add_special_tokens=False)]
    assert tokenizer.count(pl.Series(texts)).to_list() == expected


def test_without_the_package_the_command_that_installs_it_is_said(
    written: Callable[..., Path], without: Callable[[str], None]
):
    path = written(word_tokenizer())
    without("tokenizers")
    said = fault(path)
    assert said.startswith(f"{path}: ")
    assert "WordLevel" in said
    assert said.endswith("pip install 'tunegate[tokens]'")


# Where it is found


def test_a_folder_stands_for_the_tokenizer_in_it(tmp_path: Path):
    (tmp_path / "tokenizer.json").write_bytes(BYTES.read_bytes())
    tokenizer = load_tokenizer(str(tmp_path))
    assert tokenizer.path == str(tmp_path)
    assert tokenizer.files.paths == [tmp_path / "tokenizer.json"]
    assert tokenizer.template is None


def test_a_tokenizer_json_has_the_template_beside_it_and_a_file_of_another_name_has_none(tmp_path: Path):
    for name in ("tokenizer.json", "other.json"):
        (tmp_path / name).write_bytes(BYTES.read_bytes())
    (tmp_path / "tokenizer_config.json").write_text('{"chat_template": "x", "bos_token": "<s>"}')
    template = load_tokenizer(str(tmp_path / "tokenizer.json")).template
    assert template is not None
    assert (template.text, template.special_tokens) == ("x", {"bos_token": "<s>"})
    assert load_tokenizer(str(tmp_path / "other.json")).template is None


def test_a_name_that_is_nowhere_says_what_was_expected(tmp_path: Path):
    assert fault(tmp_path / "gone").startswith(
        f"{tmp_path / 'gone'}: no such file or folder; expected a tokenizer.json"
    )


@pytest.mark.parametrize("there", ["tokenizer.model", "tekken.json", "vocab.json", "qwen.tiktoken", "spiece.model"])
def test_a_folder_with_another_kind_of_tokenizer_says_to_convert_it(tmp_path: Path, there: str):
    (tmp_path / there).write_bytes(b"x")
    said = fault(tmp_path)
    assert said.startswith(f"{tmp_path} holds no tokenizer.json, but {there}; convert it")


def test_a_folder_without_any_says_so(tmp_path: Path):
    (tmp_path / "config.json").write_text("{}")
    assert fault(tmp_path) == f"{tmp_path} holds no tokenizer.json; name the folder or the file of a tokenizer"


@pytest.mark.parametrize("content", ["", "{", BYTES.read_text()[:900], "[]", "{}", '{"model": 5}', "null"])
def test_a_damaged_file_is_named(written: Callable[..., Path], content: str):
    path = written(content)
    assert fault(path).startswith(f"{path}: ")


def test_a_file_that_only_looks_sound_to_the_core_is_named(written: Callable[..., Path]):
    path = written(word_tokenizer(model={"type": "WordLevel", "vocab": 7}))
    assert fault(path).startswith(f"{path}: ")


@pytest.mark.parametrize(
    "content",
    [
        word_tokenizer(model={"type": "WordLevel", "vocab": {"a": 0}, "unk_token": "[UNK]"}),
        word_tokenizer(pre_tokenizer={"type": "FixedLength", "length": 0}),  # the package panics
    ],
    ids=["no unknown token", "a panic"],
)
def test_a_text_that_the_package_fails_on_is_one_line_without_it(
    written: Callable[..., Path], capfd: pytest.CaptureFixture[str], content: dict[str, Any]
):
    path = written(content)
    tokenizer = load_tokenizer(str(path))
    with pytest.raises(TokenizerError) as raised:
        tokenizer.count(pl.Series(["a secret"]))
    assert str(raised.value).startswith(f"{path}: tokenizers fails on a text")
    assert "secret" not in str(raised.value)
    assert capfd.readouterr().err == ""


def test_a_file_that_the_package_panics_on_is_named(written: Callable[..., Path], capfd: pytest.CaptureFixture[str]):
    path = written(word_tokenizer(normalizer={"type": "Precompiled", "precompiled_charsmap": "AAAA"}))
    assert fault(path).startswith(f"{path}: ")
    assert capfd.readouterr().err == ""


def test_a_file_too_large_for_a_tokenizer_is_not_read_whole(tmp_path: Path):
    path = tmp_path / "model.safetensors"
    with path.open("wb") as file:
        file.truncate(1 << 36)
    assert fault(path).startswith(f"{path} has more than 536,870,912 bytes")


def test_a_name_that_the_system_refuses_is_one_line():
    assert fault("a" * 5000).endswith(": File name too long; expected a tokenizer.json that can be read")


def test_an_empty_name_is_none():
    assert fault("").startswith("the tokenizer has an empty name")


def test_a_sentencepiece_model_is_no_json_and_says_to_convert_it(tmp_path: Path):
    path = tmp_path / "tokenizer.model"
    path.write_bytes(b"\n\x0e\n\x05<unk>\x15\x00\x00\x00\x00\x18\x02")
    said = fault(path)
    assert said.startswith(f"{path}: ")
    assert said.endswith("expected a tokenizer.json; convert the model to one")


# The hub


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A hub that has one model, org/name, whose files are those in the folder given."""

    class EntryNotFoundError(Exception):
        pass

    class LocalEntryNotFoundError(EntryNotFoundError, FileNotFoundError):
        pass

    def hf_hub_download(repo_id: str, filename: str) -> str:
        if repo_id != "org/name":
            raise LocalEntryNotFoundError("the hub cannot be reached\nsecond line")
        if not (tmp_path / filename).exists():
            raise EntryNotFoundError("404")
        return str(tmp_path / filename)

    errors = SimpleNamespace(EntryNotFoundError=EntryNotFoundError, LocalEntryNotFoundError=LocalEntryNotFoundError)
    fake = SimpleNamespace(hf_hub_download=hf_hub_download, errors=errors, try_to_load_from_cache=lambda *_: None)
    monkeypatch.setitem(sys.modules, "huggingface_hub", fake)  # type: ignore[arg-type]
    monkeypatch.setitem(sys.modules, "huggingface_hub.errors", errors)  # type: ignore[arg-type]
    return tmp_path


def test_a_hub_id_is_fetched_with_its_template(hub: Path):
    (hub / "tokenizer.json").write_bytes(BYTES.read_bytes())
    (hub / "chat_template.jinja").write_text("{{ messages[0].content }}")
    tokenizer = load_tokenizer("org/name")
    assert tokenizer.path == "org/name"
    assert tokenizer.template is not None
    assert tokenizer.template.render([{"role": "user", "content": "hi"}]) == "hi"


def test_a_hub_model_without_a_tokenizer_json_says_so(hub: Path):
    assert fault("org/name").startswith("org/name has no tokenizer.json on the hub")


def test_a_cached_model_known_to_have_no_template_needs_no_hub(hub: Path, monkeypatch: pytest.MonkeyPatch):
    (hub / "tokenizer.json").write_bytes(BYTES.read_bytes())
    found = sys.modules["huggingface_hub"]

    def offline(repo_id: str, filename: str) -> str:
        if filename != "tokenizer.json":
            raise found.errors.LocalEntryNotFoundError("offline")
        return str(hub / filename)

    monkeypatch.setattr(found, "hf_hub_download", offline)
    assert "tokenizer_config.json cannot be fetched" in fault("org/name")
    monkeypatch.setattr(found, "try_to_load_from_cache", lambda *_: object())
    assert load_tokenizer("org/name").template is None


def test_a_hub_that_does_not_answer_is_one_line(hub: Path):
    assert fault("org/other").startswith("org/other: tokenizer.json cannot be fetched from the hub")


@pytest.mark.parametrize("name", ["tokens/gone", "gone/tokenizer.json"])
def test_a_path_that_is_not_there_is_not_looked_for_on_the_hub(hub: Path, monkeypatch: pytest.MonkeyPatch, name: str):
    monkeypatch.chdir(Path(__file__).parents[1])
    assert fault(name).startswith(f"{name}: no such file or folder")


def test_a_hub_id_without_the_package_says_what_to_install(without: Callable[[str], None]):
    without("huggingface_hub")
    assert "pip install huggingface_hub" in fault("org/name")


def test_loading_a_tokenizer_needs_no_jinja(without: Callable[[str], None], tmp_path: Path):
    (tmp_path / "tokenizer.json").write_bytes(BYTES.read_bytes())
    (tmp_path / "chat_template.jinja").write_text("{{ broken")
    without("jinja2")
    assert load_tokenizer(str(tmp_path)).count(pl.Series(["ab"])).to_list() == [2]
