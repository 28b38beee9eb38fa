"""Token counts by the `tokenizers` package, for the models that the core does not have. Needs the extra [tokens]."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import polars as pl
import tokenizers

from tunegate.errors import TokenizerError

BATCH_TEXTS = 512  # encoded at once: what is made of a text is many times its size


class FallbackTokenizer:
    """A tokenizer.json as the package reads it, without its truncation and padding."""

    def __init__(self, content: bytes, origin: str) -> None:
        """Raises what the package raises for what it cannot read, always an Exception. origin: its name in errors."""
        self._origin = origin
        with _panics_as_exceptions():
            self._tokenizer: Any = tokenizers.Tokenizer.from_buffer(content)
            self._tokenizer.no_truncation()
            self._tokenizer.no_padding()

    def count(self, texts: pl.Series) -> pl.Series:
        """Return the tokens of each text, without the special ones that the post-processor would add; 0 for null.

        Raises TokenizerError where the package fails on a text, as for want of the unknown token that the model names.
        """
        counts: list[int] = []
        for start in range(0, len(texts), BATCH_TEXTS):
            counts.extend(self._counted(texts.slice(start, BATCH_TEXTS).fill_null("").to_list()))
        return pl.Series("tokens", counts, pl.Int64)

    def _counted(self, texts: list[str]) -> Iterator[int]:
        try:
            with _panics_as_exceptions():
                encodings = self._tokenizer.encode_batch_fast(texts, add_special_tokens=False)
        except Exception as error:  # the package has no narrower one, and what it says may repeat the text
            raise TokenizerError(
                f"{self._origin}: tokenizers fails on a text, as where the vocabulary lacks the unknown token; "
                "fetch or convert it again"
            ) from error
        return map(len, encodings)


@contextmanager
def _panics_as_exceptions() -> Iterator[None]:
    """Make an Exception of a panic of the package, which is none, and keep off stderr what it prints of it."""
    kept = os.dup(2)
    os.dup2(silent := os.open(os.devnull, os.O_WRONLY), 2)
    os.close(silent)
    try:
        yield
    except BaseException as error:
        if type(error).__name__ == "PanicException":
            raise RuntimeError(str(error)) from error
        raise
    finally:
        os.dup2(kept, 2)
        os.close(kept)
