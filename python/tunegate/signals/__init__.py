"""Signals: what is measured of every sample. One module per signal, loaded by name.

A signal module has NAME, VERSION (raised whenever the same data would measure differently), READS (table ->
columns), WRITES (column -> polars type, the first is sample_id) and either

- `compute(batch) -> DataFrame`: one row per sample of the batch, in its order, the same in any batching; or
- `measure(connection, parameters) -> DataFrame`, over the whole corpus; PARAMETERS names what it takes.
"""

import importlib
import pkgutil
from importlib.metadata import EntryPoint, entry_points
from types import ModuleType

from tunegate.errors import SignalError, did_you_mean
from tunegate.signals.batch import Batch

__all__ = ["Batch", "load", "names"]

GROUP = "tunegate.signals"
_SUPPORT = {"batch"}


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


def _own() -> set[str]:
    return {module.name for module in pkgutil.iter_modules(__path__)} - _SUPPORT


def _installed() -> dict[str, EntryPoint]:
    return {point.name: point for point in entry_points(group=GROUP)}
