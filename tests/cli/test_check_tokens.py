"""`--tokenizer` and `--max-length`: what check, show, the config, the report and the store make of them."""

import hashlib
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest

Workplace = Any  # the types of conftest.py, which cannot be imported
Tunegate = Callable[..., Any]

TOKENIZERS = Path(__file__).parents[1] / "data" / "tokenizers"
TOKENS = "Q112,Q113,Q114,Q603,Q604,Q605"


def chat(question: str, answer: str) -> str:
    turns = [{"role": "user", "content": question}, {"role": "assistant", "content": answer}]
    return json.dumps({"messages": turns}) + "\n"


@pytest.fixture
def files(workplace: Workplace) -> Workplace:
    """Samples of 5, 10, 20 and 40 bytes; `bytes.json`, which has a token for every byte; `model` with a template."""
    workplace.write(
        "data.jsonl", chat("1+1?", "2") + chat("1+1?", "two of") + chat("x" * 12, "y" * 8) + chat("x" * 30, "y" * 10)
    )
    shutil.copy(TOKENIZERS / "bytes.json", workplace.folder / "bytes.json")
    shutil.copytree(TOKENIZERS / "alternating", workplace.folder / "model")
    return workplace


def checks(report: str) -> dict[str, Any]:
    return {check["id"]: check for gate in json.loads(report)["gates"] for check in gate["checks"]}


def test_without_the_options_the_checks_are_skipped_and_say_which_is_not_there(files: Workplace, tunegate: Tunegate):
    said = tunegate("check", "data.jsonl", "--gates", TOKENS)
    assert said.code == 2  # nothing was judged
    assert said.out.splitlines()[:6] == [
        "skip  Q112 context-overflow  no --tokenizer, no --max-length",
        "skip  Q113 response-cut-off  no --tokenizer, no --max-length",
        "skip  Q114 template-refusal  no --tokenizer",
        "skip  Q603 token-volume      no --tokenizer",
        "skip  Q604 trained-share     no --tokenizer",
        "skip  Q605 sample-length     no --tokenizer",
    ]
    said = tunegate("check", "data.jsonl", "--gates", "Q112,Q603", "--tokenizer", "bytes.json")
    assert "skip  Q112 context-overflow  no --max-length\n" in said.out
    said = tunegate("check", "data.jsonl", "--gates", "Q112,Q603", "--max-length", "9")
    assert said.out.splitlines()[:2] == [
        "skip  Q112 context-overflow  no --tokenizer",
        "skip  Q603 token-volume      no --tokenizer",
    ]


def test_what_is_too_long_and_what_is_counted_is_said_with_the_command_to_look(files: Workplace, process: Tunegate):
    said = process("check", "data.jsonl", "--gates", TOKENS, "--tokenizer", "bytes.json", "--max-length", "18")
    assert (said.code, said.err) == (1, "")
    assert said.out == (
        "fail  Q112 context-overflow  50 % of 4 samples, limit 1 %    2 samples, first at line 3, 4\n"
        "fail  Q113 response-cut-off  25 % of 4 samples, limit 0      1 sample, first at line 4\n"
        "skip  Q114 template-refusal  no conversation, or no chat template in the folder of the tokenizer\n"
        "skip  Q603 token-volume      75                              tokens per sample 18.8, trained tokens 25; report only\n"
        "skip  Q604 trained-share     0.33                            untrained samples 0; report only\n"
        "skip  Q605 sample-length     10                              p90 40, p99 40, longest 40; report only\n"
        "4 records in 1 source = 4 samples + 0 unreadable\n"
        "1 of 2 gates failed: Q1.\n"
        "See them: tunegate show data.jsonl:3 --tokenizer bytes.json --max-length 18   "
        "Why, what to do: tunegate gates show Q112\n"
    )


def test_the_turn_that_is_cut_is_shown(files: Workplace, tunegate: Tunegate):
    said = tunegate("show", "data.jsonl:3,4", "--gates", "Q112", "--tokenizer", "bytes.json", "--max-length", "18")
    lines = said.out.splitlines()
    assert "  Q112 context-overflow: turn 1, tokens 20, tokens over 2, trained cut 2, trained left 6" in lines
    assert "> 1 assistant           | yyyyyyyy" in lines
    assert "> 0 user                | " + "x" * 30 in lines


