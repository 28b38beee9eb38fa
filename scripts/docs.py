"""Write what the documents show from what the tool does: command output in every `console` block, docs/checks.md.

Usage: docs.py [--check]. With --check nothing is written, and a document that would change makes exit code 1.
In a block, `$ COMMAND` is run from the repository's root and the lines below it become its output; a block opened
by ```console head=N shows the first N lines.
"""

import argparse
import os
import re
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

from tunegate.check import Check, Gate, load_gates, packaged_gates
from tunegate.check_file import flag

ROOT = Path(__file__).resolve().parents[1]
BLOCK = re.compile(r"^```console(?: head=(\d+))?\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def main() -> int:
    """Write or compare the documents; return how many files are stale in --check mode."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--check", action="store_true")
    only_compare = parser.parse_args().check
    stale = []
    for path, text in _documents():
        if path.exists() and path.read_text(encoding="utf-8") == text:
            continue
        stale.append(path)
        if not only_compare:
            path.write_text(text, encoding="utf-8")
    for path in stale:
        print(f"{path.relative_to(ROOT)} {'is stale: run make docs' if only_compare else 'written'}")
    return len(stale) if only_compare else 0


def _documents() -> Iterator[tuple[Path, str]]:
    for path in [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]:
        if path.name != "checks.md":
            yield path, BLOCK.sub(_with_output, path.read_text(encoding="utf-8"))
    yield ROOT / "docs" / "checks.md", "\n".join(_catalogue(load_gates([packaged_gates()])))


def _with_output(block: re.Match[str]) -> str:
    head = f" head={block[1]}" if block[1] else ""
    lines = [f"```console{head}"]
    for line in block[2].splitlines():
        if line.startswith("$ "):
            lines += [line, *_output(line[2:], int(block[1]) if block[1] else None)]
    return "\n".join([*lines, "```"])


def _output(command: str, head: int | None) -> list[str]:
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        command,
        shell=True,
        cwd=ROOT,
        env={**os.environ, "PATH": path},
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
    )
    lines = [line.rstrip() for line in done.stdout.rstrip("\n").splitlines()]
    return lines if head is None or len(lines) <= head else [*lines[:head], "..."]


def _catalogue(gates: tuple[Gate, ...]) -> Iterator[str]:
    yield "# The checks"
    yield ""
    yield "Made from the files in `gates/` by `make docs`. `tunegate gates show ID` prints the same, with the query."
    yield "In examples, `--tokenizer bytes` has one token for every byte, and `alternating` a chat template beside it."
    for gate in gates:
        yield f"\n## {gate.id} {gate.name}\n\n{gate.summary}"
        for check in gate.checks:
            yield from _page(check)
    yield ""


def _page(check: Check) -> Iterator[str]:
    limits = [f"{name} `{bound}`" for name in ("warn", "fail") if (bound := getattr(check, name))]
    yield f"\n### {check.id} {check.name}\n\n{_flowing(check.summary)}"
    yield f"\n- Limits: {', '.join(limits) if limits else 'report only'}"
    if check.needs:
        yield f"- Needs: {', '.join(f'`{flag(name)}`' for name in check.needs)}"
    for title, text in (("Why", check.why), ("What to do", check.remedy), ("Source", check.source)):
        yield f"- {title}: {_flowing(text)}"
    for name, params in check.cases.items():
        yield f"- `--{check.option} {name}`: {_flowing(str(params.get('note') or ''))}"
    for title, examples in (("Sound", check.examples.pass_), ("Not sound", check.examples.fail)):
        shortest = min((example.condensed() for example in examples), key=len, default=[])
        if shortest:
            yield f"\n{title}:\n\n```\n" + "\n".join(shortest) + "\n```"


def _flowing(text: str) -> str:
    return textwrap.shorten(" ".join(text.split()), 10_000)


if __name__ == "__main__":
    sys.exit(main())
