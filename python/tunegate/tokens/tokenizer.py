"""Tokenizers: the counts of a tokenizer.json, by the core where it has the model, else by the `tokenizers` package."""

import hashlib
import importlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from tunegate import _core
from tunegate.errors import TokenizerError
from tunegate.tokens.chat_template import ChatTemplate, find_template
from tunegate.tokens.model_files import ModelFiles, find_model

if TYPE_CHECKING:
    from tunegate.tokens.fallback import FallbackTokenizer

NATIVE, FALLBACK = "native", "tokenizers"
MOST_SAID = 200  # characters of what the package says
MOST_BYTES = 1 << 29  # ten times the largest that was seen
NO_JSON = (".model", ".tiktoken", ".spm", ".vocab", ".txt", ".bin", ".gguf")


@dataclass(frozen=True)
class Tokenizer:
    """A tokenizer as the user named it, ready to count.

    sha256: of its tokenizer.json. reason: why it is not native; None when it is. core: the tokenizer of the core, for
    what reads with it; None when another counts. count: from a column of texts to their tokens (Int64, 0 for null),
    without special tokens added around them.
    """

    path: str
    files: ModelFiles
    sha256: str
    reason: str | None
    core: "_core.Tokenizer | None"
    count: Callable[[pl.Series], pl.Series]

    @property
    def engine(self) -> str:
        """What counts: `native`, or the package `tokenizers`."""
        return FALLBACK if self.core is None else NATIVE

    @cached_property
    def template(self) -> ChatTemplate | None:
        """The chat template of its folder; None when it has none. Raises TokenizerError for a damaged file."""
        return find_template(self.files)


def load_tokenizer(path: str) -> Tokenizer:
    """Return the tokenizer of a tokenizer.json, a folder that has one, or a hub id. Raises TokenizerError."""
    files = find_model(path)
    content = _content(files.tokenizer)
    sha256 = hashlib.sha256(content).hexdigest()
    try:
        core = _core.Tokenizer(content)
    except _core.UnsupportedTokenizer as error:
        fallback = _fallback(files.tokenizer, content, str(error))
        return Tokenizer(path, files, sha256, str(error), None, fallback.count)
    except _core.TokenizerError as error:
        raise TokenizerError(f"{files.tokenizer}: {error}; {_advice(files.tokenizer)}") from error
    return Tokenizer(path, files, sha256, None, core, lambda texts: pl.DataFrame(core.count(texts))["tokens"])


def _content(file: Path) -> bytes:
    try:
        with open(file, "rb") as stream:
            content = stream.read(MOST_BYTES + 1)
    except OSError as error:
        raise TokenizerError(f"{file}: {error.strerror}; expected a tokenizer.json that can be read") from error
    if len(content) > MOST_BYTES:
        raise TokenizerError(
            f"{file} has more than {MOST_BYTES:,} bytes, more than any tokenizer.json; name that of the model"
        )
    return content


def _advice(file: Path) -> str:
    if file.suffix.lower() in NO_JSON:
        return "expected a tokenizer.json; convert the model to one"
    return "fetch or convert it again"


def _fallback(file: Path, content: bytes, reason: str) -> "FallbackTokenizer":
    try:
        made: FallbackTokenizer = importlib.import_module("tunegate.tokens.fallback").FallbackTokenizer(
            content, str(file)
        )
    except ModuleNotFoundError as error:
        raise TokenizerError(f"{file}: {reason}, which needs tokenizers: pip install 'tunegate[tokens]'") from error
    except Exception as error:  # the package has no narrower one
        said = str(error).partition("\n")[0][:MOST_SAID]
        raise TokenizerError(f"{file}: {reason}, and tokenizers cannot read it: {said}") from error
    return made
