"""tunegate.yaml: what it may say, and what an error about it says."""

import os
from pathlib import Path

import pytest
from tunegate.config import Config, load_config
from tunegate.errors import ConfigError


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def load(text: str | bytes) -> Config:
    file = Path("tunegate.yaml")
    file.write_bytes(text.encode() if isinstance(text, str) else text)
    return load_config(file)


def fault(text: str | bytes) -> str:
    with pytest.raises(ConfigError) as caught:
        load(text)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_every_setting_is_read():
    Path("ours").mkdir()
    config = load("""
fields: {category: topic, split: part}
method: lora
tokenizer: model/tokenizer.json
max_length: 4096
gates: [Q1, Q5]
checks: [ours]
balance: [category, source]
require: [Q6]
fail_on: warn
limits:
  Q103: {warn: "> 0", fail: "> 0.02"}
  Q104: {severity: off}
  Q601: {params: {lower: 500, ratio: 0.5, name: x, strict: true}}
""")
    assert config.fields.mapping() == {"category": "topic", "split": "part"}
    assert (config.method, config.gates, config.balance) == ("lora", ("Q1", "Q5"), ("category", "source"))
    assert (config.tokenizer, config.max_length) == ("model/tokenizer.json", 4096)
    assert (config.require, config.fail_on) == (("Q6",), "warn")
    assert config.check_folders == (Path("ours"),)
    assert (config.limits["Q103"].warn, config.limits["Q103"].fail) == ("> 0", "> 0.02")
    assert config.limits["Q104"].severity == "off"
    assert config.limits["Q601"].params == {"lower": 500, "ratio": 0.5, "name": "x", "strict": True}


def test_own_checks_lie_beside_the_file_that_names_them():
    Path("conf/ours").mkdir(parents=True)
    Path("conf/gate.yaml").write_text("checks: [ours]")
    assert load_config(Path("conf/gate.yaml")).check_folders == (Path("conf/ours"),)


@pytest.mark.parametrize("named", ["..", "../ours", "/etc", "linked", "linked/ours", "nowhere/../../ours", "a\0b"])
def test_own_checks_never_lie_outside_the_folder_of_that_file(named: str):
    Path("conf").mkdir()
    Path("ours/ours").mkdir(parents=True)
    Path("conf/linked").symlink_to("../ours")
    file = Path("conf/gate.yaml")
    file.write_bytes(b'method: lora\nchecks: ["' + named.encode().replace(b"\0", b"\\0") + b'"]')
    with pytest.raises(ConfigError) as caught:
        load_config(file)
    assert str(caught.value) == "conf/gate.yaml line 2: checks.0 leads outside the folder of this file"


def test_a_device_or_a_pipe_is_no_config():
    for name in ("/dev/zero", "/dev/null"):
        with pytest.raises(ConfigError, match="line 1: it is no regular file"):
            load_config(Path(name))
    os.mkfifo("pipe.yaml")
    with pytest.raises(ConfigError, match=r"^pipe\.yaml line 1: it is no regular file"):
        load_config(Path("pipe.yaml"))


def test_without_a_file_there_are_only_defaults():
    assert load_config() == Config()
    Path("tunegate.yaml").write_text("method: dpo")
    assert load_config().method == "dpo"


