"""Tokens of each sample, by the tokenizer of the run: prompt, response, all, those trained on, the longest branch."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

import duckdb
import polars as pl

from tunegate.errors import SignalError, TemplateFault, TokenizerError
from tunegate.signals.batch import Batch, Schema
from tunegate.signals.stored_samples import stored_samples
from tunegate.tokens.chat_template import ChatTemplate
from tunegate.tokens.conversations import COLUMNS, Conversation, conversations, rendered
from tunegate.tokens.counts import Counting, count_samples
from tunegate.tokens.tokenizer import Tokenizer

NAME = "tokens"
VERSION = 1
READS = {
    "records": ("record_id", "source", "line"),
    "samples": ("sample_id", "format", "tools"),
    "messages": ("turn", *COLUMNS),
}
FAULTS = ("refused", "failed")
WRITES: Schema = {
    "sample_id": pl.Int64,
    "prompt": pl.Int64,
    "response": pl.Int64,
    "tokens": pl.Int64,
    "trained": pl.Int64,
    "longest": pl.Int64,
    "rendered": pl.Int64,
    "fault": pl.Enum(FAULTS),
}
PARAMETERS = ("tokenizer", "template")
NEEDS = ("tokenizer",)

_RENDERED: Schema = {"sample_id": pl.Int64, "text": pl.String, "fault": pl.Enum(FAULTS)}


def settled(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Return the tokenizer, and what its chat template is known again by."""
    tokenizer: Tokenizer | None = parameters.get("tokenizer")
    template = tokenizer.template if tokenizer else None
    return {"tokenizer": tokenizer, "template": _digest(template) if template else None}


def _digest(template: ChatTemplate) -> str:
    content = [template.text, template.tool_use, dict(template.special_tokens)]
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def require_tokenizer(parameters: Mapping[str, Any]) -> Tokenizer:
    """Return the tokenizer. Raises SignalError where none was named."""
    tokenizer: Tokenizer | None = parameters.get("tokenizer")
    if tokenizer is None:
        raise SignalError("tokens cannot be counted without a tokenizer; name one with --tokenizer")
    return tokenizer


def measure(connection: duckdb.DuckDBPyConnection, parameters: Mapping[str, Any]) -> pl.DataFrame:
    """Return one row per sample, in reading order; a count of nothing is 0.

    docs/tokens.md defines the counts. rendered: the longest branch as the chat template writes it; null without a
    template, and where it is at fault: it raises an exception of its own (refused), or any other error (failed), as for
    an absent content or tool calls that are no JSON. Raises SignalError, with the place of the sample, for a template
    that does not end, and without it for one that is no template, or wants a package that is not installed.
    """
    tokenizer = require_tokenizer(parameters)
    counted = [_counted(connection, tokenizer, batch) for batch in stored_samples(connection)]
    return pl.concat([pl.DataFrame(schema=WRITES), *counted])


def _counted(connection: duckdb.DuckDBPyConnection, tokenizer: Tokenizer, batch: Batch) -> pl.DataFrame:
    counts = count_samples(Counting(tokenizer), batch.samples, batch.messages)
    whole = _rendered(connection, tokenizer, batch)
    rows = counts.join(whole, on="sample_id", how="left", maintain_order="left")
    return rows.select(list(WRITES)).cast(pl.Schema(WRITES))


def _rendered(connection: duckdb.DuckDBPyConnection, tokenizer: Tokenizer, batch: Batch) -> pl.DataFrame:
    """Return sample_id, rendered and fault, of the longer branch where there are two; no row without a template."""
    template = tokenizer.template
    made = conversations(batch.samples, batch.messages) if template else ()
    texts = [(one.sample_id, *_text(connection, template, one)) for one in made if template]
    frame = pl.DataFrame(texts, schema=pl.Schema(_RENDERED), orient="row")
    branches = frame.with_columns(rendered=tokenizer.count(frame["text"]))
    longest = branches.group_by("sample_id", maintain_order=True).agg(pl.max("rendered"), pl.max("fault"))
    known = pl.when(pl.col("fault").is_null()).then("rendered")
    return longest.with_columns(rendered=known)


def _text(
    connection: duckdb.DuckDBPyConnection, template: ChatTemplate, conversation: Conversation
) -> tuple[str | None, str | None]:
    """Return what the template makes of a conversation and None, or None and the fault."""
    try:
        return rendered(template, conversation), None
    except TemplateFault as error:
        raise SignalError(str(error)) from error
    except TokenizerError as error:
        cause = type(error.__cause__).__name__
        if cause == "TooMuch":
            raise SignalError(f"{_place(connection, conversation.sample_id)}: {error}") from error
        return None, "refused" if cause == "TemplateError" else "failed"


def _place(connection: duckdb.DuckDBPyConnection, sample_id: int) -> str:
    row = connection.execute("select source, line from records where record_id = ?", [sample_id]).fetchone()
    return f"{row[0]}:{row[1]}" if row else "a sample"