def test_the_folder_of_a_model_counts_what_its_template_writes(files: Workplace, tunegate: Tunegate):
    files.write("more.jsonl", '{"system": "Be brief.", "instruction": "1+1?", "output": "2"}\n')
    options = ("--gates", TOKENS, "--format", "json", "--tokenizer", "model", "--max-length", "40")
    report = tunegate("check", "data.jsonl", "more.jsonl", *options).out
    found = checks(report)
    # 25 bytes of markers a sample: 30, 35, 45, 65, and 14 of the one that the template does not take
    assert [evidence["detail"]["tokens"] for evidence in found["Q112"]["evidence"]] == [45, 65]
    assert [evidence["source"] for evidence in found["Q114"]["evidence"]] == ["more.jsonl"]
    assert found["Q605"]["measurement"] == {"value": 35.0, "n": 5, "lower": None, "upper": None}
    settings = json.loads(report)["settings"]
    assert settings["chat_template"] == "model/tokenizer_config.json"


def test_the_report_says_what_was_counted_with(files: Workplace, tunegate: Tunegate):
    options = ("--gates", "Q112", "--format", "json", "--tokenizer", "bytes.json", "--max-length", "9")
    settings = json.loads(tunegate("check", "data.jsonl", *options).out)["settings"]
    assert (settings["tokenizer"], settings["max_length"]) == ("bytes.json", 9)
    assert settings["tokenizer_sha256"] == hashlib.sha256((files.folder / "bytes.json").read_bytes()).hexdigest()
    assert "tokenizer_not_native" not in settings
    assert "chat_template" not in settings


def test_the_config_names_a_tokenizer_beside_itself_and_the_command_line_wins(files: Workplace, tunegate: Tunegate):
    files.write("settings/tunegate.yaml", "tokenizer: ../bytes.json\nmax_length: 18\n")
    arguments = ("check", "data.jsonl", "--gates", "Q112", "--format", "json", "-c", "settings/tunegate.yaml")
    report = tunegate(*arguments).out
    assert checks(report)["Q112"]["offenders"] == 2
    assert json.loads(report)["settings"]["tokenizer"] == "settings/../bytes.json"
    report = tunegate(*arguments, "--tokenizer", "bytes.json", "--max-length", "39").out
    assert checks(report)["Q112"]["offenders"] == 1
    assert json.loads(report)["settings"]["tokenizer"] == "bytes.json"


def counted_rows(store: Path) -> int:
    with duckdb.connect(str(store)) as connection:
        ((tokens,),) = connection.execute("select sum(tokens) from signal_tokens").fetchall()
    return int(tokens)


def test_another_tokenizer_or_a_changed_file_is_counted_again_and_the_same_elsewhere_is_not(
    files: Workplace, tunegate: Tunegate
):
    store = files.folder / "a.duckdb"
    arguments = ("check", "data.jsonl", "--gates", "Q603", "--store", "a.duckdb", "--tokenizer")
    tunegate(*arguments, "bytes.json")
    assert counted_rows(store) == 75
    with duckdb.connect(str(store)) as connection:
        connection.execute("update signal_tokens set tokens = 1000")  # to see whether the rows are used again
    tunegate(*arguments, "bytes.json", "--max-length", "7")
    files.write("elsewhere.json", (files.folder / "bytes.json").read_bytes())
    tunegate(*arguments, "elsewhere.json")
    assert counted_rows(store) == 4000
    merged = json.loads((files.folder / "bytes.json").read_text())
    merged["model"]["vocab"]["xx"] = 256
    merged["model"]["merges"] = [["x", "x"]]
    files.write("bytes.json", json.dumps(merged))
    tunegate(*arguments, "bytes.json")
    assert counted_rows(store) == 75 - 6 - 15  # of 12 and of 30 times x, two make a token


def test_another_chat_template_is_counted_again(files: Workplace, tunegate: Tunegate):
    arguments = ("check", "data.jsonl", "--gates", "Q605", "--format", "json", "--store", "a.duckdb")

    def median() -> float:
        report = tunegate(*arguments, "--tokenizer", "model/tokenizer.json").out
        return float(checks(report)["Q605"]["measurement"]["value"])

    assert median() == 10 + 25
    files.write("model/chat_template.jinja", "{{ messages[0].content }}{{ eos_token }}")
    assert median() == 4 + 4  # 4, 4, 12 and 30 bytes, and `</s>`
    files.write("model/tokenizer_config.json", '{"eos_token": "<end>"}')
    assert median() == 4 + 5


def test_another_maximum_length_is_judged_by_the_same_counts(files: Workplace, tunegate: Tunegate):
    arguments = ("check", "data.jsonl", "--gates", "Q112", "--format", "json", "--store", "a.duckdb")
    tokenizer = ("--tokenizer", "bytes.json", "--max-length")
    offenders = [
        checks(tunegate(*arguments, *tokenizer, most).out)["Q112"]["offenders"] for most in ("4", "5", "39", "40")
    ]
    assert offenders == [4, 3, 1, 0]