def test_an_empty_file_changes_nothing():
    for text in ("", "# nothing\n", "---\n", "limits: {}\n"):
        assert load(text).model_dump() == Config().model_dump()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("method: lora\nfail-on: warn", 'line 2: unknown key "fail-on". Did you mean "fail_on"?'),
        ("limits:\n  Q103:\n    treshold: 1", 'line 3: unknown key "treshold" in limits.Q103. Known keys: '),
        (
            "limits:\n  Q103:\n    servity: off",
            'unknown key "servity" in limits.Q103. Did you mean "severity"?',
        ),
        ("fields: {categry: x}", 'line 1: unknown key "categry" in fields. Did you mean "category"?'),
        ("a: 1\nb: 2\nc: 3", 'line 1: unknown key "a". Known keys: against, against_eval, balance, checks, fail_on'),
        ("a: 1\nb: 2\nc: 3", " (2 more lines at fault)"),
        ("method: 3", "line 1: method: expected text, found a number"),
        ("method: ''", "line 1: method: expected text, found nothing"),
        ("max_length: many", "line 1: max_length: "),
        ("max_length: 0", "line 1: max_length: "),
        ("gates: Q1", "line 1: gates: expected a list, found a text"),
        ("gates:\n- Q1\n- 5", "line 3: gates.1: expected text, found a number"),
        ("\nlimits: 5", "line 2: limits: expected keys and values, found a number"),
        ("limits: {Q1: 5}", "line 1: limits.Q1: expected keys and values, found a number"),
        ("fail_on: nevr", "line 1: fail_on: input should be 'fail', 'warn' or 'never', found a text"),
        ("limits: {Q1: {params: {a: [1]}}}", "limits.Q1.params.a: expected text, a number, true or false"),
        ("checks: [nowhere]", "line 1: checks.0: no such folder of checks"),
        ("- 1", "line 1: expected keys and values, found a list"),
    ],
)
def test_a_fault_names_file_line_key_and_what_would_be_right(text: str, message: str):
    assert fault(text).startswith("tunegate.yaml line ")
    assert message in fault(text)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("method: a\nmethod: b", 'line 2: key "method" stands twice; it is first on line 1'),
        ("limits: {Q1: {}, Q1: {}}", 'line 1: key "Q1" stands twice'),
        ("limits: {Q1: &x {severity: off}, Q2: *x}", "line 1: anchors and aliases are not accepted"),
        ("limits: {Q1: {warn: > 0}}", "line 1: not valid YAML"),
        (
            "limits:\n  Q1:\n    warn: > 0.01",
            'line 3: not valid YAML: .*put a limit in quotes, such as "> 0.01"',
        ),
        ("method: !!python/object/apply:os.system [true]", "line 1: a tag is not accepted"),
        ("method: !!python/name:os.system x", "line 1: a tag is not accepted"),
        ("method: [", "line .: not valid YAML"),
        ("? [a]\n: 1", "line 1: a key is text"),
        ("1: x", "line 1: a key is text"),
        ("a: 1\n---\nb: 2", "line 2: not valid YAML"),
        ("limits: {Q1: {params: {a: 1e999}}}", "no finite number"),
        ("limits: {Q1: {params: {a: 11111111111111111111}}}", "more than 18 digits"),
        ("method: " + "[" * 20000, "nest"),
        (b"method: \xff", "UTF-8"),
        (b"method: \x00", "UTF-8 text without control characters"),
        ("#" * 1_000_001, "larger than 1,000,000 bytes"),
    ],
)
def test_yaml_is_read_strictly(text: str | bytes, message: str):
    with pytest.raises(ConfigError, match=message):
        load(text)


def test_plain_words_are_text_and_numbers_are_decimal():
    params = load("limits: {Q1: {params: {a: no, b: 1:30, c: 2024-01-01, d: 010, e: 1e-3, f: .5, g: .nan}}}")
    assert params.limits["Q1"].params == {
        "a": "no",
        "b": "1:30",
        "c": "2024-01-01",
        "d": 10,
        "e": 0.001,
        "f": 0.5,
        "g": ".nan",
    }


def test_a_byte_order_mark_is_no_key():
    assert load(b"\xef\xbb\xbfmethod: dpo").method == "dpo"


def test_a_missing_file_is_named():
    with pytest.raises(ConfigError, match=r"^nowhere\.yaml cannot be read: No such file"):
        load_config(Path("nowhere.yaml"))


def test_a_place_is_the_nearest_key():
    config = load("limits:\n  Q103:\n    fail: '> 0'\n")
    assert config.place("limits", "Q103", "fail") == "tunegate.yaml line 3"
    assert config.place("limits", "Q103", "warn") == "tunegate.yaml line 2"
    assert config.place("method") == "tunegate.yaml line 1"
