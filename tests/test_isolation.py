"""What a command loads: nothing heavy for a check, and next to nothing for --help."""

import json
import os
import subprocess
import sys
from pathlib import Path

HEAVY = {"torch", "transformers", "peft", "trl", "lm_eval", "presidio_analyzer", "pyarrow", "pandas"}
ENGINES = {"polars", "duckdb", "pydantic", "yaml", "numpy"}

_RUN = """
import contextlib, io, json, sys
from tunegate.cli import main
with contextlib.redirect_stdout(io.StringIO()):
    code = main(sys.argv[1:])
print(json.dumps([code, sorted({name.partition(".")[0] for name in sys.modules})]))
"""


def loaded_by(folder: Path, *arguments: str) -> tuple[int, set[str]]:
    """Run a command in a process of its own and return its exit code and the top-level modules it loaded."""
    known = os.environ.get("PYTHONPATH")
    path = {"PYTHONPATH": os.pathsep.join(map(os.path.abspath, known.split(os.pathsep)))} if known else {}
    done = subprocess.run(
        [sys.executable, "-P", "-c", _RUN, *arguments],
        capture_output=True,
        text=True,
        check=True,
        cwd=folder,
        env={**os.environ, **path},
    )
    code, modules = json.loads(done.stdout)
    return code, set(modules)


def test_help_loads_no_engine(tmp_path: Path):
    code, modules = loaded_by(tmp_path, "--help")
    assert code == 0
    assert not modules & (HEAVY | ENGINES)


def test_a_check_loads_nothing_heavy(tmp_path: Path):
    turns = [{"role": "user", "content": "q"}, {"role": "assistant", "content": "a"}]
    (tmp_path / "data.jsonl").write_text(json.dumps({"messages": turns, "category": "c"}) + "\n")
    code, modules = loaded_by(tmp_path, "check", "data.jsonl", "--method", "lora", "--format", "json")
    assert code == 1
    assert {"polars", "duckdb"} <= modules
    assert not modules & HEAVY


def test_listing_the_gates_opens_no_engine(tmp_path: Path):
    code, modules = loaded_by(tmp_path, "gates", "list")
    assert code == 0
    assert not modules & (HEAVY | {"polars", "duckdb"})


def test_counting_tokens_natively_loads_no_extra(tmp_path: Path):
    (tmp_path / "data.jsonl").write_text('{"text": "a"}\n')
    tokenizer = Path(__file__).parent / "data" / "tokenizers" / "bytes.json"
    code, modules = loaded_by(tmp_path, "tokens", "data.jsonl", "--tokenizer", str(tokenizer))
    assert code == 0
    assert not modules & (HEAVY | {"tokenizers", "jinja2", "huggingface_hub"})
