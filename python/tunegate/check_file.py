"""The closed schema of a check file and of gate.yaml."""

import itertools
from collections.abc import Mapping
from typing import Annotated, Any, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StrictBool,
    StrictFloat,
    StrictInt,
    StrictStr,
    model_validator,
)

from tunegate.errors import CheckError, did_you_mean
from tunegate.parameters import bound, parameter_names
from tunegate.verdict import Bound
from tunegate.yaml_source import kind_of, shown_key

LONGEST_BOUND = 40
CORE_TABLES = ("sources", "records", "samples", "messages")
RUN_OPTIONS = {"tokenizer": False, "max_length": True}  # what `needs` may name -> whether it is a number, `$name`
SHARED_TABLES = {"pairs": "near_duplicates", "clusters": "near_duplicates"}  # table -> the signal that writes it

Scalar = StrictBool | StrictInt | StrictFloat | StrictStr
Text = Annotated[str, Field(pattern=r"\S", strict=True)]
Name = Annotated[str, Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=40, strict=True)]
Identifier = Annotated[str, Field(pattern=r"^[a-z_][a-z0-9_]*$", max_length=40, strict=True)]
OptionValue = Text | Annotated[StrictInt, Field(ge=1)]


class _Closed(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class GateFile(_Closed):
    """The keys of gate.yaml."""

    id: Annotated[str, Field(pattern=r"^[A-Z]{1,4}[0-9]$", strict=True)]
    name: Name
    summary: Text


class Repeated(_Closed):
    """One record written down once for many: `{n}` in its text counts from 1."""

    record: Text
    times: Annotated[int, Field(ge=1, le=100_000, strict=True)]

    @property
    def records(self) -> tuple[str, ...]:
        """The records it stands for."""
        return tuple(self.record.replace("{n}", str(n)) for n in range(1, self.times + 1))


def _written_out(items: tuple[str | Repeated, ...]) -> tuple[str, ...]:
    return tuple(record for item in items for record in ((item,) if isinstance(item, str) else item.records))


class Example(_Closed):
    """A small dataset: its records as text, the run's fields and options, the records it is compared with."""

    records: Annotated[tuple[StrictStr | Repeated, ...], Field(min_length=1), AfterValidator(_written_out)]
    fields: dict[Identifier, Text] = Field(default_factory=dict)
    option: dict[Identifier, OptionValue] = Field(default_factory=dict)
    against: tuple[StrictStr, ...] = ()
    against_eval: tuple[StrictStr, ...] = ()

    def condensed(self, most: int = 4) -> list[str]:
        """Return the records for a reader: equal neighbours once with their number, the first `most` of these.

        Then the run's options, and what they are compared with, each after its option.
        """
        compared = [f"{flag(name)} {value}" for name, value in self.option.items()]
        compared += [f"--against {record}" for record in self.against]
        compared += [f"--against-eval {record}" for record in self.against_eval]
        runs = [(str(record), len(list(run))) for record, run in itertools.groupby(self.records)]
        shown = [record if times == 1 else f"{record}  (x {times})" for record, times in runs[:most]]
        rest = [] if len(runs) <= most else [f"... {len(self.records)} records in all"]
        return [*shown, *rest, *compared]


def flag(option: str) -> str:
    """Return how the command line writes a run option."""
    return f"--{option.replace('_', '-')}"


def _as_example(value: Any) -> Any:
    if isinstance(value, str):
        return {"records": [value]}
    return {"records": value} if isinstance(value, list) else value


class Examples(_Closed):
    """Datasets that the check passes, and datasets in which it finds something."""

    pass_: tuple[Annotated[Example, BeforeValidator(_as_example)], ...] = Field(default=(), alias="pass")
    fail: tuple[Annotated[Example, BeforeValidator(_as_example)], ...] = ()


class CheckFile(_Closed):
    """The keys of a check file; `docs/design.md` says what each means."""

    id: Annotated[str, Field(pattern=r"^[A-Z]{1,4}[0-9]{3}$", strict=True)]
    name: Name
    summary: Text
    why: Text
    source: Text
    remedy: Text
    reads: Annotated[tuple[StrictStr, ...], Field(min_length=1)]
    population: Text | None = None
    rows: Text | None = None
    value: Text | None = None
    warn: Text | None = None
    fail: Text | None = None
    confidence: Annotated[StrictFloat, Field(gt=0, lt=1)] | None = None
    params: dict[Identifier, Scalar] = Field(default_factory=dict)
    option: Identifier | None = None
    cases: dict[Name, dict[Identifier, Scalar | None]] = Field(default_factory=dict)
    needs: tuple[StrictStr, ...] = ()
    empty: Text | None = None
    report_only: StrictBool = False
    examples: Examples

    @property
    def gate_id(self) -> str:
        """The id of the gate this check belongs to: Q1 for Q103."""
        return self.id[:-2]

    @property
    def kind(self) -> str:
        """What the query does: "rows" finds offenders, "value" measures."""
        return "rows" if self.rows is not None else "value"

    @property
    def sql(self) -> str:
        """The query that finds or measures."""
        return self.rows or self.value or ""

    @property
    def unit(self) -> str:
        """What the population counts: "records" or "samples"."""
        return "records" if self.population == "records" else "samples"

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        try:
            _require_query_and_limits(self)
            _require_tables(self.reads)
            _require_needs(self)
            _require_params(self)
        except CheckError as fault:
            raise ValueError(str(fault)) from None
        return self


def _require_query_and_limits(check: CheckFile) -> None:
    if (check.rows is None) == (check.value is None):
        raise CheckError("a check has exactly one of rows and value")
    if check.report_only == (check.warn is not None or check.fail is not None):
        raise CheckError("a check has warn, fail or both, or else report_only: true")
    if (check.option is None) != (not check.cases):
        raise CheckError("option and cases go together: the option's value picks the case")


def _require_tables(reads: tuple[str, ...]) -> None:
    for table in reads:
        if table not in (*CORE_TABLES, *SHARED_TABLES) and not table.startswith("signal_"):
            known = ", ".join([*CORE_TABLES, *SHARED_TABLES])
            hint = did_you_mean(table, [*CORE_TABLES, *SHARED_TABLES])
            raise CheckError(f'reads: unknown table "{shown_key(table)}"; one of {known} or signal_<name>.{hint}')


def _require_needs(check: CheckFile) -> None:
    declared = {*check.params, *(name for case in check.cases.values() for name in case)}
    for name in check.needs:
        if name not in RUN_OPTIONS:
            known = ", ".join(RUN_OPTIONS)
            hint = did_you_mean(name, RUN_OPTIONS)
            raise CheckError(f'needs: unknown option "{shown_key(name)}"; one of {known}.{hint}')
        if name in declared:
            raise CheckError(f"{name} is an option of the run, which needs names; take it out of params and cases")


def checked_bound(text: str | None, params: Mapping[str, Any], confidence: float | None) -> Bound | None:
    """Read a bound as `parameters.bound` does. Raises CheckError, which prints no long text and no parameter."""
    if text is not None and (len(text) > LONGEST_BOUND or not text.isprintable()):
        raise CheckError(f"a bound of {len(text):,} characters is not an operator and a number, such as '> 0.01'")
    for name in sorted(parameter_names(text)):
        if isinstance(params.get(name), bool | str):
            raise CheckError(f"bound {text!r} needs a number for ${name}, found {kind_of(params[name])}")
    return bound(text, params, confidence)


def _require_params(check: CheckFile) -> None:
    numbers = {name: 1 for name in check.needs if RUN_OPTIONS[name]}
    for case in [*check.cases.values()] or [{}]:
        params: Mapping[str, Any] = {**check.params, **case, **numbers}
        checked_bound(check.warn, params, check.confidence)
        checked_bound(check.fail, params, check.confidence)
    texts = (check.sql, check.population, check.warn, check.fail)
    used = set().union(*(parameter_names(text) for text in texts))
    declared = {*check.params, *(name for case in check.cases.values() for name in case)}
    for name in sorted(declared - used - {"note"}):
        raise CheckError(f"parameter {name} is used neither in the SQL nor in a bound.{did_you_mean(name, used)}")
    for name in sorted(used - declared - set(numbers)):
        raise CheckError(f"${shown_key(name)} is not declared in params.{did_you_mean(name, declared)}")
    _require_same_keys(check.cases)


def _require_same_keys(cases: Mapping[str, Mapping[str, object]]) -> None:
    keys = {name: set(case) - {"note"} for name, case in cases.items()}
    for name, own in keys.items():
        missing = sorted(set().union(*keys.values()) - own)
        if missing:
            raise CheckError(f"case {name} lacks {', '.join(missing)}; write null where there is no limit")
