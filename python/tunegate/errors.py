"""The exceptions of tunegate.

TunegateError            shown as `error: <message>`, exit code 2, no traceback
    UsageError           an argument names something that does not exist or does not fit
    ConfigError          tunegate.yaml is malformed or names an unknown key
    CheckError           a check file is malformed, or its SQL was refused, failed or was stopped
    SourceError          an input cannot be read at all
    StoreError           the store cannot be opened, or was written by another version
    SignalError          a signal is unknown or cannot be measured
    TokenizerError       a tokenizer or its chat template cannot be loaded or used
        TemplateFault    a chat template renders no sample at all
    ReportError          a report is inconsistent or cannot be written

A message is one line: the place, what was found, what was expected, the next step. It never holds input text.
"""

import difflib
from collections.abc import Iterable


class TunegateError(Exception):
    """Any error that tunegate explains to its user."""


class UsageError(TunegateError):
    """An argument names something that does not exist or does not fit."""


class ConfigError(TunegateError):
    """tunegate.yaml is malformed or names an unknown key."""


class CheckError(TunegateError):
    """A check file is malformed, or its SQL was refused, failed or was stopped."""


class SourceError(TunegateError):
    """An input cannot be read at all."""


class StoreError(TunegateError):
    """The store cannot be opened, or was written by another version."""


class SignalError(TunegateError):
    """A signal is unknown or cannot be measured."""


class TokenizerError(TunegateError):
    """A tokenizer or its chat template cannot be loaded or used."""


class TemplateFault(TokenizerError):
    """A chat template renders no sample at all: it is no template, or what renders templates is not installed."""


class ReportError(TunegateError):
    """A report is inconsistent or cannot be written."""


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return ` Did you mean "x"?` for the known word closest to `word`, or "" when none is close."""
    by_lower = {candidate.lower(): candidate for candidate in sorted(known)}
    close = difflib.get_close_matches(word.lower(), by_lower, n=1)
    return f' Did you mean "{by_lower[close[0]]}"?' if close else ""
