"""Several runs of a script that prints its own seconds, imports left out."""

import json
import statistics
from dataclasses import dataclass, field
from typing import Any

from .processes import Run


@dataclass(frozen=True)
class Measured:
    """What scripts printed about themselves in several runs, and how the runs were."""

    figures: list[dict[str, Any]] = field(default_factory=list)
    runs: list[Run] = field(default_factory=list)

    def add(self, run: Run) -> None:
        """Take a run that went well."""
        assert run.code == 0, run.errors
        self.runs.append(run)
        self.figures.append(json.loads(run.output or "{}"))

    @property
    def seconds(self) -> float:
        """The median of the seconds that the scripts measured, imports left out."""
        return statistics.median(figures["seconds"] for figures in self.figures)

    @property
    def cpu_seconds(self) -> float:
        """The median of their CPU seconds, which a busy machine changes less."""
        return statistics.median(figures["cpu_seconds"] for figures in self.figures)

    @property
    def wall_seconds(self) -> float:
        """The median of the processes' seconds."""
        return statistics.median(run.seconds for run in self.runs)

    @property
    def peak_bytes(self) -> int:
        """The greatest private memory beyond that of the imports."""
        return max(
            run.peak_bytes - of["private_bytes_of_imports"] for run, of in zip(self.runs, self.figures, strict=True)
        )


def line(name: str, measured: Measured, ours: Measured, note: str = "") -> str:
    """Say how long it took, how many times ours that is, and its memory."""
    ratio = "" if measured is ours else f"{measured.seconds / ours.seconds:6.1f} times ours"
    memory = f"{measured.peak_bytes / 1e6:6,.0f} MB"
    seconds = f"{measured.seconds:8.3f} s (CPU {measured.cpu_seconds:.3f})"
    return f"  {name:<26} {seconds} {memory} {ratio:>18}  {note}".rstrip()
