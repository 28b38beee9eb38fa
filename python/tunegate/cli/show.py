"""Print records with their findings marked, for local eyes: the one place where sample text is shown.

A place is FILE:LINE as reports print it; several lines of one file may be joined with commas.
"""

import argparse
import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, fields
from pathlib import Path

import polars as pl

from tunegate import _core, gatekeeper
from tunegate.check import Check
from tunegate.cli._dataset import add_gate_arguments, add_run_arguments, measured, settled
from tunegate.errors import UsageError
from tunegate.eval_items import read_items
from tunegate.scratch import scratch_folder
from tunegate.sources import DATA, EVAL, OPTIONS, STDIN, Source
from tunegate.store import Store
from tunegate.verdict import Evidence, Place, Report

SHOWN_CHARS = 400  # of a turn without a mark
AROUND_CHARS = 120  # on either side of a mark
GUTTER = 24
CUT = " ... "


@dataclass(frozen=True)
class Turn:
    """One turn of a sample as the store keeps it."""

    turn: int
    part: str
    role: str
    content: str | None
    reasoning: str | None
    tool_calls: str | None
    media: str | None


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the places."""
    parser.add_argument("places", nargs="+", metavar="FILE:LINE", help="a record, as reports name it")
    add_run_arguments(parser)
    add_gate_arguments(parser)


def run(options: argparse.Namespace) -> int:
    """Judge the files named and print the records at the places."""
    wanted = [place for text in options.places for place in _places(text)]
    run_of = settled(options)
    checks = {check.id: check for gate in run_of.gates for check in gate.checks}
    with measured(options, run_of, sorted({place.source for place in wanted})) as store:
        report = gatekeeper.run(
            store,
            run_of.gates,
            option=run_of.option,
            timeout_s=options.check_timeout,
            parameters=run_of.parameters,
        )
        shown = ["\n".join(_shown(store, place, _findings(report, place), checks)) for place in wanted]
    print("\n\n".join(shown), end="\n\n")
    return 0


def _places(text: str) -> Iterator[Place]:
    match = re.fullmatch(r"(.+):([0-9]{1,18}(?:,[0-9]{1,18})*)", text, re.DOTALL)
    if match is None:
        raise UsageError(f'place is "{text[:80]}", expected FILE:LINE such as support.jsonl:118')
    if match[1] == STDIN or Path(match[1]).is_dir():
        raise UsageError(f'place is "{text}", expected a line of a file; name the file that holds the record')
    for line in match[2].split(","):
        yield Place(match[1], int(line))


def _findings(report: Report, place: Place) -> list[tuple[str, Evidence]]:
    return [
        (check.id, evidence)
        for check in report.verdicts
        for evidence in check.evidence
        if (evidence.source, evidence.line) == (place.source, place.line)
    ]


def _shown(
    store: Store, place: Place, findings: Sequence[tuple[str, Evidence]], checks: dict[str, Check]
) -> Iterator[str]:
    row = store.connection.execute(
        """select record_id, byte_offset, byte_length, reason, format, tools, label from records
           left join samples on sample_id = record_id where source = ? and line = ? order by record_id""",
        [place.source, place.line],
    ).fetchone()
    if row is None:
        raise UsageError(f"{place.source} has no record that starts at line {place.line:,}{_nearest(store, place)}")
    record_id, offset, length, reason, name, tools, label = row
    source = next(source for source in store.sources if source.name == place.source)
    if source.role != DATA and reason is None:
        yield f"{_visible(place.source)}:{place.line}  named by {OPTIONS[source.role]}"
        yield from _compared(source, place.line, offset, length)
        return
    yield f"{_visible(place.source)}:{place.line}  {name or 'unreadable'}"
    for check_id, evidence in findings:
        yield f"  {check_id} {checks[check_id].name}: {_detail(evidence)}"
        yield f"    expected: {checks[check_id].summary}"
    if not findings:
        yield "  no finding"
    if reason is not None:
        yield from _raw(source, offset, length, reason)
        return
    for turn in _turns(store, record_id):
        yield from _turn(turn, [evidence for _, evidence in findings])
    for title, value in (("tools", tools), ("label", label)):
        if value is not None:
            yield from _plain(f"  {title}", str(value))


def _compared(source: Source, line: int, offset: int, length: int) -> Iterator[str]:
    """Print a record that the samples are compared with, of which the store holds no text."""
    if source.role == EVAL:
        for item in read_items(source.name):
            if item.line == line:
                yield from _plain("  item", item.text)
        return
    for turn in _read_turns(source, offset, length):
        yield from _turn(turn, [])


def _read_turns(source: Source, offset: int, length: int) -> Iterator[Turn]:
    record = _core.read_stretch(str(source.path), source.compression, offset, length)
    with scratch_folder() as scratch:
        file = scratch / "record"
        file.write_bytes(record)
        batch = _core.SourceReader(str(file), lines=b"\n" not in record).next()
    if batch is not None:
        for row in pl.DataFrame(batch.messages).select(field.name for field in fields(Turn)).iter_rows():
            yield Turn(*row)


def _nearest(store: Store, place: Place) -> str:
    row = store.connection.execute(
        "select arg_min(line, abs(line - ?)) from records where source = ?", [place.line, place.source]
    ).fetchone()
    return f"; the nearest starts at line {row[0]:,}" if row and row[0] is not None else ""


def _detail(evidence: Evidence) -> str:
    shown = (
        f"{name.replace('_', ' ')} {f'{value.source}:{value.line}' if isinstance(value, Place) else value}"
        for name, value in evidence.detail.items()
        if value is not None and name not in ("start", "end", "severity") and (name, value) != ("part", "main")
    )
    return ", ".join(shown) or "found here"


def _turns(store: Store, sample_id: int) -> list[Turn]:
    rows = store.connection.execute(
        """select turn, part, role, content, reasoning, tool_calls, media from messages where sample_id = ?
           order by case part when 'main' then 0 when 'chosen' then 1 else 2 end, turn""",
        [sample_id],
    ).fetchall()
    return [Turn(*row) for row in rows]


def _turn(turn: Turn, findings: Sequence[Evidence]) -> Iterable[str]:
    here = [evidence for evidence in findings if _is_at(evidence, turn)]
    branch = "" if turn.part == "main" else f"{turn.part} "
    head = f"{'>' if here else ' '} {turn.turn} {branch}{_visible(turn.role)}"[: GUTTER - 1]
    spans = [span for evidence in here if (span := _span(evidence)) is not None]
    if turn.content is None:
        yield f"{head:<{GUTTER}}| (no content)"
    elif not spans:
        yield from _plain(head, turn.content)
    for number, span in enumerate(spans if turn.content is not None else []):
        yield from _marked(head if number == 0 else "", turn.content or "", *span)
    for title in ("reasoning", "tool_calls", "media"):
        if (text := getattr(turn, title)) is not None:
            yield from _plain(f"{'':4}{title.replace('_', ' ')}", text)


def _is_at(evidence: Evidence, turn: Turn) -> bool:
    return evidence.detail.get("turn") == turn.turn and evidence.detail.get("part", turn.part) == turn.part


def _span(evidence: Evidence) -> tuple[int, int] | None:
    start, end = evidence.detail.get("start"), evidence.detail.get("end")
    return (start, end) if isinstance(start, int) and isinstance(end, int) else None


def _plain(head: str, text: str) -> Iterator[str]:
    shown = text if len(text) <= SHOWN_CHARS else f"{text[:SHOWN_CHARS]} ... ({len(text):,} characters)"
    for number, line in enumerate(shown.split("\n")):
        yield f"{head if number == 0 else '':<{GUTTER}}| {_visible(line)}"


def _marked(head: str, text: str, start: int, end: int) -> Iterator[str]:
    """Print the line that holds [start, end) with that stretch underlined."""
    line_begin, line_end = text.rfind("\n", 0, start) + 1, text.find("\n", end)
    line_end = len(text) if line_end < 0 else line_end
    first, last = max(line_begin, start - AROUND_CHARS), min(line_end, end + AROUND_CHARS)
    before = (CUT if first > 0 else "") + _visible(text[first:start])
    marked = _visible(text[start:end])
    after = _visible(text[end:last]) + (CUT if last < len(text) else "")
    yield f"{head:<{GUTTER}}| {before}{marked}{after}".rstrip()
    yield f"{'':<{GUTTER}}| {' ' * _width(before)}{'^' * max(_width(marked), 1)}"


def _width(text: str) -> int:
    """Return how many columns a terminal gives a text: wide characters take two, combining ones none."""
    return sum(
        0 if unicodedata.category(character) in ("Mn", "Me") else 1 + (unicodedata.east_asian_width(character) in "WF")
        for character in text
    )


def _visible(text: str) -> str:
    """Write what would not show, or would move the cursor, as its code point: <U+200B>."""
    return "".join(
        character if character.isprintable() or character == " " else f"<U+{ord(character):04X}>"
        for character in text.expandtabs(4)
    )


def _raw(source: Source, offset: int, length: int, reason: str) -> Iterator[str]:
    """Print the bytes of an unreadable record around the byte its reason names."""
    found = re.search(r"at byte (\d+)", reason)
    at = min(int(found[1]) - 1, length) if found else 0
    first = max(0, at - AROUND_CHARS)
    stretch = _core.read_stretch(
        str(source.path), source.compression, offset + first, min(length - first, 3 * AROUND_CHARS)
    )
    before = _visible(stretch[: at - first].decode(errors="replace"))
    after = _visible(stretch[at - first :].decode(errors="replace"))
    yield f"{'  bytes':<{GUTTER}}| {before}{after}"
    if found:
        yield f"{'':<{GUTTER}}| {' ' * _width(before)}^"
