"""The command line: one module per verb, loaded when that verb runs.

A verb module has a docstring whose first line is its help, `add_arguments(parser)` and `run(options) -> int`.
Modules that start with an underscore serve the verbs.
"""

import argparse
import ast
import importlib
import io
import os
import signal
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn, TextIO

import tunegate
from tunegate.errors import TunegateError, UsageError, did_you_mean

INTERRUPTED = 130
COULD_NOT_JUDGE = 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one verb and return its exit code; errors of ours are one line on stderr and exit code 2."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    _prepare_streams()
    _leave_nothing_when_terminated()
    try:
        code = _run(words)
        sys.stdout.flush()
    except TunegateError as error:
        _say(f"error: {error}")
        return COULD_NOT_JUDGE
    except KeyboardInterrupt as interrupt:
        undone = "nothing was written" if words[:1] in (["dedup"], ["tokens"]) else "nothing was judged"
        _say(f"interrupted; {str(interrupt) or undone}")
        return INTERRUPTED
    except BrokenPipeError:  # the reader of our output has gone, as `head` does
        _drop(sys.stdout)
        return COULD_NOT_JUDGE
    except OSError as error:  # what no layer below expects: a full disk, a full output device
        _drop(sys.stdout)
        place = error.filename or "stdout or the temporary folder"
        _say(f"error: {place}: {error.strerror}; make room or send the output elsewhere, and run again")
        return COULD_NOT_JUDGE
    return code


def verbs() -> dict[str, str]:
    """Return the name and the one-line help of every verb, without importing any."""
    folder = Path(__file__).parent
    return {path.stem: _help(path) for path in sorted(folder.glob("[a-z]*.py"))}


def _help(path: Path) -> str:
    docstring = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
    return docstring.partition("\n")[0]


def _run(words: list[str]) -> int:
    known = verbs()
    if words and words[0] in known:
        return _run_verb(words[0], words[1:])
    if words and not words[0].startswith("-"):
        hint = did_you_mean(words[0], known)
        raise UsageError(f'unknown verb "{words[0]}"; one of {", ".join(known)}.{hint}')
    if _parsed(_parser(known), words) is None:
        return 0
    _parser(known).print_help()
    return COULD_NOT_JUDGE


def _run_verb(verb: str, words: list[str]) -> int:
    module = importlib.import_module(f"tunegate.cli.{verb}")
    parser = _Parser(prog=f"tunegate {verb}", allow_abbrev=False, description=(module.__doc__ or "").partition("\n")[0])
    module.add_arguments(parser)
    options = _parsed(parser, words)
    code: int = 0 if options is None else module.run(options)
    return code


class _Parser(argparse.ArgumentParser):
    """Says what is wrong with the arguments in one line, as every other error is said."""

    def error(self, message: str) -> NoReturn:
        raise UsageError(f"{message}; `{self.prog} --help` tells what it takes")


def _parsed(parser: argparse.ArgumentParser, words: list[str]) -> argparse.Namespace | None:
    """Return the arguments, None when they asked for --help or --version, which is then printed."""
    try:
        return parser.parse_args(words)
    except SystemExit:
        return None


def _parser(known: dict[str, str]) -> argparse.ArgumentParser:
    width = max(map(len, known))
    listing = "\n".join(f"  {name:<{width}}  {text}" for name, text in known.items())
    parser = _Parser(
        prog="tunegate",
        usage="tunegate VERB ...",
        description="Quality gates for fine-tuning data: what is wrong, on which line, and why.",
        epilog=f"verbs:\n{listing}\n\n`tunegate VERB --help` says more.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action=_Version, nargs=0, help="show the version and exit")
    return parser


class _Version(argparse.Action):
    """Prints the version, which is looked up only then."""

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> NoReturn:
        print(f"tunegate {tunegate.__version__}")
        parser.exit()


def _prepare_streams() -> None:
    """Write UTF-8 whatever the locale, and put /dev/null where the caller closed a stream.

    Otherwise a file of ours would take the closed stream's number, and what is said there would land in it.
    """
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        stream = getattr(sys, name)
        if stream is None:
            os.open(os.devnull, os.O_RDWR)  # takes the lowest free number, which is this one
            setattr(sys, name, os.fdopen(number, "r" if number == 0 else "w", encoding="utf-8", closefd=False))
        elif number > 0 and isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")


def _leave_nothing_when_terminated() -> None:
    """Let SIGTERM end the run as an exception does, so that the private files go away with it."""
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))


def _say(text: str) -> None:
    """Print one line on stderr; line breaks and control characters, as in a file's name, are written out."""
    line = "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)
    try:
        print(line, file=sys.stderr, flush=True)
    except OSError:
        _drop(sys.stderr)


def _drop(stream: TextIO) -> None:
    """Let what is left in the stream's buffer, and what follows, go to /dev/null."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
