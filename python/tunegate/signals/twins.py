"""Samples that ask the same as an earlier one, and how alike the two responses are."""

from collections.abc import Mapping, Sequence
from typing import Any

import duckdb
import polars as pl

from tunegate import _core
from tunegate.signals.batch import Schema, SourceTables
from tunegate.signals.second_reading import copies, engine, matches, partial, require_similarity
from tunegate.sources import Source

NAME = "twins"
VERSION = 1
TABLE = f"signal_{NAME}"
READS = {
    "records": ("record_id", "source"),
    "sources": ("source", "role"),
    "samples": ("sample_id", "label", "tools"),
    "messages": ("sample_id", "turn", "part", "role", "content", "media"),
}
WRITES: Mapping[str, Schema] = {
    TABLE: {
        "sample_id": pl.Int64,
        "other_sample_id": pl.Int64,
        "prompt_similarity": pl.Float64,
        "response_similarity": pl.Float64,
        "is_label": pl.Boolean,
    }
}
PARAMETERS = ("prompt_similarity",)
SAME = 1.0

# What else decides about the response: the system message, the tools, and what the words leave out of a question, which
# tells C from C++. A response marked as bad is no answer to agree with, and pictures cannot be compared.
_SETTINGS = r"""
    select sample_id as record, hash(coalesce(asked, 0), tools) as setting
    from samples
    left join (
      select sample_id as asked_id,
        sum(hash(turn, case role when 'system' then content
          else regexp_replace(content, '[\pL\pN\pM_\s.,;:!?''"]', '', 'g') end)) as asked
      from messages
      where role in ('system', 'user') and part <> 'rejected' and sample_id in (select unnest($records))
      group by sample_id) on asked_id = sample_id
    where sample_id in (select unnest($records)) and label is distinct from false
      and sample_id not in (select sample_id from messages where media is not null)
"""


def settled(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Return the similarity from which on two prompts ask the same. Raises SignalError for one too low."""
    return {"prompt_similarity": require_similarity("prompt_similarity", parameters.get("prompt_similarity", SAME))}


def measure_sources(
    sources: Sequence[Source], connection: duckdb.DuckDBPyConnection, parameters: Mapping[str, Any]
) -> SourceTables:
    """Return the pairs of samples that ask the same, and the similarity of their responses.

    Of the samples whose prompts have the same words in the same order, and that have the same signs, system message
    and tools, each is compared with the first, so that there are no more rows than samples; the firsts of two such
    groups whose prompts are similar enough are compared too. A sample without a word in its prompt or its response,
    with media, or with the label false takes no part. is_label: both responses have at most five words.
    """
    with engine(sources, connection, "prompt", settled(parameters)["prompt_similarity"]) as made:
        alike = matches(made)
        groups = _groups(made, alike, connection)
        firsts = groups.group_by("group", "setting").agg(first=pl.col("record").min())
        asked = pl.concat([_same(groups, firsts), _near(alike, firsts)]).sort("b", "a")
        rows = asked.with_columns(response_similarity=_responses(made, asked["a"], asked["b"])["similarity"])
        why = partial(made)
    sizes = groups.select("record", "shingles").unique()
    rows = rows.join(sizes.rename({"record": "b"}), on="b").join(sizes.rename({"record": "a"}), on="a", suffix="_a")
    twins = rows.sort("b", "a").select(
        sample_id="b",
        other_sample_id="a",
        prompt_similarity="similarity",
        response_similarity="response_similarity",
        is_label=pl.max_horizontal("shingles", "shingles_a") == 1,
    )
    return SourceTables({TABLE: twins.cast(pl.Schema(WRITES[TABLE]))}, why)


def _groups(made: "_core.NearDuplicates", alike: pl.DataFrame, connection: duckdb.DuckDBPyConnection) -> pl.DataFrame:
    """Return record, group, setting, shingles of the samples that may have a twin; a group has one prompt."""
    same = copies(made)
    firsts = pl.concat([same["a"], alike["a"], alike["b"]]).unique()
    groups = pl.concat([pl.DataFrame({"group": firsts, "record": firsts}), same.select(group="a", record="b")])
    records = groups["record"].to_list()
    settings = pl.DataFrame(connection.sql(_SETTINGS, params={"records": records}))
    groups = groups.join(settings, on="record")
    answers = _responses(made, groups["record"], groups["record"])
    return groups.with_columns(shingles=answers["united"]).filter(pl.col("shingles") > 0)


def _same(groups: pl.DataFrame, firsts: pl.DataFrame) -> pl.DataFrame:
    later = groups.join(firsts, on=["group", "setting"]).filter(pl.col("record") > pl.col("first"))
    return later.select(a="first", b="record", similarity=pl.lit(SAME))


def _near(alike: pl.DataFrame, firsts: pl.DataFrame) -> pl.DataFrame:
    left = firsts.select(a="group", setting="setting", first="first")
    right = firsts.select(b="group", setting="setting", other="first")
    met = alike.join(left, on="a").join(right, on=["b", "setting"])
    return met.select(
        a=pl.min_horizontal("first", "other"), b=pl.max_horizontal("first", "other"), similarity="similarity"
    )


def _responses(made: "_core.NearDuplicates", a: pl.Series, b: pl.Series) -> pl.DataFrame:
    """Return united, the shingles of both responses of each pair, and similarity, 0 where there are none."""
    overlaps = pl.DataFrame(made.compare(a.to_list(), b.to_list(), "response"))
    share = pl.col("shared").cast(pl.Float64) / pl.col("united").clip(lower_bound=1)
    return overlaps.select("united", similarity=share)
