"""Signals: what is measured of every sample. One module per signal, loaded by name.

A signal module has NAME, VERSION (raised whenever the same data would measure differently), READS (table ->
columns), WRITES (column -> polars type, the first is sample_id) and one of

- `compute(batch) -> DataFrame`: one row per sample of the batch, in its order, the same in any batching;
- `measure(connection, parameters) -> DataFrame`, over the whole corpus; or
- `measure_sources(sources, connection, parameters) -> SourceTables`, which reads the files again; WRITES then has the
  columns of each table.

PARAMETERS names what the last two take; REQUIRES, the signals that must be measured before; NEEDS, those PARAMETERS
that are options of the run and without which nothing can be measured; `settled(parameters)` fills in defaults, so that
what measures the same is not measured twice. A parameter that stands for a file, such as a tokenizer, has the attribute
`sha256`, by which it is known again.
"""

import importlib
import pkgutil
from collections.abc import Mapping
from importlib.metadata import EntryPoint, entry_points
from types import ModuleType
from typing import Any

from tunegate.errors import SignalError, did_you_mean
from tunegate.signals.batch import Batch, SourceTables

__all__ = ["Batch", "SourceTables", "load", "names", "needs", "parameters", "tables"]

GROUP = "tunegate.signals"
_SUPPORT = {"batch", "copy_groups", "second_reading", "stored_samples"}


def names() -> list[str]:
    """Return the names of all signals, those of installed packages included, sorted."""
    return sorted(_own() | set(_installed()))


def load(name: str) -> ModuleType:
    """Return the signal's module. Raises SignalError when there is none, with the closest name."""
    if name in _own():
        return importlib.import_module(f"{__name__}.{name}")
    installed = _installed()
    if name in installed:
        module: ModuleType = installed[name].load()
        return module
    known = names()
    hint = did_you_mean(name, known)
    raise SignalError(f'unknown signal "{name}"; one of {", ".join(known)}.{hint}')


def tables(module: ModuleType) -> Mapping[str, Mapping[str, Any]]:
    """Return the tables that a signal writes, each with its columns."""
    if hasattr(module, "measure_sources"):
        written: Mapping[str, Mapping[str, Any]] = module.WRITES
        return written
    return {f"signal_{module.NAME}": module.WRITES}


def parameters(name: str) -> tuple[str, ...]:
    """Return what a signal is measured with; nothing for a signal that is not known."""
    return _declared(name, "PARAMETERS")


def needs(name: str) -> tuple[str, ...]:
    """Return the options of the run that a signal cannot be measured without; nothing for one that is not known."""
    return _declared(name, "NEEDS")


def _declared(name: str, what: str) -> tuple[str, ...]:
    known = name in _own() or name in _installed()
    return tuple(getattr(load(name), what, ())) if known else ()


def _own() -> set[str]:
    return {module.name for module in pkgutil.iter_modules(__path__)} - _SUPPORT


def _installed() -> dict[str, EntryPoint]:
    return {point.name: point for point in entry_points(group=GROUP)}
