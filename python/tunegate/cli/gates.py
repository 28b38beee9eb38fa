"""List the gates and their checks, or show one: why it matters, its limits, query, examples and remedy.

`tunegate gates list` shows every check there is; `tunegate gates show ID` explains a check or a gate.
"""

import argparse
import re
import textwrap
from collections.abc import Iterable
from pathlib import Path

from tunegate.check import Check, Gate, apply_limits, load_gates, packaged_gates
from tunegate.check_file import flag
from tunegate.config import load_config
from tunegate.errors import UsageError, did_you_mean

WIDTH = 100


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare `list` and `show ID`."""
    _add_config(parser, None)
    actions = parser.add_subparsers(dest="action", required=True, metavar="list | show ID")
    listing = actions.add_parser("list", help="every gate and check with its limits")
    show = actions.add_parser("show", help="one gate or check, explained")
    show.add_argument("id", metavar="ID")
    for action in (listing, show):
        _add_config(action, argparse.SUPPRESS)  # else its default would undo an option that stands earlier


def _add_config(parser: argparse.ArgumentParser, default: str | None) -> None:
    parser.add_argument(
        "-c",
        "--config",
        type=Path,
        metavar="FILE",
        default=default,
        help="settings (default: tunegate.yaml, when there is one)",
    )


def run(options: argparse.Namespace) -> int:
    """Print what was asked for."""
    config = load_config(options.config)
    gates = apply_limits(load_gates([packaged_gates(), *config.check_folders]), config)
    lines = _listing(gates) if options.action == "list" else _shown(gates, options.id)
    print("\n".join(lines))
    return 0


def _listing(gates: Iterable[Gate]) -> Iterable[str]:
    for gate in gates:
        yield f"{gate.id} {gate.name}: {gate.summary}".removesuffix(": ")
        for check in gate.checks:
            yield f"  {check.id} {check.name:<24} {_limits(check)}"


def _limits(check: Check) -> str:
    limits = [f"{name} {_resolved(check, bound)}" for name in ("warn", "fail") if (bound := getattr(check, name))]
    chosen_by = f" (by --{check.option})" if check.option else ""
    needed = f" (with {', '.join(map(flag, check.needs))})" if check.needs else ""
    return (", ".join(limits) + chosen_by if limits else "report only") + needed


def _resolved(check: Check, bound: str) -> str:
    """Return a bound with the parameters filled in that do not depend on an option."""
    return re.sub(r"\$(\w+)", lambda name: str(check.params.get(name[1], name[0])), bound)


def _shown(gates: Iterable[Gate], wanted: str) -> Iterable[str]:
    checks = {check.id: check for gate in gates for check in gate.checks}
    by_id = {gate.id: gate for gate in gates}
    if wanted in by_id:
        return _listing([by_id[wanted]])
    if wanted not in checks:
        raise UsageError(f'no gate or check is called "{wanted}".{did_you_mean(wanted, [*by_id, *checks])}')
    return _explained(checks[wanted])


def _explained(check: Check) -> Iterable[str]:
    yield f"{check.id} {check.name}"
    yield from _paragraph(check.summary)
    yield ""
    yield from _paragraph(check.why, "Why: ")
    yield from _paragraph(check.remedy, "What to do: ")
    yield from _paragraph(check.source, "Source: ")
    yield f"Limits: {_limits(check)}"
    yield from _cases(check)
    yield from _query(check)
    yield from _examples(check)


def _cases(check: Check) -> Iterable[str]:
    for name, params in check.cases.items():
        values = ", ".join(f"{key} {value}" for key, value in params.items() if key != "note" and value is not None)
        yield f"  --{check.option} {name}: {values}"
        if note := params.get("note"):
            yield from _paragraph(str(note), "    ")


def _query(check: Check) -> Iterable[str]:
    population = check.population or "all samples"
    yield f"Judged: {population}"
    yield "Offending samples:" if check.kind == "rows" else "Value:"
    yield textwrap.indent(check.sql.rstrip(), "  ")


def _examples(check: Check) -> Iterable[str]:
    for title, examples in (("Sound", check.examples.pass_), ("Not sound", check.examples.fail)):
        for example in examples[:1]:
            yield f"{title}:"
            yield from (f"  {record}" for record in example.condensed())


def _paragraph(text: str, lead: str = "") -> list[str]:
    return textwrap.wrap(lead + " ".join(text.split()), WIDTH, subsequent_indent=" " * 2 if lead else "")
