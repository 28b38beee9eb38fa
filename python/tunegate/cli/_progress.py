"""A progress bar on stderr, shown only on a terminal and only when the work is long."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from tunegate.sources import Progress

QUIET_SECONDS = 1.0
REDRAW_SECONDS = 0.1
WIDTH = 30


@contextmanager
def progress_bar(total_bytes: int) -> Iterator[Progress | None]:
    """Give a callback of (bytes consumed, records read) that draws the bar; None when nobody watches."""
    if not sys.stderr.isatty():
        yield None
        return
    bar = _Bar(max(total_bytes, 1))
    try:
        yield bar.update
    finally:
        bar.clear()


@contextmanager
def stage() -> Iterator[Callable[[str], None]]:
    """Give a function that names, on a terminal, what is being done while no bytes are read."""

    def say(text: str) -> None:
        if sys.stderr.isatty():
            sys.stderr.write(f"\r{text} ...\x1b[K")
            sys.stderr.flush()

    try:
        yield say
    finally:
        if sys.stderr.isatty():
            sys.stderr.write("\r\x1b[K")


class _Bar:
    def __init__(self, total: int) -> None:
        self._total = total
        self._started = self._drawn = time.monotonic()
        self._visible = False

    def update(self, consumed: int, records: int) -> None:
        now = time.monotonic()
        if now - self._started < QUIET_SECONDS or now - self._drawn < REDRAW_SECONDS:
            return
        self._drawn, self._visible = now, True
        share = min(consumed / self._total, 1.0)
        rate = consumed / (now - self._started)
        left = (self._total - consumed) / rate if rate else 0.0
        bar = ("=" * round(share * WIDTH)).ljust(WIDTH)
        text = f"reading [{bar}] {share:4.0%}  {records:,} records  {rate / 1e6:,.0f} MB/s  {left:,.0f} s left"
        sys.stderr.write(f"\r{text}\x1b[K")
        sys.stderr.flush()

    def clear(self) -> None:
        if self._visible:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()
