"""`tunegate` itself: its verbs, its version, and the streams it is given."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import tunegate as package

Workplace = Any  # the types of conftest.py, which cannot be imported
Tunegate = Callable[..., Any]

RECORD = '{"text": "%d"}\n'
NO_SPACE = (
    "error: stdout or the temporary folder: No space left on device; "
    "make room or send the output elsewhere, and run again\n"
)


def test_the_version_is_the_package_version(process: Tunegate):
    said = process("--version")
    assert (said.code, said.out, said.err) == (0, f"tunegate {package.__version__}\n", "")


def test_the_installed_command_is_the_module(workplace: Workplace, process: Tunegate):
    script = Path(sys.executable).with_name("tunegate")
    if not script.exists():
        pytest.skip("tunegate is not installed beside this Python")
    done = subprocess.run([script, "--help"], capture_output=True, text=True, check=True)
    assert done.stdout == process("--help").out


def test_help_lists_every_verb_with_one_line(tunegate: Tunegate):
    said = tunegate("--help")
    assert (said.code, said.err) == (0, "")
    for verb in ("check", "gates", "show"):
        assert f"\n  {verb}  " in said.out


def test_without_a_verb_it_shows_its_help_and_exits_with_2(tunegate: Tunegate):
    said = tunegate()
    assert (said.code, said.out) == (2, tunegate("--help").out)


@pytest.mark.parametrize("verb", ["check", "gates", "show"])
def test_every_verb_has_help(tunegate: Tunegate, verb: str):
    said = tunegate(verb, "--help")
    assert (said.code, said.err) == (0, "")
    assert said.out.startswith(f"usage: tunegate {verb} ")


# Streams that end, are full or are closed


@pytest.fixture
def many(workplace: Workplace) -> Workplace:
    """A file whose report is longer than a pipe holds."""
    workplace.write("many.jsonl", "".join(RECORD % (number % 2) for number in range(3000)))
    return workplace


def test_a_reader_that_goes_away_is_no_error(many: Workplace, start: Callable[..., "subprocess.Popen[bytes]"]):
    check = start("check", "many.jsonl", "--gates", "D1", "--format", "json")
    assert check.stdout is not None
    assert check.stdout.readline() == b"{\n"
    check.stdout.close()
    assert check.stderr is not None
    assert check.stderr.read() == b""
    assert check.wait(timeout=30) == 2
    assert list(many.temporary.iterdir()) == []


@pytest.mark.parametrize(
    "arguments", [("--help",), ("gates", "list"), ("check", "many.jsonl", "--gates", "D1", "--format", "json")]
)
def test_a_full_output_device_is_one_line_and_exit_code_2(
    many: Workplace, start: Callable[..., "subprocess.Popen[bytes]"], arguments: tuple[str, ...]
):
    with open("/dev/full", "wb") as full:
        run = start(*arguments, stdout=full.fileno())
        assert run.communicate(timeout=30)[1].decode() == NO_SPACE
    assert run.returncode == 2
    assert list(many.temporary.iterdir()) == []


def closing(*numbers: int) -> str:
    return " ".join(f"{number}>&-" for number in numbers)


@pytest.mark.parametrize(
    ("closed", "source", "code"), [((1,), "many.jsonl", 1), ((0, 1, 2), "many.jsonl", 1), ((0, 2), "-", 2)]
)
def test_closed_streams_change_neither_the_verdict_nor_any_file(
    many: Workplace, environment: dict[str, str], closed: tuple[int, ...], source: str, code: int
):
    command = f'exec "$0" -P -m tunegate check {source} --gates D1 --store a.duckdb {closing(*closed)}'
    done = subprocess.run(
        ["sh", "-c", command, sys.executable],
        capture_output=True,
        cwd=many.folder,
        env=environment,
    )
    assert (done.returncode, done.stderr) == (code, b"")
    assert (many.folder / "a.duckdb").exists() == (code == 1)


def test_a_full_error_stream_does_not_change_the_exit_code(
    workplace: Workplace, start: Callable[..., "subprocess.Popen[bytes]"]
):
    with open("/dev/full", "wb") as full:
        run = start("check", "gone.jsonl", stderr=full.fileno())
        assert run.communicate(timeout=30)[0] == b""
    assert run.returncode == 2
