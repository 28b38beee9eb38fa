"""Chat templates: conversations rendered as the text a model is trained on, the way `apply_chat_template` does it."""

import importlib
import json
import traceback
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tunegate.errors import TemplateFault, TokenizerError
from tunegate.tokens.model_files import ModelFiles

if TYPE_CHECKING:
    from tunegate.tokens.template_environment import CompiledTemplate

REASONING = ("reasoning_content", "thinking", "reasoning")
_KINDS = {  # what went wrong, by the name of the exception
    "UndefinedError": "uses what is not there",
    "SecurityError": "does what the sandbox forbids",
    "OverflowError": "counts too far, as in a range() over more than 100,000",
    "RecursionError": "calls itself without end",
    "MemoryError": "makes a text that does not fit in memory",
}


@dataclass(frozen=True)
class ChatTemplate:
    """A template with the special tokens it may name.

    origin: the file it is from, for errors. tool_use: the template for samples with tools, where the model has
    two. Compiled when it first renders; not for several threads at once.
    """

    text: str
    origin: str
    special_tokens: Mapping[str, str] = field(default_factory=dict)
    tool_use: str | None = None

    def render(
        self,
        messages: Sequence[Mapping[str, Any]],
        tools: Sequence[Any] | None = None,
        documents: Sequence[Mapping[str, Any]] | None = None,
        *,
        add_generation_prompt: bool = False,
    ) -> str:
        """Return the text. Raises TokenizerError, without naming the sample or repeating its text.

        As `apply_chat_template` does, a key whose value is None is left out, and what stands under the first of
        `reasoning_content`, `thinking` and `reasoning` stands under the first two.
        """
        template = self._compiled if tools is None or self.tool_use is None else self._compiled_tool_use
        variables = {
            **self.special_tokens,
            "messages": [_given(message) for message in messages],
            "tools": tools,
            "documents": documents,
            "add_generation_prompt": add_generation_prompt,
        }
        try:
            return template.render(variables)
        except Exception as error:
            raise TokenizerError(f"the chat template {self.origin} {_what_failed(error, template)}") from error

    @cached_property
    def _compiled(self) -> "CompiledTemplate":
        return _compiled(self.text, self.origin)

    @cached_property
    def _compiled_tool_use(self) -> "CompiledTemplate":
        return _compiled(self.tool_use or "", f"{self.origin} (tool_use)")


def find_template(model: ModelFiles) -> ChatTemplate | None:
    """Return the chat template of a model; None when it has none. Raises TokenizerError for files that are damaged."""
    config = _config(model.config)
    tokens = special_tokens(config)
    if model.template is not None:
        tool_use = None if model.tool_template is None else _text(model.tool_template)
        return ChatTemplate(_text(model.template), str(model.template), tokens, tool_use)
    if config.get("chat_template") is None:
        return None
    named = _named(config["chat_template"], model.config)
    if "default" not in named:
        known = ", ".join(sorted(named)) or "none"
        raise TokenizerError(f'{model.config} has no chat template "default", only {known}; name a file of one')
    return ChatTemplate(named["default"], str(model.config), tokens, named.get("tool_use"))


def template_from_file(path: Path, model: ModelFiles) -> ChatTemplate:
    """Return the template that a file holds, with the special tokens of the model. Raises TokenizerError."""
    return ChatTemplate(_text(path), str(path), special_tokens(_config(model.config)))


def special_tokens(config: Mapping[str, Any]) -> dict[str, str]:
    """Return the tokens of a tokenizer_config.json by the names templates know them by: all that end with _token."""
    extra = config.get("extra_special_tokens")
    named = {name: token for name, token in config.items() if name.endswith("_token")}
    named |= extra if isinstance(extra, dict) else {}
    contents = {name: token.get("content") if isinstance(token, dict) else token for name, token in named.items()}
    return {name: content for name, content in contents.items() if isinstance(content, str)}


def _given(message: Mapping[str, Any]) -> dict[str, Any]:
    given = {key: value for key, value in message.items() if value is not None}
    reasoning = next((given[key] for key in REASONING if key in given), None)
    return given if reasoning is None else {"thinking": reasoning, **given, "reasoning_content": reasoning}


def _named(templates: Any, origin: Path | None) -> dict[str, str]:
    """Return the templates by name, of a config that has one text, or several by name."""
    if isinstance(templates, str):
        return {"default": templates}
    try:
        pairs = ((entry["name"], entry["template"]) for entry in templates)
        named = dict(templates.items() if isinstance(templates, dict) else pairs)
    except (TypeError, KeyError):
        named = {"": None}
    if not all(isinstance(text, str) for item in named.items() for text in item):
        raise TokenizerError(
            f'{origin}: "chat_template" is neither a text nor a list of objects with a name and a template'
        )
    return named


def _config(path: Path | None) -> dict[str, Any]:
    if path is None:
        return {}
    try:
        config = json.loads(_text(path))
    except (ValueError, RecursionError) as error:
        where = f", at line {error.lineno}" if isinstance(error, json.JSONDecodeError) else ""
        raise TokenizerError(f"{path} is no valid JSON{where}; fetch or convert it again") from error
    if not isinstance(config, dict):
        raise TokenizerError(f"{path} holds a {type(config).__name__}, expected a JSON object")
    return config


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise TokenizerError(f"{path}: {error.strerror}; expected a file that can be read") from error
    except UnicodeDecodeError as error:
        raise TokenizerError(f"{path} is not UTF-8 at byte {error.start + 1:,}; expected a text") from error


def _compiled(text: str, origin: str) -> "CompiledTemplate":
    try:
        made = importlib.import_module("tunegate.tokens.template_environment").CompiledTemplate(text)
    except ModuleNotFoundError as error:
        raise TemplateFault("a chat template needs jinja2: pip install 'tunegate[tokens]'") from error
    except Exception as error:
        said = getattr(error, "message", None)  # of Jinja's own errors, which also have the line
        where = f"{origin} line {getattr(error, 'lineno', 1):,}" if said else origin
        raise TemplateFault(f"{where} is no valid Jinja: {said or type(error).__name__}") from error
    compiled: CompiledTemplate = made
    return compiled


def _what_failed(error: Exception, template: "CompiledTemplate") -> str:
    """Say what a template did, in its own words or ours: what it raises may repeat the sample."""
    name, said = type(error).__name__, str(error)
    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == "<template>"]
    where = f" at its line {lines[-1]:,}" if lines else ""
    if name == "TooMuch":
        return f"{said}{where}; it may loop without end"
    if name == "TemplateError":
        return f'refuses it{where}: "{said}"' if said in template.literals else f"refuses it{where}"
    return f"fails{where}: it {_KINDS.get(name, f'raises {name}')}"
