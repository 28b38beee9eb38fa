"""Reports: one module per format with `render(report) -> str`, loaded by name.

A module whose text may grow large also has `pieces(report)`, which yields that text in parts.
"""

import importlib
import os
import pkgutil
from collections.abc import Callable, Iterable
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

from tunegate.errors import ReportError, UsageError, did_you_mean
from tunegate.verdict import Report

GROUP = "tunegate.reports"


def names() -> list[str]:
    """Return the names of all report formats, our own and installed ones."""
    own = [module.name for module in pkgutil.iter_modules(__path__) if not module.name.startswith("_")]
    return sorted({*own, *(point.name for point in entry_points(group=GROUP))})


def render(name: str) -> Callable[[Report], str]:
    """Return the function that renders a report as `name`. Raises UsageError for an unknown name."""
    function: Callable[[Report], str] = _format(name).render
    return function


def pieces(name: str) -> Callable[[Report], Iterable[str]]:
    """Return the function that yields the text of a report as `name` in parts. Raises UsageError."""
    module = _format(name)
    function: Callable[[Report], Iterable[str]] = getattr(module, "pieces", lambda report: [module.render(report)])
    return function


def _format(name: str) -> Any:
    if name not in names():
        raise UsageError(f'unknown report format "{name}"; one of {", ".join(names())}.{did_you_mean(name, names())}')
    installed = {point.name: point for point in entry_points(group=GROUP)}
    return installed[name].load() if name in installed else importlib.import_module(f"{__name__}.{name}")


def parse_target(text: str) -> tuple[str, Path]:
    """Return the format and the path of a `--write FORMAT=PATH`. Raises UsageError."""
    name, separator, path = text.partition("=")
    if not separator or not path:
        raise UsageError(f'--write is "{text}", expected FORMAT=PATH such as json=report.json')
    render(name)
    if not Path(path).parent.is_dir() or Path(path).is_dir():
        raise UsageError(f'--write is "{text}", expected the name of a file in a folder that exists')
    return name, Path(path)


def write(report: Report, name: str, path: Path) -> None:
    """Write a report to a file, by rename, so that the file is the old one or the new one. Raises ReportError.

    A link is followed; a device or a pipe is written to, never replaced.
    """
    text = pieces(name)(report)
    try:
        if path.exists() and not path.is_file():
            _write(path, text)
        else:
            _replace(Path(os.path.realpath(path)), text)
    except OSError as error:
        raise ReportError(f"{path}: {error.strerror}; the {name} report cannot be written there") from error


def _write(path: Path, text: Iterable[str]) -> None:
    with path.open("w", encoding="utf-8") as file:
        file.writelines(text)


def _replace(target: Path, text: Iterable[str]) -> None:
    partial = target.with_name(f"{target.name}.partial-{os.getpid()}")
    try:
        _write(partial, text)
        os.replace(partial, target)
    finally:
        partial.unlink(missing_ok=True)
