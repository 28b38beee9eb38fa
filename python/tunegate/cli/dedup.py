"""Remove near-duplicates: keep one record of each cluster, byte for byte, and say why each other one went.

Exit codes: 0 also when records were removed, 2 could not do it.
"""

import argparse
import os
import sys
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

from tunegate import _core
from tunegate.cli._progress import progress_bar, stage
from tunegate.curate.contaminated import CONTAINMENT, JACCARD, NGRAM
from tunegate.curate.deduplicate import WRITTEN, Outcome, Request, deduplicate
from tunegate.errors import UsageError
from tunegate.near_duplicates import FIELDS, MODES, UNITS, Comparison, read_threshold
from tunegate.scratch import scratch_folder
from tunegate.source_reading import total_bytes
from tunegate.sources import AGAINST, EVAL, find_compared, find_sources, require_utf8


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what `tunegate dedup` takes."""
    parser.add_argument("sources", nargs="+", metavar="SOURCE", help="file, directory, pattern, or - for stdin")
    _add_comparison(parser)
    parser.add_argument(
        "--against",
        action="append",
        default=[],
        metavar="FILE",
        help="also remove what is in here; also a directory or a pattern",
    )
    parser.add_argument(
        "--against-eval",
        action="append",
        default=[],
        metavar="FILE",
        help="also remove what holds an item of this benchmark; also a directory or a pattern",
    )
    parser.add_argument(
        "--index", type=Path, metavar="FILE", help="compare with the records in this index, and add the new ones to it"
    )
    parser.add_argument(
        "--work", type=Path, metavar="DIR", help="keep stage files here: a run that was stopped goes on"
    )
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="KEPT", help="the records that are kept")
    parser.add_argument(
        "--removed", type=Path, metavar="FILE", help="the records that are not, and FILE.why.jsonl beside them"
    )
    parser.add_argument(
        "--pairs", type=Path, metavar="FILE", help="every pair that is as similar, not only with keepers"
    )


def _add_comparison(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--on", choices=FIELDS, default="pair", help="what is compared (default: pair)")
    parser.add_argument("--threshold", default="0.8", metavar="S", help="Jaccard similarity, inclusive (default: 0.8)")
    parser.add_argument("--unit", choices=UNITS, default="words", help="what a shingle is made of (default: words)")
    parser.add_argument("--ngram", type=int, default=5, metavar="N", help="units in a shingle (default: 5)")
    parser.add_argument("--mode", choices=MODES, default="minhash", help="how candidates are found (default: minhash)")
    parser.add_argument(
        "--recall", type=float, default=0.9999, metavar="R", help="expected share of pairs found (default: 0.9999)"
    )
    parser.add_argument(
        "--keep", default="first", metavar="RULE", help="first, longest, highest:SIGNAL.COLUMN or lowest:SIGNAL.COLUMN"
    )


def run(options: argparse.Namespace) -> int:
    """Write the outputs and print what became of the records."""
    comparison = Comparison(
        field=options.on,
        unit=options.unit,
        ngram=options.ngram,
        threshold=read_threshold(options.threshold),
        recall=options.recall,
        mode=options.mode,
        by_besides=True,
    )
    _require_usable(options)
    with scratch_folder() as scratch:
        request = _request(options, comparison, scratch)
        _require_separate(request)
        outcome = _deduplicated(request, scratch)
    sys.stdout.writelines(f"{line}\n" for line in _summary(request, outcome))
    return 0


def _deduplicated(request: Request, scratch: Path) -> Outcome:
    """Run, and let an interrupt tell when it came too late to leave the outputs as they were."""
    done = []
    try:
        with progress_bar(total_bytes([*request.against, *request.sources])) as progress, stage() as show:

            def say(text: str) -> None:
                done.append(text)
                show(text)

            return deduplicate(request, scratch, progress, say)
    except KeyboardInterrupt as interrupt:
        if WRITTEN in done:
            raise KeyboardInterrupt("all outputs were written") from interrupt
        raise


def _require_usable(options: argparse.Namespace) -> None:
    """Raise an error for a file or a folder that cannot be used, before standard input is read."""
    places = (options.output, options.removed, options.pairs, options.index, options.work)
    written = [place for place in places if place is not None]
    require_utf8([*map(str, written), *options.sources, *options.against, *options.against_eval])
    if options.work is not None and not options.work.is_dir():
        raise UsageError(f"--work is {options.work}, expected a folder that exists")
    if options.work is not None and not os.access(options.work, os.W_OK | os.X_OK):
        raise UsageError(f"--work is {options.work}, expected a folder that can be written")


def _request(options: argparse.Namespace, comparison: Comparison, scratch: Path) -> Request:
    sources = find_sources(options.sources, scratch)
    compared = find_compared({AGAINST: options.against, EVAL: options.against_eval}, sources)
    require_utf8(source.name for source in (*sources, *compared))
    return Request(
        sources=sources,
        kept=options.output,
        comparison=comparison,
        keep=options.keep,
        against=[source for source in compared if source.role == AGAINST],
        eval_files=[source for source in compared if source.role == EVAL],
        removed=options.removed,
        pairs=options.pairs,
        index=options.index,
        work=options.work,
    )


def _require_separate(request: Request) -> None:
    """Raise UsageError when an output would overwrite an input or another output."""
    read = [*request.sources, *request.against, *request.eval_files]
    taken = {_identity(source.path): "which this run reads" for source in read}
    for output in request.outputs:
        place = _identity(output)
        if place in taken:
            raise UsageError(f"{output} would be overwritten, {taken[place]}; name another file")
        taken[place] = "which this run writes"


def _identity(path: Path) -> object:
    """Return the same for all names of a file: its device and inode, or where it would be."""
    try:
        status = os.stat(path)
    except OSError:
        return os.path.realpath(path)
    return status.st_dev, status.st_ino


def _summary(request: Request, outcome: Outcome) -> Iterator[str]:
    comparison = request.comparison
    yield f"{outcome.records:>12,} records read{_old(outcome)}"
    yield f"{outcome.kept:>12,} kept{_unreadable(outcome)}: {request.kept}"
    removed = f": {request.removed}, why: {request.why}" if request.removed else " (name --removed to keep them)"
    yield f"{outcome.removed + outcome.contaminated:>12,} removed{removed}"
    if request.eval_files:
        held = f"{float(CONTAINMENT):.0%} of its {NGRAM}-grams, or Jaccard >= {float(JACCARD):g}"
        yield f"{outcome.contaminated:>12,} of these hold one of {outcome.items:,} benchmark items: {held}"
    if outcome.pairs is not None:
        yield f"{outcome.pairs:>12,} pairs: {request.pairs}"
    shingle = f"{comparison.ngram} {comparison.unit} a shingle"
    yield f"compared: {comparison.field}, {shingle}, Jaccard >= {_decimal(comparison)}"
    yield f"found by: {_found_by(request, outcome)}"


def _old(outcome: Outcome) -> str:
    unreadable = f", {outcome.old_unreadable:,} of them unreadable" if outcome.old_unreadable else ""
    return f", compared with {outcome.old:,} old ones{unreadable}" if outcome.old else ""


def _unreadable(outcome: Outcome) -> str:
    many = outcome.unreadable
    return f", {many:,} of them unreadable and copied as they are" if many else ""


def _decimal(comparison: Comparison) -> str:
    threshold = comparison.threshold
    return f"{float(threshold):g}" if Fraction(f"{float(threshold):g}") == threshold else str(threshold)


def _found_by(request: Request, outcome: Outcome) -> str:
    if request.comparison.mode == "exact":
        return "exact prefix join, recall 1; every pair verified"
    bands, rows = outcome.banding
    recall = _core.expected_recall(bands, rows, float(request.comparison.threshold))
    crowded = f"; {outcome.crowded:,} records in crowded buckets by exact join" if outcome.crowded else ""
    found = f"{recall:.6f} at the threshold"
    return f"MinHash, {bands} bands of {rows} rows, expected recall {found}{crowded}; every pair verified"
