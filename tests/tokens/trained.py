"""Small tokenizers of every kind that is counted natively, trained on sentences of the tests; for want of the large ones."""

import json
from collections.abc import Callable, Iterable
from pathlib import Path

from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers

LLAMA3 = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
QWEN2 = LLAMA3.replace(r"\p{N}{1,3}", r"\p{N}")
O200K = "|".join(
    [
        r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?",
        r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?",
        r"\p{N}{1,3}",
        r" ?[^\s\p{L}\p{N}]+[\r\n/]*",
        r"\s*[\r\n]+",
        r"\s+(?!\S)",
        r"\s+",
    ]
)
VOCABULARY = 1_500
BYTES = [f"<0x{byte:02X}>" for byte in range(256)]


def byte_level(texts: Iterable[str], pattern: str | None) -> Tokenizer:
    """Train one on bytes, cut by the pattern, or by that of ByteLevel itself."""
    tokenizer = Tokenizer(models.BPE())
    split = [pre_tokenizers.Split(Regex(pattern), "isolated")] if pattern else []
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [*split, pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=pattern is None)]
    )
    tokenizer.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(vocab_size=VOCABULARY, initial_alphabet=alphabet, show_progress=False)
    tokenizer.train_from_iterator(texts, trainer)
    return tokenizer


def sentencepiece(texts: Iterable[str], *, metaspace: str | None = None) -> Tokenizer:
    """Train one on characters with U+2581 for the space, and tokens for bytes; metaspace: the scheme of that rule."""
    tokenizer = Tokenizer(models.BPE(unk_token="<unk>", fuse_unk=True, byte_fallback=True))
    trainer = trainers.BpeTrainer(
        vocab_size=VOCABULARY, special_tokens=["<unk>", "<s>", "</s>", *BYTES], show_progress=False
    )
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    tokenizer.train_from_iterator(texts, trainer)
    if metaspace:
        tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme=metaspace, split=False)
        return tokenizer
    return _changed(tokenizer, pre_tokenizer=None, normalizer=LLAMA2_STEPS)


LLAMA2_STEPS = {
    "type": "Sequence",
    "normalizers": [
        {"type": "Prepend", "prepend": "▁"},
        {"type": "Replace", "pattern": {"String": " "}, "content": "▁"},
    ],
}
GEMMA = {
    "normalizer": {"type": "Replace", "pattern": {"String": " "}, "content": "▁"},
    "pre_tokenizer": {
        "type": "Split",
        "pattern": {"String": " "},
        "behavior": "MergedWithPrevious",
        "invert": False,
    },
}


def _changed(tokenizer: Tokenizer, **parts: object) -> Tokenizer:
    content = json.loads(tokenizer.to_str())
    content |= parts
    for token in content["added_tokens"]:
        if token["content"] in BYTES:
            token["special"] = False
    content["added_tokens"] = [token for token in content["added_tokens"] if token["content"] not in BYTES]
    return Tokenizer.from_str(json.dumps(content))


def _with_normalizer(texts: list[str]) -> Tokenizer:
    tokenizer = byte_level(texts, QWEN2)
    tokenizer.normalizer = normalizers.NFC()
    return tokenizer


def _whole_words(texts: list[str]) -> Tokenizer:
    content = json.loads(byte_level(texts, LLAMA3).to_str())
    content["model"]["ignore_merges"] = True
    # a word that no merge makes, as the vocabularies of Llama 3 have
    content["model"]["vocab"]["Ġzyxwv"] = max(content["model"]["vocab"].values()) + 1
    return Tokenizer.from_str(json.dumps(content))


def _with_added_tokens(texts: list[str]) -> Tokenizer:
    tokenizer = byte_level(texts, None)
    tokenizer.add_special_tokens(["<|endoftext|>", "<|end|>", AddedToken("<mask>", lstrip=True)])
    tokenizer.add_tokens(
        [
            AddedToken("word", single_word=True, normalized=False),
            AddedToken("  ", normalized=True),
            AddedToken("<|e", rstrip=True, normalized=False),
        ]
    )
    return tokenizer


KINDS: dict[str, Callable[[list[str]], Tokenizer]] = {
    "GPT-2": lambda texts: byte_level(texts, None),
    "Llama 3": lambda texts: byte_level(texts, LLAMA3),
    "Llama 3, whole words": _whole_words,
    "Qwen 2": _with_normalizer,
    "o200k": lambda texts: byte_level(texts, O200K),
    "added tokens": _with_added_tokens,
    "Llama 2": lambda texts: sentencepiece(texts),
    "Mistral": lambda texts: sentencepiece(texts, metaspace="first"),
    "Metaspace always": lambda texts: sentencepiece(texts, metaspace="always"),
    "Gemma": lambda texts: _changed(sentencepiece(texts), **GEMMA),
}


def train(kind: str, texts: list[str], path: Path) -> Path:
    """Write the tokenizer.json of a kind."""
    KINDS[kind](texts).save(str(path))
    return path