OWN = """\
id: X101
name: long-prompt
summary: No prompt takes more than half of the length.
why: Little is left for the response.
source: us
remedy: Shorten it.
needs: [tokenizer, max_length]
reads: [signal_tokens]
rows: |
  select sample_id, prompt as prompt_tokens
  from signal_tokens
  where 2 * prompt > $max_length
warn: "> 0"
examples: {}
"""


def test_an_own_check_may_need_them_too(files: Workplace, tunegate: Tunegate):
    files.write("ours/X101-long-prompt.yaml", OWN)
    files.write("tunegate.yaml", "checks: [ours]\n")
    arguments = ("check", "data.jsonl", "--gates", "X1", "--format", "json")
    found = checks(tunegate(*arguments, "--tokenizer", "bytes.json", "--max-length", "23").out)["X101"]
    assert [evidence["detail"] for evidence in found["evidence"]] == [{"prompt_tokens": 12}, {"prompt_tokens": 30}]
    assert checks(tunegate(*arguments).out)["X101"]["reason"] == "no --tokenizer, no --max-length"


@pytest.fixture
def refused(files: Workplace, tunegate: Tunegate) -> Callable[..., str]:
    """Run a check that must be refused, and return what it said after `error: `."""

    def run(*arguments: str) -> str:
        said = tunegate("check", "data.jsonl", *arguments)
        assert (said.code, said.out) == (2, "")
        assert said.err.startswith("error: ")
        assert said.err.count("\n") == 1
        return str(said.err.removeprefix("error: ").removesuffix("\n"))

    return run


def test_a_tokenizer_that_is_not_there_is_named(refused: Callable[..., str]):
    assert refused("--tokenizer", "absent.json").startswith("absent.json: no such file")


def test_an_empty_name_is_no_missing_option(refused: Callable[..., str]):
    assert refused("--tokenizer", "").startswith("the tokenizer has an empty name")


@pytest.mark.parametrize("taken", ["tokenizer.json", "tokenizer_config.json"])
def test_no_report_is_written_over_the_tokenizer(files: Workplace, refused: Callable[..., str], taken: str):
    before = files.listing()
    said = refused("--gates", "Q603", "--tokenizer", "model", "--write", f"json=model/{taken}")
    assert said == f"--write would overwrite model/{taken}, which this run uses; name another file"
    assert files.listing() == before


def test_the_report_says_when_the_package_counted(files: Workplace, tunegate: Tunegate):
    pytest.importorskip("tokenizers")
    content = json.loads((files.folder / "bytes.json").read_text(encoding="utf-8"))
    model = {"type": "WordLevel", "vocab": {"[UNK]": 0}, "unk_token": "[UNK]"}
    files.write("words.json", json.dumps({**content, "model": model}))
    arguments = ("check", "data.jsonl", "--gates", "Q101,Q603", "--tokenizer")
    assert (
        "\ntokens are those of the tokenizers package: its model is WordLevel\n"
        in tunegate(*arguments, "words.json").out
    )
    settings = json.loads(tunegate(*arguments, "words.json", "--format", "json").out)["settings"]
    assert settings["tokenizer_not_native"] == "its model is WordLevel"
    assert "tokenizers package" not in tunegate(*arguments, "bytes.json").out


def test_a_folder_without_a_tokenizer_is_named(files: Workplace, refused: Callable[..., str]):
    files.write("empty/notes.txt", "")
    assert refused("--tokenizer", "empty").startswith("empty holds no tokenizer.json")


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"\x00\xff", b'{"model": {"type": "BPE"}}'])
def test_a_file_that_is_no_tokenizer_is_named(files: Workplace, refused: Callable[..., str], content: bytes):
    files.write("odd.json", content)
    assert refused("--tokenizer", "odd.json").startswith("odd.json")


@pytest.mark.parametrize("value", ["0", "-1", "4k", "1e3", "", "1000000001", "9" * 5000])
def test_a_maximum_length_is_a_whole_number_of_tokens(refused: Callable[..., str], value: str):
    said = refused("--tokenizer", "bytes.json", f"--max-length={value}")
    assert "is no whole number of tokens from 1 to 1,000,000,000" in said
    assert len(said) < 200


@pytest.mark.parametrize("value", ["0", "x", "2.5", "true", "1000000001"])
def test_a_maximum_length_of_the_config_is_one_too(files: Workplace, refused: Callable[..., str], value: str):
    files.write("tunegate.yaml", f"method: lora\nmax_length: {value}\n")
    assert refused().startswith("tunegate.yaml line 2: max_length: ")


def test_a_template_that_makes_too_much_names_the_sample(files: Workplace, refused: Callable[..., str]):
    files.write("model/chat_template.jinja", "{{ 'x' * 10000000000 }}")
    said = refused("--tokenizer", "model", "--gates", "Q603")
    assert said.startswith("data.jsonl:1: the chat template model/chat_template.jinja ")
