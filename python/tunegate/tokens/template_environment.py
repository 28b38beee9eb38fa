"""The Jinja environment in which chat templates render, as `apply_chat_template` of transformers sets it up.

Source: https://huggingface.co/docs/transformers/chat_templating_writing. Beyond that a template may not run on for
ever: each round of a loop and each call of a macro looks at the time, and no text is multiplied without a limit.
"""

import json
import time
from collections.abc import Mapping
from datetime import datetime
from typing import Any, cast

from jinja2 import Template, TemplateError, nodes
from jinja2.exceptions import SecurityError
from jinja2.ext import Extension, loopcontrols
from jinja2.parser import Parser
from jinja2.runtime import Context, Macro
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.utils import Namespace

RENDER_SECONDS = 10.0  # of processor time for one conversation
MOST_CHARACTERS = 1 << 28  # of one conversation, four times the longest record
MOST_BITS = 1 << 20  # of a power


class TooMuch(Exception):
    """A template runs longer, or makes more text, than any conversation needs."""


class _Generation(Extension):
    """`{% generation %}` encloses what is trained on; it renders as it stands, in a scope of its own."""

    tags = {"generation"}  # noqa: RUF012  Jinja's declaration

    def parse(self, parser: Parser) -> nodes.Node:
        line = next(parser.stream).lineno
        body = parser.parse_statements(("name:endgeneration",), drop_needle=True)
        return nodes.CallBlock(self.call_method("enclosed"), [], [], body).set_lineno(line)

    def enclosed(self, caller: Macro) -> str:
        return caller()


class _Namespace(Namespace):
    """A namespace without names that start with an underscore, by which a template could reach Python itself."""

    def __init__(self, /, *values: Any, **named: Any) -> None:
        for name in dict(*values, **named):
            _require_plain(name)
        super().__init__(*values, **named)

    def __setitem__(self, name: str, value: Any) -> None:
        _require_plain(name)
        super().__setitem__(name, value)


def _require_plain(name: str) -> None:
    if name.startswith("_"):
        raise SecurityError("a name of a namespace starts with an underscore")


class _Dict:
    """What `dict` is to a template: it makes one, and is no class to look into."""

    def __call__(self, *values: Any, **named: Any) -> dict[Any, Any]:
        return dict(*values, **named)

    def fromkeys(self, *values: Any) -> dict[Any, Any]:
        return dict.fromkeys(*values)


class _Clock(Extension):
    """Stops a template that runs too long, at the next round of a loop or call of a macro."""

    deadline = 0.0

    def watch(self, tree: nodes.Template) -> None:
        loops: list[nodes.For | nodes.Macro | nodes.CallBlock] = []
        for kind in (nodes.For, nodes.Macro, nodes.CallBlock):
            loops += tree.find_all(kind)
        for loop in loops:
            loop.body.insert(0, nodes.ExprStmt(self.call_method("look")).set_lineno(loop.lineno))
        tree.set_environment(self.environment)

    def start(self) -> None:
        self.deadline = time.thread_time() + RENDER_SECONDS

    def look(self) -> None:
        if time.thread_time() > self.deadline:
            raise TooMuch(f"runs for more than {RENDER_SECONDS:g} s")


class _Environment(ImmutableSandboxedEnvironment):
    intercepted_binops = frozenset({"*", "**"})

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        _require_small(operator, left, right)
        return super().call_binop(context, operator, left, right)


class CompiledTemplate:
    """One template text, compiled. Not for several threads at once."""

    def __init__(self, text: str) -> None:
        """Raises what Jinja raises for a text that is no template."""
        environment = _environment()
        tree = environment.parse(text)
        self.literals = frozenset(node.value for node in tree.find_all(nodes.Const) if isinstance(node.value, str))
        self._clock = cast(_Clock, environment.extensions[_Clock.identifier])
        self._clock.watch(tree)
        self._template: Template = environment.from_string(tree)

    def render(self, variables: Mapping[str, Any]) -> str:
        """Raises TooMuch, and whatever the template raises."""
        self._clock.start()
        pieces, characters = [], 0
        for piece in self._template.generate(variables):
            pieces.append(piece)
            characters += len(piece)
            if characters > MOST_CHARACTERS:
                raise TooMuch(f"renders more than {MOST_CHARACTERS:,} characters")
        return "".join(pieces)


def _environment() -> ImmutableSandboxedEnvironment:
    made = _Environment(trim_blocks=True, lstrip_blocks=True, extensions=[_Generation, _Clock, loopcontrols])
    made.filters["tojson"] = _to_json
    made.globals["raise_exception"] = _raise
    made.globals["strftime_now"] = _now
    made.globals["dict"] = _Dict()
    made.globals["namespace"] = _Namespace
    return made


def _to_json(
    value: Any,
    ensure_ascii: bool = False,  # noqa: FBT001, FBT002  as templates call it
    indent: int | None = None,
    separators: tuple[str, str] | None = None,
    sort_keys: bool = False,  # noqa: FBT001, FBT002
) -> str:
    """Unlike Jinja's own, escapes nothing for HTML."""
    return json.dumps(value, ensure_ascii=ensure_ascii, indent=indent, separators=separators, sort_keys=sort_keys)


def _raise(message: str) -> None:
    raise TemplateError(message)


def _now(layout: str) -> str:
    return datetime.now().strftime(layout)


def _require_small(sign: str, left: Any, right: Any) -> None:
    if sign == "**" and isinstance(left, int) and isinstance(right, int) and left.bit_length() * right > MOST_BITS:
        raise TooMuch(f"makes a number of more than {MOST_BITS:,} bits")
    for text, times in ((left, right), (right, left)):
        if sign == "*" and isinstance(times, int) and hasattr(text, "__len__") and len(text) * times > MOST_CHARACTERS:
            raise TooMuch(f"makes a text or a list of more than {MOST_CHARACTERS:,} elements")
