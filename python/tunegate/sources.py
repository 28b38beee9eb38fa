"""The inputs of a run: files, globs, directories and stdin as an ordered list of sources."""

import glob
import os
import shutil
import stat
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from tunegate import eval_items
from tunegate.errors import SourceError

STDIN = "-"
SUFFIXES = (".jsonl", ".ndjson", ".json")
COMPRESSIONS = {".gz": "gzip", ".zst": "zstd"}
SPLITS = {"train": "train", "validation": "validation", "valid": "validation", "dev": "validation", "test": "test"}
DATA, AGAINST, EVAL = "data", "against", "eval"
OPTIONS = {AGAINST: "--against", EVAL: "--against-eval"}
_SUFFIXES = {DATA: SUFFIXES, AGAINST: SUFFIXES, EVAL: eval_items.SUFFIXES}
Progress = Callable[[int, int], None]  # bytes of all sources consumed, records read


@dataclass(frozen=True)
class Source:
    """One input. `name` is what reports print: the path as the user gave it, or `-` for stdin.

    role: the records are what is judged (data), what they are compared with (against), or benchmark items (eval).
    """

    name: str
    path: Path
    compression: str  # none, gzip, zstd
    lines: bool  # one value a line, whatever the first byte
    split: str | None  # of samples that name none, from the file's name
    role: str = DATA


def find_sources(arguments: Iterable[str], scratch: Path) -> tuple[Source, ...]:
    """Return the sources that the arguments name, by path bytes, stdin last; each file once.

    A directory stands for the data files in it and below, dot-files left out. Stdin is spooled into `scratch`,
    for later stages read it again. Raises SourceError for what is missing, empty or unreadable.
    """
    named = list(arguments)
    sources = _files((argument for argument in named if argument != STDIN), DATA)
    if STDIN in named:
        sources.append(_stdin_source(scratch))
    return tuple(sources)


def find_compared(arguments: Mapping[str, Sequence[str]], data: Sequence[Source]) -> tuple[Source, ...]:
    """Return what `data` is compared with, found as data is: first the sources of role against, then those of eval.

    arguments: role -> files, directories or patterns; `-` is for data alone. Raises SourceError also for a file that
    is named in two roles.
    """
    taken = {_identity(os.fspath(source.path)): "as data" for source in data}
    found = []
    for role in (AGAINST, EVAL):
        option = OPTIONS[role]
        if STDIN in arguments.get(role, ()):
            raise SourceError(f"{option} names `-`, but standard input is for the data; expected a file")
        for source in _files(arguments.get(role, ()), role):
            other = taken.setdefault(_identity(source.name), f"by {option}")
            if other != f"by {option}":
                raise SourceError(f"{source.name} is named {other} and by {option}; name it once")
            found.append(source)
    return tuple(found)


def _files(arguments: Iterable[str], role: str) -> list[Source]:
    paths = _each_file_once(path for argument in arguments for path in _expand(argument, _SUFFIXES[role]))
    return [replace(file_source(path), role=role) for path in sorted(paths, key=os.fsencode)]


def require_utf8(names: Iterable[str]) -> None:
    """Raise SourceError for a name that reports could not print."""
    for name in names:
        if any("\udc80" <= character <= "\udcff" for character in name):
            raise SourceError(f"the file name {name} is not UTF-8; rename the file")


def _each_file_once(paths: Iterable[str]) -> list[str]:
    """Leave out further names of a file that is named already: other spellings, links."""
    first: dict[object, str] = {}
    for path in paths:
        first.setdefault(_identity(path), path)
    return list(first.values())


def _identity(path: str) -> object:
    try:
        status = os.stat(path)
    except OSError:
        return path  # file_source says what is wrong
    return status.st_dev, status.st_ino


def _expand(argument: str, suffixes: Sequence[str]) -> Iterable[str]:
    if os.path.isdir(argument):
        return _data_files(argument, suffixes)
    if os.path.exists(argument) or not glob.has_magic(argument):
        return [argument]
    matches = glob.glob(argument, recursive=True)
    found = [path for path in matches if not os.path.isdir(path)]
    if "**" not in argument:  # which goes into folders by itself
        found += [file for path in matches if os.path.isdir(path) for file in _walk(path, suffixes)]
    if not found:
        raise SourceError(f"no file matches {argument!r}; expected the path of a file, a directory or a pattern")
    return found


def _data_files(directory: str, suffixes: Sequence[str]) -> list[str]:
    found = list(_walk(directory, suffixes))
    if not found:
        endings = ", ".join(f"*{suffix}" for suffix in suffixes)
        raise SourceError(f"{directory} holds no data file: expected {endings}, plain or with .gz or .zst")
    return found


def _walk(directory: str, suffixes: Sequence[str]) -> Iterator[str]:
    """Yield the data files in a directory and below, through links, each folder once."""
    seen = set()
    for folder, folders, files in os.walk(directory, onerror=_refuse_folder, followlinks=True):
        here = os.path.realpath(folder)
        folders[:] = [] if here in seen else sorted(name for name in folders if not name.startswith("."))
        if here not in seen:
            yield from (os.path.join(folder, name) for name in files if _is_data(name, suffixes))
        seen.add(here)


def _refuse_folder(error: OSError) -> None:
    raise SourceError(f"{error.filename}: {error.strerror}; the folder cannot be listed") from error


def _is_data(name: str, suffixes: Sequence[str]) -> bool:
    return not name.startswith(".") and _bare(name).lower().endswith(tuple(suffixes))


def _bare(name: str) -> str:
    """Return the file name without its compression suffix."""
    stem, suffix = os.path.splitext(name)
    return stem if suffix.lower() in COMPRESSIONS else name


def file_source(path: str) -> Source:
    """Return the source for one file, read as its name says. Raises SourceError when it is missing or empty."""
    try:
        is_file = stat.S_ISREG(os.stat(path).st_mode)
        empty = is_file and not _first_byte(path)
    except OSError as error:
        raise SourceError(f"{path}: {error.strerror}; expected a readable file, a directory or `-`") from error
    if not is_file:  # what a pipe holds can be read only once
        raise SourceError(f"{path} is no regular file; send it to standard input and name it `-`")
    if empty:
        raise SourceError(f"{path} is empty; expected at least one record")
    name = _bare(os.path.basename(path))
    stem, suffix = os.path.splitext(name)
    return Source(
        name=path,
        path=Path(path),
        compression=COMPRESSIONS.get(os.path.splitext(path)[1].lower(), "none"),
        lines=suffix.lower() in (".jsonl", ".ndjson"),
        split=SPLITS.get(stem.lower()),
    )


def _first_byte(path: str) -> bytes:
    with open(path, "rb") as file:
        return file.read(1)


def _stdin_source(scratch: Path) -> Source:
    spool = scratch / "stdin"
    with open(spool, "wb") as file:
        shutil.copyfileobj(sys.stdin.buffer, file, 1 << 20)
    if spool.stat().st_size == 0:
        raise SourceError("stdin is empty; expected at least one record")
    return Source(name=STDIN, path=spool, compression="none", lines=False, split=None)
