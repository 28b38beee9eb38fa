"""The files of a tokenizer: a tokenizer.json, alone or in a model folder, on this disk or on the Hugging Face hub."""

import importlib
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tunegate.errors import TokenizerError

TOKENIZER = "tokenizer.json"
CONFIG = "tokenizer_config.json"
TEMPLATE = "chat_template.jinja"
TOOL_TEMPLATE = "additional_chat_templates/tool_use.jinja"
OTHER_KINDS = (  # what published folders have in place of a tokenizer.json
    "*.model",
    "*.model.v*",
    "*.tiktoken",
    "tekken.json",
    "vocab.json",
    "vocab.txt",
)
_HUB_ID = re.compile(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*")


@dataclass(frozen=True)
class ModelFiles:
    """Where the parts of a tokenizer lie. `name` is what the user said; None: there is no such file."""

    name: str
    tokenizer: Path
    config: Path | None = None
    template: Path | None = None
    tool_template: Path | None = None

    @property
    def paths(self) -> list[Path]:
        """All files there are."""
        found = (self.tokenizer, self.config, self.template, self.tool_template)
        return [path for path in found if path is not None]


def find_model(name: str) -> ModelFiles:
    """Return the files of the tokenizer that `name` stands for: a file, a folder, or a hub id such as org/name.

    A file that is called tokenizer.json stands for its folder. Raises TokenizerError.
    """
    if not name:
        raise TokenizerError(
            "the tokenizer has an empty name; expected a tokenizer.json, a folder with one, or a hub id"
        )
    try:
        return _found(name, Path(name))
    except OSError as error:
        raise TokenizerError(f"{name}: {error.strerror}; expected a tokenizer.json that can be read") from error


def _found(name: str, path: Path) -> ModelFiles:
    if path.is_dir():
        return _in_folder(name, path)
    if path.exists():
        return _in_folder(name, path.parent) if path.name == TOKENIZER else ModelFiles(name, path)
    if _is_hub_id(name):
        return _on_hub(name)
    raise TokenizerError(
        f"{name}: no such file or folder; expected a tokenizer.json, a folder with one, or a hub id such as org/name"
    )


def _is_hub_id(name: str) -> bool:
    """Tell whether a name can be meant for the hub, and not for a file or folder that is not there."""
    return _HUB_ID.fullmatch(name) is not None and not name.endswith(".json") and not Path(name).parent.exists()


def _in_folder(name: str, folder: Path) -> ModelFiles:
    if not (folder / TOKENIZER).exists():
        raise TokenizerError(_lacking(name, folder))
    others = (folder / file for file in (CONFIG, TEMPLATE, TOOL_TEMPLATE))
    return ModelFiles(name, folder / TOKENIZER, *(path if path.exists() else None for path in others))


def _lacking(name: str, folder: Path) -> str:
    """Say that there is no tokenizer.json, and how one is made of what is there."""
    for pattern in OTHER_KINDS:
        for path in sorted(folder.glob(pattern)):
            return (
                f"{name} holds no tokenizer.json, but {path.name}; convert it, as transformers does with "
                "`AutoTokenizer.from_pretrained(FOLDER).save_pretrained(FOLDER)`"
            )
    return f"{name} holds no tokenizer.json; name the folder or the file of a tokenizer"


def _on_hub(name: str) -> ModelFiles:
    try:
        hub = importlib.import_module("huggingface_hub")
    except ImportError as error:
        raise TokenizerError(
            f"{name} is no file or folder here, and a hub id needs huggingface_hub: pip install huggingface_hub, "
            "or give the path of a tokenizer.json"
        ) from error
    tokenizer = _fetched(hub, name, TOKENIZER)
    if tokenizer is None:
        raise TokenizerError(f"{name} has no tokenizer.json on the hub; name a folder to which one was converted")
    return ModelFiles(name, tokenizer, *(_fetched(hub, name, file) for file in (CONFIG, TEMPLATE, TOOL_TEMPLATE)))


def _fetched(hub: Any, name: str, file: str) -> Path | None:
    """Return the file in the hub's cache, fetched when it is not there; None when the model has no such file."""
    try:
        return Path(hub.hf_hub_download(name, file))
    except hub.errors.LocalEntryNotFoundError as error:  # the hub was not reached
        if _is_known_absent(hub, name, file):
            return None
        raise _unreachable(name, file) from error
    except hub.errors.EntryNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise _unreachable(name, file) from error


def _is_known_absent(hub: Any, name: str, file: str) -> bool:
    """Tell whether the hub said, when it was reached, that there is no such file: the cache then has a mark."""
    cached = hub.try_to_load_from_cache(name, file)
    return cached is not None and not isinstance(cached, str)


def _unreachable(name: str, file: str) -> TokenizerError:
    return TokenizerError(
        f"{name}: {file} cannot be fetched from the hub; check the name, the network and the right to read it, "
        "or give the path of a tokenizer.json"
    )
