"""Run `tunegate dedup` on chat records of growing number; write docs/dedup-scale.tsv and draw docs/dedup-scale.svg.

Usage, from the repository's root: python -m scripts.dedup_scale [RECORDS ...] [--folder FOLDER] [--cpus 2]
Sizes that the table has already are measured anew when named, and kept otherwise; with no size only the plot is drawn.
Ten million records take 16 GB of disk in the folder while they are measured, and a few minutes to make.
"""

import argparse
import math
import os
import platform
import shutil
import statistics
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import astuple, dataclass, fields
from pathlib import Path

from tests.bench import dedup_corpus
from tests.bench.processes import Command

DOCS = Path(__file__).resolve().parents[1] / "docs"
TABLE, PLOT = DOCS / "dedup-scale.tsv", DOCS / "dedup-scale.svg"
RUNS_UP_TO_A_MILLION = 3


@dataclass(frozen=True)
class Row:
    """What one size took; `peak_bytes` is the private memory of the whole process tree, imports included."""

    records: int
    file_bytes: int
    removed: int
    runs: int
    seconds: float
    peak_bytes: int
    records_per_second: int


def main() -> None:
    """Measure the sizes asked for, and write the table after each of them."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("records", type=int, nargs="*")
    parser.add_argument("--folder", type=Path, help="where the files go; a temporary folder when absent")
    parser.add_argument("--cpus", type=int, default=2)
    arguments = parser.parse_args()
    rows = {row.records: row for row in _read_rows()}
    for records in arguments.records:
        with tempfile.TemporaryDirectory(dir=arguments.folder) as folder:
            rows[records] = _measured(records, Path(folder), arguments.cpus)
        _write_rows([rows[size] for size in sorted(rows)], arguments.cpus)
        print(*astuple(rows[records]), sep="\t", flush=True)
    PLOT.write_text(_plot([rows[size] for size in sorted(rows)]), encoding="utf-8")


def _measured(records: int, folder: Path, cpus: int) -> Row:
    """Make the corpus and run the command, several times where that takes seconds only."""
    path, kept, removed = (folder / f"{name}.jsonl" for name in ("chats", "kept", "removed"))
    dedup_corpus.write("chats", records, path)
    runs = [
        _command().run("dedup", path, "-o", kept, "--removed", removed, cpus=cpus)
        for _ in range(RUNS_UP_TO_A_MILLION if records <= 1_000_000 else 1)
    ]
    for run in runs:
        if run.code != 0:
            sys.exit(f"tunegate dedup ended with code {run.code}: {run.errors}")
    counts = {written: _lines(written) for written in (kept, removed)}
    if sum(counts.values()) != records:
        sys.exit(f"{counts[kept]:,} records kept and {counts[removed]:,} removed of {records:,}")
    seconds = statistics.median(run.seconds for run in runs)
    peak = max(run.peak_bytes for run in runs)
    size = path.stat().st_size
    return Row(records, size, counts[removed], len(runs), round(seconds, 3), peak, round(records / seconds))


def _command() -> Command:
    found = shutil.which("tunegate", path=os.path.dirname(sys.executable)) or shutil.which("tunegate")
    return Command(found) if found else sys.exit("the command tunegate is not installed: pip install .")


def _lines(path: Path) -> int:
    with path.open("rb") as file:
        return sum(piece.count(b"\n") for piece in iter(lambda: file.read(1 << 24), b""))


def _read_rows() -> Iterator[Row]:
    if not TABLE.exists():
        return
    for line in TABLE.read_text(encoding="utf-8").splitlines():
        if line[:1].isdigit():
            yield Row(*(float(cell) if "." in cell else int(cell) for cell in line.split("\t")))


def _write_rows(rows: list[Row], cpus: int) -> None:
    machine = f"# {_processor()}, {cpus} CPUs, {platform.system()} {platform.release()}"
    lines = ["\t".join(map(str, astuple(row))) for row in rows]
    header = "\t".join(column.name for column in fields(Row))
    TABLE.write_text("\n".join([machine, header, *lines, ""]), encoding="utf-8")


def _processor() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    lines = cpuinfo.read_text(encoding="utf-8").splitlines() if cpuinfo.exists() else []
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), platform.machine())


WIDTH, HEIGHT, LEFT, TOP, BOTTOM = 320, 240, 64, 34, 44
STYLE = (
    "text{font:12px sans-serif;fill:#222}.grid{stroke:#ddd}.guide{stroke:#888;stroke-dasharray:4 4}"
    ".curve{stroke:#1558a8;stroke-width:2;fill:none}.dot{fill:#1558a8}.end{text-anchor:end}.middle{text-anchor:middle}"
)


def _plot(rows: list[Row]) -> str:
    """Draw seconds and memory over records, on logarithmic axes, beside dashed lines of proportional growth."""
    panels = [
        _panel(0, "seconds, whole command", rows, lambda row: row.seconds, _plain),
        _panel(LEFT + WIDTH, "peak private memory (RssAnon)", rows, lambda row: row.peak_bytes, _bytes),
    ]
    wide, high = 2 * (LEFT + WIDTH) + 20, TOP + HEIGHT + BOTTOM
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{wide}" height="{high}" viewBox="0 0 {wide} {high}">',
            f'<style>{STYLE}</style><rect width="100%" height="100%" fill="#fff"/>',
            *(element for panel in panels for element in panel),
            "</svg>\n",
        ]
    )


def _panel(
    at: int, title: str, rows: list[Row], measure: Callable[[Row], float], label: Callable[[float], str]
) -> Iterator[str]:
    points = [(float(row.records), float(measure(row))) for row in rows]
    if not points:
        return
    (low_x, high_x), (low_y, high_y) = (_decades(values) for values in zip(*points, strict=True))
    left, bottom = at + LEFT, TOP + HEIGHT

    def x(value: float) -> float:
        return round(left + (math.log10(value) - low_x) / (high_x - low_x) * (WIDTH - 30), 1)

    def y(value: float) -> float:
        return round(bottom - (math.log10(value) - low_y) / (high_y - low_y) * HEIGHT, 1)

    right = x(10**high_x)
    yield f'<text x="{left}" y="{TOP - 14}">{title}</text>'
    for power in range(low_x, high_x + 1):
        yield f'<path class="grid" d="M{x(10**power)} {TOP}V{bottom}"/>'
        yield f'<text class="middle" x="{x(10**power)}" y="{bottom + 18}">{_plain(10**power)}</text>'
    for power in range(low_y, high_y + 1):
        yield f'<path class="grid" d="M{left} {y(10**power)}H{right}"/>'
        yield f'<text class="end" x="{left - 6}" y="{y(10**power) + 4}">{label(10**power)}</text>'
    yield f'<text class="middle" x="{(left + right) / 2}" y="{bottom + 36}">records; dashed: in proportion</text>'
    yield _guide(points[-1], 10.0**low_x, 10.0**low_y, x, y)
    yield f'<path class="curve" d="M{"L".join(f"{x(records)} {y(value)}" for records, value in points)}"/>'
    for records, value in points:
        yield f'<circle class="dot" cx="{x(records)}" cy="{y(value)}" r="3.5"/>'


def _guide(
    end: tuple[float, float], low_x: float, low_y: float, x: Callable[[float], float], y: Callable[[float], float]
) -> str:
    """Draw growth in proportion to the records, through the last point."""
    slope = end[1] / end[0]
    begin = max(low_x, low_y / slope)
    return f'<path class="guide" d="M{x(begin)} {y(begin * slope)}L{x(end[0])} {y(end[1])}"/>'


def _decades(values: tuple[float, ...]) -> tuple[int, int]:
    low, high = math.floor(math.log10(min(values))), math.ceil(math.log10(max(values)))
    return low, max(high, low + 1)


def _plain(value: float) -> str:
    for unit, name in ((1_000_000, " M"), (1_000, " k")):
        if value >= unit:
            return f"{value / unit:g}{name}"
    return f"{value:g}"


def _bytes(value: float) -> str:
    return f"{value / 1e9:g} GB" if value >= 1e9 else f"{value / 1e6:g} MB"


if __name__ == "__main__":
    main()
