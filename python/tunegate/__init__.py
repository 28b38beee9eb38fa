"""Quality gates for fine-tuning data: what is wrong, on which line, and why."""

from importlib.metadata import PackageNotFoundError, version

try:
    __version__ = version("tunegate")
except PackageNotFoundError:  # run from a source tree that is not installed
    __version__ = "0+unknown"
