"""Commands run as processes of their own: exit code, output, seconds, and the private memory of the whole tree."""

import os
import subprocess
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

POLL_S = 0.005


@dataclass(frozen=True)
class Run:
    """What a command did. `seconds` is wall time, right to POLL_S; memory is RssAnon in bytes, sampled every POLL_S."""

    code: int
    output: str
    seconds: float
    peak_bytes: int  # of all processes at one moment
    peaks: dict[str, int] = field(default_factory=dict)  # by process: "command", "child 1", ...


@dataclass(frozen=True)
class Command:
    """An executable."""

    path: str

    def run(self, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
        """Run the command to its end, unwatched."""
        return subprocess.run([self.path, *map(str, arguments)], capture_output=True, text=True, check=False)

    def watch(self, *arguments: str | Path, cpus: int) -> Run:
        """Run the command on the first `cpus` processors and sample the memory of its process tree."""
        allowed = sorted(os.sched_getaffinity(0))[:cpus]
        with tempfile.TemporaryFile("w+") as output:
            begin = time.perf_counter()
            process = subprocess.Popen(
                ["taskset", "--cpu-list", ",".join(map(str, allowed)), self.path, *map(str, arguments)],
                stdout=output,
                stderr=subprocess.STDOUT,
            )
            peak, peaks = _watched(process)
            seconds = time.perf_counter() - begin
            output.seek(0)
            return Run(process.returncode, output.read(), seconds, peak, peaks)


def _watched(process: subprocess.Popen[bytes]) -> tuple[int, dict[str, int]]:
    """Sample until the process ends."""
    peak, peaks = 0, {}
    names = {process.pid: "command"}
    while process.poll() is None:
        sizes = {pid: _private_bytes(pid) for pid in _tree(process.pid)}
        for pid, size in sizes.items():
            name = names.setdefault(pid, f"child {len(names)}")
            peaks[name] = max(peaks.get(name, 0), size)
        peak = max(peak, sum(sizes.values()))
        time.sleep(POLL_S)
    return peak, peaks


def _tree(pid: int) -> list[int]:
    """Return a process and all below it, from the children that each of its threads has started."""
    found = [pid]
    for parent in found:
        for children in Path(f"/proc/{parent}/task").glob("*/children"):
            found += map(int, _text(children).split())
    return found


def _private_bytes(pid: int) -> int:
    for line in _text(Path(f"/proc/{pid}/status")).splitlines():
        if line.startswith("RssAnon:"):
            return int(line.split()[1]) * 1024
    return 0


def _text(path: Path) -> str:
    """Return the text of a file in /proc, nothing when the process has gone."""
    try:
        return path.read_text(encoding="ascii", errors="replace")
    except (FileNotFoundError, ProcessLookupError):
        return ""
