"""Records that hold an item of a benchmark, set aside before near-duplicates are looked for."""

import importlib
import os
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

from tunegate import _core
from tunegate.eval_items import read_items
from tunegate.machine import available_cores
from tunegate.source_reading import changed, explained
from tunegate.sources import Source

NGRAM = 8
CONTAINMENT = Fraction(7, 10)  # Chowdhery et al. 2022 (PaLM), section 8: 70 % of an item's 8-grams
JACCARD = Fraction(4, 5)


@dataclass(frozen=True)
class Items:
    """The items of benchmark files: for each the number of its file and its line."""

    files: list[str]
    places: list[tuple[int, int]]
    index: "_core.ItemIndex"


def read_eval_files(eval_files: Sequence[Source]) -> Items:
    """Return the items of the files, indexed by their n-grams. Raises SourceError."""
    places, texts = [], []
    for number, file in enumerate(eval_files):
        for item in read_items(file.name):
            places.append((number, item.line))
            texts.append(item.text)
    index = _core.ItemIndex(texts, NGRAM, CONTAINMENT.as_integer_ratio(), JACCARD.as_integer_ratio())
    return Items([file.name for file in eval_files], places, index)


def contaminated(engine: "_core.NearDuplicates", sources: Sequence[Source], eval_files: Sequence[Source]) -> int:
    """Exclude the new records that hold an item of `eval_files`; return the number of items looked for.

    Raises SourceError for a source that has not the records any more that the engine read.
    """
    if not eval_files:
        return 0
    items = read_eval_files(eval_files)
    engine.exclude(items.files, list(_excluded(engine, sources, items)))
    return len(items.places)


def _excluded(
    engine: "_core.NearDuplicates", sources: Sequence[Source], items: Items
) -> Iterator[tuple[int, int, int, float, float]]:
    """Yield record, file, line, containment and similarity of each record that holds an item."""
    read = Counter[str]()
    for name, at, records, *_ in engine.sources:
        read[name] += records if at >= engine.first_new else 0
    polars = importlib.import_module("polars")  # costs more than the search, and few runs need it
    first = engine.first_new
    for source in sources:
        with explained(source.name):
            reader = _core.ContaminationReader(
                items.index,
                os.fspath(source.path),
                compression=source.compression,
                lines=source.lines,
                first_record_id=first,
                threads=available_cores(),
            )
            while (table := reader.next()) is not None:
                columns = ("record_id", "item", "shared", "item_grams", "sample_grams", "exact")
                for record, item, shared, item_grams, sample_grams, exact in polars.DataFrame(table)[columns].rows():
                    united = item_grams + sample_grams - shared
                    alike = (1.0, 1.0) if exact else (shared / item_grams, shared / united)
                    yield record, *items.places[item], *alike
        if reader.records != read[source.name]:
            raise changed(source.name)
        first += reader.records
