"""What near-duplicates are compared by, and the engine filled with the records of sources."""

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from tunegate import _core
from tunegate.errors import UsageError, did_you_mean
from tunegate.source_reading import explained
from tunegate.sources import Progress, Source

FIELDS = ("prompt", "response", "pair")
UNITS = ("words", "characters")
MODES = ("minhash", "exact")
MOST_DIGITS = 6  # of a threshold, which is compared as a fraction of integers
MOST_CHARACTERS = 20  # of the text that names one
MOST_NGRAM = 1000
_NUMBER = re.compile(r"[0-9]+(?:\.[0-9]*|/[0-9]+)?|\.[0-9]+")  # no exponent: 1e-99999999 takes forever as a fraction


@dataclass(frozen=True)
class Comparison:
    """What makes two records near-duplicates: the same share of shingles of one field, or more."""

    field: str = "pair"
    unit: str = "words"
    ngram: int = 5
    threshold: Fraction = Fraction(4, 5)
    recall: float = 0.9999
    mode: str = "minhash"
    by_besides: bool = (
        False  # a keeper must also have the same label, rejected response, tool calls, reasoning and media
    )

    def __post_init__(self) -> None:
        """Raise UsageError for what cannot be compared by."""
        for name, value, known in (
            ("field", self.field, FIELDS),
            ("unit", self.unit, UNITS),
            ("mode", self.mode, MODES),
        ):
            if value not in known:
                raise UsageError(
                    f'{name} is "{value}", expected one of {", ".join(known)}.{did_you_mean(value, known)}'
                )
        if not 1 <= self.ngram <= MOST_NGRAM:
            raise UsageError(f"n-gram size is {self.ngram}, expected 1 to {MOST_NGRAM:,}")
        if not 0 < self.recall < 1:
            raise UsageError(f"recall is {self.recall}, expected a number between 0 and 1 such as 0.9999")
        if self.mode == "minhash":
            self._require_banding()

    def _require_banding(self) -> None:
        try:
            _core.choose_banding(float(self.threshold), self.recall)
        except ValueError as error:
            raise UsageError(
                f"threshold {float(self.threshold):.6g} is too low to find the share {self.recall} of the pairs by "
                "MinHash; name a higher --threshold, a lower --recall, or --mode exact"
            ) from error

    def engine(self, threads: int) -> "_core.NearDuplicates":
        """Return an engine without records."""
        return _core.NearDuplicates(
            field=self.field,
            unit=self.unit,
            ngram=self.ngram,
            threshold=(self.threshold.numerator, self.threshold.denominator),
            recall=self.recall,
            mode=self.mode,
            threads=threads,
            by_besides=self.by_besides,
        )


def read_threshold(text: str) -> Fraction:
    """Return the similarity a text names, exactly. Raises UsageError."""
    threshold = exact_share(text)
    if threshold is None:
        raise UsageError(
            f'threshold is "{text[:40]}", expected a similarity above 0 and up to 1 such as 0.8, '
            f"of at most {MOST_DIGITS} digits"
        )
    return threshold


def exact_share(text: str) -> Fraction | None:
    """Return the share above 0 and up to 1 that a text names, as a decimal or a/b of at most MOST_DIGITS digits.

    None for any other text. The core compares by the fraction, so that nothing is lost to rounding.
    """
    if len(text) > MOST_CHARACTERS or _NUMBER.fullmatch(text) is None:
        return None
    try:
        share = Fraction(text)
    except ZeroDivisionError:
        return None
    return share if 0 < share <= 1 and share.denominator <= 10**MOST_DIGITS else None


def plain_path(source: Source, scratch: Path) -> Path:
    """Return a file that holds the source's bytes as they are, decompressed into `scratch` where need be.

    Raises SourceError for a stream that is damaged or cut short.
    """
    if source.compression == "none":
        return source.path
    plain = scratch / f"plain-{len(os.listdir(scratch))}"
    with explained(source.name):
        _core.spool(os.fspath(source.path), source.compression, os.fspath(plain))
    return plain


def read_sources(
    engine: "_core.NearDuplicates", sources: Sequence[Source], scratch: Path, progress: Progress | None = None
) -> None:
    """Fill the engine with the records of the sources, in order. Raises SourceError."""
    done = 0
    for source in sources:
        path = plain_path(source, scratch)
        with explained(source.name):
            engine.open_source(os.fspath(path), lines=source.lines, name=source.name)
            while engine.read_more():
                if progress:
                    progress(done + engine.consumed, engine.records)
        done += path.stat().st_size
