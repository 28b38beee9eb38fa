"""tunegate.yaml: fields, method, gates, own checks, limits; a closed schema.

    fields: {category: topic}            # where category, difficulty and split are found
    method: lora
    tokenizer: model/tokenizer.json      # or the folder it lies in, relative to this file
    max_length: 4096                     # tokens of a sample that training takes
    gates: [Q1, Q5]                      # id prefixes
    checks: [our_checks]                 # folders of own YAML checks beside or below this file
    balance: [category, source]          # axes of the balance signal
    limits:
      Q103: {fail: "> 0.02"}             # or warn, severity (fail, warn, off), params
    against: [held_out.jsonl]            # what the samples must not repeat, relative to this file
    against_eval: [gsm8k_test.jsonl]     # benchmark items they must not hold
    require: [Q6]
    fail_on: fail

No Python is ever loaded from a path in it. What the command line says wins over this file.
"""

import os
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, PrivateAttr, StrictBool, StrictFloat, StrictInt, StrictStr

from tunegate.errors import ConfigError
from tunegate.yaml_source import KeyPath, YamlSource, read_yaml

DEFAULT_FILE = Path("tunegate.yaml")

Text = Annotated[str, Field(min_length=1, strict=True)]
MOST_TOKENS = 1_000_000_000  # of one sample
Scalar = StrictBool | StrictInt | StrictFloat | StrictStr


class _Closed(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Fields(_Closed):
    """The names under which records keep what the checks call category, difficulty and split."""

    category: Text | None = None
    difficulty: Text | None = None
    split: Text | None = None

    def mapping(self) -> dict[str, str]:
        """Return the fields that are set."""
        return {field: str(name) for field, name in self if name is not None}


class Limit(_Closed):
    """What a user changes about one check; None leaves it as the check file says."""

    warn: Text | None = None
    fail: Text | None = None
    severity: Literal["fail", "warn", "off"] | None = None
    params: dict[str, Scalar] = Field(default_factory=dict)


class Config(_Closed):
    """The settings of a run, as tunegate.yaml gives them."""

    fields: Fields = Field(default_factory=Fields)
    method: Text | None = None
    tokenizer: Text | None = None
    max_length: Annotated[int, Field(ge=1, le=MOST_TOKENS, strict=True)] | None = None
    gates: tuple[Text, ...] = ()
    checks: tuple[Text, ...] = ()
    limits: dict[str, Limit] = Field(default_factory=dict)
    balance: tuple[Text, ...] = ()
    against: tuple[Text, ...] = ()
    against_eval: tuple[Text, ...] = ()
    require: tuple[Text, ...] = ()
    fail_on: Literal["fail", "warn", "never"] = "fail"

    _source: YamlSource = PrivateAttr(default=YamlSource("tunegate.yaml", {}, {}, {}))
    _folder: Path = PrivateAttr(default=Path())

    @property
    def check_folders(self) -> tuple[Path, ...]:
        """The folders of own checks, relative to the file that names them."""
        return tuple(self._folder / folder for folder in self.checks)

    def beside(self, names: tuple[str, ...]) -> tuple[str, ...]:
        """Return paths of this file as paths of the run, relative to the file that names them."""
        return tuple(str(self._folder / name) for name in names)

    def place(self, *path: str | int) -> str:
        """Return `file line N` of a key, for an error about its value."""
        return self._source.place(path)


def load_config(path: Path | None = None) -> Config:
    """Read a config file; None means ./tunegate.yaml when there is one, else the defaults.

    Raises ConfigError with file, line, key and a suggestion for an unknown key.
    """
    if path is None:
        if not DEFAULT_FILE.exists():
            return Config()
        path = DEFAULT_FILE
    config, source = read_yaml(path, str(path), Config, ConfigError)
    config._source, config._folder = source, path.parent
    _require_folders(config)
    return config


def leads_inside(path: Path, folder: Path) -> bool:
    """Tell whether a path, with all links followed, is the folder or lies below it."""
    return Path(os.path.realpath(path)).is_relative_to(os.path.realpath(folder))


def _require_folders(config: Config) -> None:
    for index, folder in enumerate(config.check_folders):
        place: KeyPath = ("checks", index)
        if "\0" in str(folder) or not leads_inside(folder, config._folder):
            raise ConfigError(f"{config.place(*place)}: checks.{index} leads outside the folder of this file")
        if not folder.is_dir():
            raise ConfigError(f"{config.place(*place)}: checks.{index}: no such folder of checks")
