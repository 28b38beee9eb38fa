"""Commands run as processes of their own: what they answer, their seconds, and their private memory."""

import os
import resource
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

POLL_S = 0.005


@dataclass(frozen=True)
class Run:
    """What a command did. `seconds` is wall time, up to POLL_S too long; `cpu_seconds` that of all processes.

    Memory is RssAnon in bytes, sampled every POLL_S: `peak_bytes` of all processes together, `peaks` of each.
    """

    code: int
    output: str
    errors: str
    seconds: float
    cpu_seconds: float
    peak_bytes: int
    peaks: dict[str, int]


@dataclass(frozen=True)
class Command:
    """An executable."""

    path: str

    def run(self, *arguments: str | Path, cpus: int = 2) -> Run:
        """Run the command on the first `cpus` processors, and watch its process tree."""
        with tempfile.TemporaryFile("w+") as output, tempfile.TemporaryFile("w+") as errors:
            before, begin = _cpu_seconds(), time.perf_counter()
            code, peak, peaks = _watched(self._started(arguments, cpus, output, errors))
            seconds, cpu_seconds = time.perf_counter() - begin, _cpu_seconds() - before
            return Run(code, _content(output), _content(errors), seconds, cpu_seconds, peak, peaks)

    def _started(
        self, arguments: tuple[str | Path, ...], cpus: int, output: TextIO, errors: TextIO
    ) -> subprocess.Popen[bytes]:
        allowed = sorted(os.sched_getaffinity(0))[:cpus]
        pinned = ["taskset", "--cpu-list", ",".join(map(str, allowed)), self.path, *map(str, arguments)]
        return subprocess.Popen(pinned, stdout=output, stderr=errors)


def _cpu_seconds() -> float:
    """Return the seconds of all processes that have ended below this one."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def _content(file: TextIO) -> str:
    file.seek(0)
    return file.read()


def _watched(process: subprocess.Popen[bytes]) -> tuple[int, int, dict[str, int]]:
    """Sample until the process ends; return its exit code, the peak of the sum, and the peaks."""
    peak, peaks = 0, {}
    names = {process.pid: "command"}
    while process.poll() is None:
        sizes = {pid: _private_bytes(pid) for pid in _tree(process.pid)}
        for pid, size in sizes.items():
            name = names.setdefault(pid, f"child {len(names)}")
            peaks[name] = max(peaks.get(name, 0), size)
        peak = max(peak, sum(sizes.values()))
        time.sleep(POLL_S)
    return process.returncode, peak, peaks


def _tree(pid: int) -> list[int]:
    """Return a process and all below it, from the children that each of its threads has started."""
    found = [pid]
    for parent in found:
        try:
            threads = os.listdir(f"/proc/{parent}/task")
        except FileNotFoundError:
            continue
        for thread in threads:
            found += map(int, _read(f"/proc/{parent}/task/{thread}/children").split())
    return found


def _private_bytes(pid: int) -> int:
    status = _read(f"/proc/{pid}/status")
    _, _, after = status.partition(b"RssAnon:")
    return int(after.split(maxsplit=1)[0]) * 1024 if after else 0


def _read(path: str) -> bytes:
    """Return the content of a file in /proc, nothing when the process has gone."""
    try:
        with open(path, "rb", buffering=0) as file:
            return file.read()
    except (FileNotFoundError, ProcessLookupError):
        return b""
