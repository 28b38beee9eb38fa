"""Token counts by the `tokenizers` package, for the models that the core does not have. Needs the extra [tokens]."""

from typing import Any

import polars as pl
import tokenizers

BATCH_TEXTS = 512  # encoded at once: what is made of a text is many times its size


class FallbackTokenizer:
    """A tokenizer.json as the package reads it, without its truncation and padding."""

    def __init__(self, content: bytes) -> None:
        """Raises what the package raises for what it cannot read, mostly a bare Exception."""
        self._tokenizer: Any = tokenizers.Tokenizer.from_buffer(content)
        self._tokenizer.no_truncation()
        self._tokenizer.no_padding()

    def count(self, texts: pl.Series) -> pl.Series:
        """Return the tokens of each text, without the special ones that the post-processor would add; 0 for null."""
        counts: list[int] = []
        for start in range(0, len(texts), BATCH_TEXTS):
            batch = texts.slice(start, BATCH_TEXTS).fill_null("").to_list()
            encodings = self._tokenizer.encode_batch_fast(batch, add_special_tokens=False)
            counts.extend(map(len, encodings))
        return pl.Series("tokens", counts, pl.Int64)
