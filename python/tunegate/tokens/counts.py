"""Tokens of every sample: of its prompt, its response, all its contents, and of it as a chat template renders it.

Each content is encoded by itself, as it stands between the markers of a chat template; what is counted of a sample is
a sum over contents. docs/tokens.md defines the columns.
"""

import os
from collections.abc import Generator, Mapping
from dataclasses import dataclass

import polars as pl

from tunegate import _core
from tunegate.errors import TokenizerError
from tunegate.machine import available_cores
from tunegate.source_reading import explained, read_batches
from tunegate.sources import Source
from tunegate.tokens.chat_template import ChatTemplate
from tunegate.tokens.conversations import conversations, rendered
from tunegate.tokens.tokenizer import Tokenizer

COUNTS = ("prompt", "response", "tokens", "trained", "longest")
CUT = ("cut_trained",)
SCHEMA = {"record_id": pl.Int64, "line": pl.Int64, **dict.fromkeys(COUNTS, pl.Int64)}


@dataclass(frozen=True)
class Counting:
    """What is counted, and with what.

    template: also count the samples as it renders them (column rendered). max_length: also count the trained tokens
    that truncation to it would cut (column cut_trained).
    """

    tokenizer: Tokenizer
    template: ChatTemplate | None = None
    max_length: int | None = None

    @property
    def needs_turns(self) -> bool:
        """Whether the counts of a sample as a whole are not enough."""
        return self.template is not None or self.max_length is not None


@dataclass(frozen=True)
class Counted:
    """The samples of one stretch of a source, and how far it is read: bytes consumed, records, of this source."""

    samples: pl.DataFrame
    consumed: int
    records: int


def count_source(counting: Counting, source: Source) -> Generator[Counted, None, None]:
    """Yield the counts of a source's readable records, in reading order. Raises SourceError, TokenizerError."""
    core = counting.tokenizer.core
    return _streamed(core, source) if core and not counting.needs_turns else _batched(counting, source)


def _streamed(core: "_core.Tokenizer", source: Source) -> Generator[Counted, None, None]:
    """Count in the core, where no text becomes a column."""
    with explained(source.name):
        reader = _core.TokenReader(
            core,
            os.fspath(source.path),
            compression=source.compression,
            lines=source.lines,
            threads=available_cores(),
        )
        while (table := reader.next()) is not None:
            yield Counted(pl.DataFrame(table).select(list(SCHEMA)), reader.consumed, reader.records)
        yield Counted(pl.DataFrame(schema=SCHEMA), reader.consumed, reader.records)  # what was unreadable at the end


def _batched(counting: Counting, source: Source) -> Generator[Counted, None, None]:
    records = 0
    for batch, consumed in read_batches(source, {}, first_record_id=0, threads=available_cores()):
        records += batch.record_count
        samples, messages = pl.DataFrame(batch.samples), pl.DataFrame(batch.messages)
        lines = pl.DataFrame(batch.records).select("record_id", "line")
        counts = [count_samples(counting, samples, messages)]
        if counting.template is not None:
            places = {record: f"{source.name}:{line}" for record, line in lines.iter_rows()}
            counts.append(count_rendered(counting, counting.template, samples, messages, places))
        yield Counted(_side_by_side(counts, lines), consumed, records)


def _side_by_side(counts: list[pl.DataFrame], lines: pl.DataFrame) -> pl.DataFrame:
    rows = counts[0]
    for more in (*counts[1:], lines.rename({"record_id": "sample_id"})):
        rows = rows.join(more, on="sample_id", how="left", maintain_order="left")
    return rows.rename({"sample_id": "record_id"})


def count_samples(counting: Counting, samples: pl.DataFrame, messages: pl.DataFrame) -> pl.DataFrame:
    """Return sample_id and COUNTS, with a max_length also CUT, of each sample of a batch, in its order (Int64)."""
    tokens = counting.tokenizer.count(messages["content"]).alias("tokens")
    turns = messages.select("sample_id", pl.col("part", "role").cast(pl.String)).with_columns(tokens)
    sums = (pl.sum("tokens").alias("tokens"), (_total("main") + _longer_branch()).alias("longest"))
    all_turns = turns.group_by("sample_id").agg(sums)
    kept_turns = _kept(turns).group_by("sample_id").agg(_kept_sums(counting.max_length))
    rows = samples.select("sample_id")
    for measured in (all_turns, kept_turns):
        rows = rows.join(measured, on="sample_id", how="left", maintain_order="left")
    columns = [*COUNTS, *(CUT if counting.max_length is not None else ())]
    return rows.select("sample_id", pl.col(columns).fill_null(0).cast(pl.Int64))


def _total(part: str) -> pl.Expr:
    return pl.col("tokens").filter(pl.col("part") == part).sum()


def _longer_branch() -> pl.Expr:
    return pl.max_horizontal(_total("chosen"), _total("rejected"))


def _kept(turns: pl.DataFrame) -> pl.DataFrame:
    """Return the turns that are learned from, numbered within their sample (at), with the number of the last answer.

    end: the tokens of the sample up to the end of the turn.
    """
    is_answer = pl.col("role").is_in(["assistant", "text"])
    of_sample = turns.filter(pl.col("part") != "rejected").with_columns(
        is_answer.alias("is_answer"),
        pl.int_range(pl.len()).over("sample_id").alias("at"),
        pl.col("tokens").cum_sum().over("sample_id").alias("end"),
    )
    last = pl.col("at").filter(pl.col("is_answer")).max().over("sample_id").alias("last")
    return of_sample.with_columns(last)


def _kept_sums(max_length: int | None) -> list[pl.Expr]:
    before = (pl.col("at") < pl.col("last")).fill_null(value=True)  # without an answer, all turns are the prompt
    tokens = pl.col("tokens")
    sums = [
        tokens.filter(before & (pl.col("role") != "system")).sum().alias("prompt"),
        tokens.filter(pl.col("at") == pl.col("last")).sum().alias("response"),
        tokens.filter(pl.col("is_answer")).sum().alias("trained"),
    ]
    if max_length is not None:
        beyond = pl.min_horizontal(tokens, (pl.col("end") - max_length).clip(lower_bound=0))
        sums.append(beyond.filter(pl.col("is_answer")).sum().alias("cut_trained"))
    return sums


def count_rendered(
    counting: Counting, template: ChatTemplate, samples: pl.DataFrame, messages: pl.DataFrame, places: Mapping[int, str]
) -> pl.DataFrame:
    """Return sample_id and the tokens of each sample as the template renders it (Int64), of its longer branch.

    places: by sample_id, where it stands. Raises TokenizerError, which names the sample, for one it cannot render.
    """
    sample_ids, texts = [], []
    for conversation in conversations(samples, messages):
        sample_ids.append(conversation.sample_id)
        try:
            texts.append(rendered(template, conversation))
        except TokenizerError as error:
            raise TokenizerError(f"{places[conversation.sample_id]}: {error}") from error
    tokens = counting.tokenizer.count(pl.Series("text", texts, pl.String))
    branches = pl.DataFrame({"sample_id": pl.Series(sample_ids, dtype=pl.Int64), "rendered": tokens})
    return branches.group_by("sample_id", maintain_order=True).agg(pl.max("rendered"))
