"""Quality gates for fine-tuning data: what is wrong, on which line, and why."""

from typing import Any


def __getattr__(name: str) -> Any:
    """Give `__version__` when it is asked for: reading it costs more than the rest of a short command."""
    if name != "__version__":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib.metadata import PackageNotFoundError, version  # noqa: PLC0415

    try:
        return version("tunegate")
    except PackageNotFoundError:  # run from a source tree that is not installed
        return "0+unknown"
