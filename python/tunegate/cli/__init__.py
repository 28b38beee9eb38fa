"""The command line: one module per verb, loaded when that verb runs.

A verb module has a docstring whose first line is its help, `add_arguments(parser)` and `run(options) -> int`.
Modules that start with an underscore serve the verbs.
"""

import argparse
import ast
import importlib
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from tunegate import __version__
from tunegate.errors import TunegateError, UsageError, did_you_mean

INTERRUPTED = 130
COULD_NOT_JUDGE = 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one verb and return its exit code; errors of ours are one line on stderr and exit code 2."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    try:
        return _run(words)
    except TunegateError as error:
        print(f"error: {error}", file=sys.stderr)
        return COULD_NOT_JUDGE
    except KeyboardInterrupt:
        print("interrupted; nothing was written", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:  # the reader of our output has gone, as `head` does
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return COULD_NOT_JUDGE


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
        raise UsageError(f'unknown verb "{words[0]}"; one of {", ".join(known)}.{did_you_mean(words[0], known)}')
    _parser(known).parse_args(words)
    _parser(known).print_help()
    return COULD_NOT_JUDGE


def _run_verb(verb: str, words: list[str]) -> int:
    module = importlib.import_module(f"tunegate.cli.{verb}")
    parser = argparse.ArgumentParser(prog=f"tunegate {verb}", description=module.__doc__.partition("\n")[0])
    module.add_arguments(parser)
    code: int = module.run(parser.parse_args(words))
    sys.stdout.flush()
    return code


def _parser(known: dict[str, str]) -> argparse.ArgumentParser:
    width = max(map(len, known))
    listing = "\n".join(f"  {name:<{width}}  {text}" for name, text in known.items())
    parser = argparse.ArgumentParser(
        prog="tunegate",
        usage="tunegate VERB ...",
        description="Quality gates for fine-tuning data: what is wrong, on which line, and why.",
        epilog=f"verbs:\n{listing}\n\n`tunegate VERB --help` says more.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"tunegate {__version__}")
    return parser
