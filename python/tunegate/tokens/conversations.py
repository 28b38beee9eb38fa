"""Samples as the conversations that chat templates take: lists of messages as `apply_chat_template` is given them.

docs/tokens.md says what becomes of each column. Two things differ from the record as it was read: names that the
formats settle (role, content) have their settled form, and the arguments of a tool call are an object also where
they were written as JSON text, for templates write them with `tojson`.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import polars as pl

from tunegate.errors import TokenizerError
from tunegate.tokens.chat_template import ChatTemplate

COLUMNS = ("sample_id", "part", "role", "content", "reasoning", "tool_calls", "tool_call_id", "name", "media", "extra")
Message = dict[str, Any]
Turn = Mapping[str, Any]


@dataclass(frozen=True)
class Conversation:
    """The turns of one sample, of preference data up to the end of one branch, as columns of the store have them."""

    sample_id: int
    format: str
    turns: Sequence[Turn]
    tools: str | None

    def messages(self) -> list[Message]:
        """Return the turns as messages. Raises TokenizerError for JSON that Python cannot read."""
        return [_message(turn) for turn in self.turns]


def conversations(samples: pl.DataFrame, messages: pl.DataFrame) -> Iterator[Conversation]:
    """Yield the conversations of a batch of whole samples, in its order; two for a sample with two branches."""
    rows = groupby(messages.select(COLUMNS).iter_rows(named=True), key=lambda row: row["sample_id"])
    turns: dict[int, list[Turn]] = {sample_id: list(group) for sample_id, group in rows}
    for sample_id, name, tools in samples.select("sample_id", "format", "tools").iter_rows():
        for branch in _branches(turns.get(sample_id, [])):
            yield Conversation(sample_id, name, branch, tools)


def rendered(template: ChatTemplate, conversation: Conversation) -> str:
    """Return the conversation as text; of a `text` record the text, which no template touches; "" without turns.

    Raises TokenizerError, without naming the sample or repeating its text.
    """
    if conversation.format == "text":
        return "".join(turn["content"] or "" for turn in conversation.turns)
    if not conversation.turns:
        return ""
    text = template.render(conversation.messages(), _tools(conversation.tools))
    try:
        text.encode()
    except UnicodeEncodeError as error:  # from an escape in tool calls, tools or metadata
        raise TokenizerError("the chat template renders a lone surrogate of the sample, which is no text") from error
    return text


def _branches(rows: list[Turn]) -> list[list[Turn]]:
    main = [row for row in rows if row["part"] == "main"]
    branched = ([row for row in rows if row["part"] == part] for part in ("chosen", "rejected"))
    return [main + branch for branch in branched if branch] or [main]


def _message(row: Turn) -> Message:
    """Return the message of a turn; a key but role is there only where the record has a value for it."""
    message: Message = _parsed(row["extra"], "keys of a turn") if row["extra"] else {}
    calls = None if row["tool_calls"] is None else _tool_calls(row["tool_calls"])
    known = {"content": _content(row), "reasoning_content": row["reasoning"], "tool_calls": calls}
    known |= {"tool_call_id": row["tool_call_id"], "name": row["name"]}
    return message | {"role": row["role"]} | {key: value for key, value in known.items() if value is not None}


def _content(row: Turn) -> Any:
    """Return the text of a turn; where it has parts that are no text, a list of these and then the text."""
    if row["media"] is None:
        return row["content"]
    text = [] if row["content"] is None else [{"type": "text", "text": row["content"]}]
    return [*_parsed(row["media"], "the content of a turn"), *text]


def _tool_calls(text: str) -> Any:
    calls = _parsed(text, "tool calls")
    for call in calls if isinstance(calls, list) else ():
        function = call.get("function") if isinstance(call, dict) else None
        if isinstance(function, dict) and isinstance(function.get("arguments"), str):
            function["arguments"] = _arguments(function["arguments"])
    return calls


def _arguments(text: str) -> Any:
    """Return the object that the text is the JSON of, or else the text."""
    try:
        arguments = json.loads(text)
    except (ValueError, RecursionError):
        return text
    return arguments if isinstance(arguments, dict) else text


def _tools(text: str | None) -> list[Any] | None:
    if text is None:
        return None
    tools = _parsed(text, "tools")
    if not isinstance(tools, list) or not all(isinstance(tool, dict) for tool in tools):
        raise TokenizerError("its tools are no list of objects, which no chat template takes; see the check Q109")
    return tools


def _parsed(text: str, what: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:  # also of a number of more than 4,300 digits
        raise TokenizerError(f"{what} cannot be given to a chat template: no JSON that Python reads") from error
