"""Reports: one module per format with `render(report) -> str`, loaded by name."""

import importlib
import os
import pkgutil
from collections.abc import Callable
from importlib.metadata import entry_points
from pathlib import Path

from tunegate.errors import ReportError, UsageError, did_you_mean
from tunegate.verdict import Report

GROUP = "tunegate.reports"


def names() -> list[str]:
    """Return the names of all report formats, our own and installed ones."""
    own = [module.name for module in pkgutil.iter_modules(__path__) if not module.name.startswith("_")]
    return sorted({*own, *(point.name for point in entry_points(group=GROUP))})


def render(name: str) -> Callable[[Report], str]:
    """Return the function that renders a report as `name`. Raises UsageError for an unknown name."""
    if name not in names():
        raise UsageError(f'unknown report format "{name}"; one of {", ".join(names())}.{did_you_mean(name, names())}')
    installed = {point.name: point for point in entry_points(group=GROUP)}
    module = installed[name].load() if name in installed else importlib.import_module(f"{__name__}.{name}")
    function: Callable[[Report], str] = module.render
    return function


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
    text = render(name)(report)
    try:
        if path.exists() and not path.is_file():
            path.write_text(text, encoding="utf-8")
        else:
            _replace(Path(os.path.realpath(path)), text)
    except OSError as error:
        raise ReportError(f"{path}: {error.strerror}; the {name} report cannot be written there") from error


def _replace(target: Path, text: str) -> None:
    partial = target.with_name(f"{target.name}.partial-{os.getpid()}")
    try:
        partial.write_text(text, encoding="utf-8")
        os.replace(partial, target)
    finally:
        partial.unlink(missing_ok=True)
