"""The reference of token counting: orjson takes the contents out of the lines, Hugging Face's tokenizers encodes them."""

from pathlib import Path

import numpy as np
import tokenizers
from counts import counts


class Counter:
    """Counts the tokens of texts."""

    def __init__(self, tokenizer: Path) -> None:
        """Load a tokenizer.json."""
        self._tokenizer = tokenizers.Tokenizer.from_file(str(tokenizer))

    def count(self, texts: list[str]) -> np.ndarray:
        """Return the number of tokens of each text."""
        encoded = self._tokenizer.encode_batch_fast(texts, add_special_tokens=False)
        return np.array([len(encoding) for encoding in encoded], dtype=np.int64)


if __name__ == "__main__":
    counts(Counter, "Count tokens with tokenizers.")
