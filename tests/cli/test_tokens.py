"""`tunegate tokens`: what it counts, prints and writes, and what it refuses."""

import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Workplace = Any  # the types of conftest.py, which cannot be imported
Tunegate = Callable[..., Any]

BYTES = Path(__file__).parents[1] / "data" / "tokenizers" / "bytes.json"  # a token for each byte, no merges
T = ("--tokenizer", "tokenizer.json")

# A record and its tokens: prompt, response, all, trained, longest. A token is a byte.
COUNTED = [
    ({"text": "abcde"}, 0, 5, 5, 5, 5),
    ({"text": ""}, 0, 0, 0, 0, 0),
    ({"prompt": "ab", "completion": "é"}, 2, 2, 4, 2, 4),
    ({"instruction": "abc", "input": "de", "output": "f"}, 6, 1, 7, 1, 7),  # the input on a line of its own
    ({"question": "abc", "answer": ""}, 3, 0, 3, 0, 3),
    (
        {
            "messages": [
                {"role": "system", "content": "1234567"},
                {"role": "user", "content": "ab"},
                {"role": "assistant", "content": "c"},
            ]
        },
        *(2, 1, 10, 1, 10),
    ),
    (
        {
            "messages": [
                {"role": "user", "content": "a"},
                {
                    "role": "assistant",
                    "content": None,
                    "tool_calls": [{"type": "function", "function": {"name": "f", "arguments": "{}"}}],
                },
                {"role": "tool", "content": "out"},
                {"role": "assistant", "content": "12345"},
                {"role": "user", "content": "after"},
            ]
        },
        *(4, 5, 14, 5, 14),
    ),
    (
        {
            "messages": [
                {"role": "user", "content": "ab"},
                {"role": "assistant", "content": "cd"},
                {"role": "user", "content": "e"},
                {"role": "assistant", "content": "fgh"},
            ]
        },
        *(5, 3, 8, 5, 8),
    ),
    (
        {"messages": [{"role": "system", "content": "s"}, {"role": "user", "content": "abc"}]},
        3,
        0,
        4,
        0,
        4,
    ),  # no answer
    ({"conversations": [{"from": "human", "value": "abc"}, {"from": "gpt", "value": "de"}]}, 3, 2, 5, 2, 5),
    ({"prompt": "abc", "chosen": "de", "rejected": "fghij"}, 3, 2, 10, 2, 8),
    ({"prompt": "abc", "chosen": "defg", "rejected": ""}, 3, 4, 7, 4, 7),
    ({"prompt": "ab", "completion": "cde", "label": False}, 2, 3, 5, 3, 5),
    ([{"role": "user", "content": "a"}, {"role": "assistant", "content": "bc"}], 1, 2, 3, 2, 3),
]


def as_lines(records: list[Any]) -> str:
    return "".join(json.dumps(record) + "\n" for record in records)


def counts_of(workplace: Workplace, name: str) -> list[Any]:
    return [json.loads(line) for line in (workplace.folder / name).read_text(encoding="utf-8").splitlines()]


def summary(said: Any) -> dict[str, Any]:
    assert (said.code, said.err) == (0, "")
    members: dict[str, Any] = json.loads(said.out)
    return members


@pytest.fixture
def at_work(workplace: Workplace) -> Workplace:
    """A working directory with tokenizer.json, where a token is a byte."""
    workplace.write("tokenizer.json", BYTES.read_bytes())
    return workplace


@pytest.fixture
def other_engine(at_work: Workplace) -> Workplace:
    """The same with a tokenizer that only the package has: a token is a character."""
    pytest.importorskip("tokenizers")
    tokenizer = json.loads(BYTES.read_text(encoding="utf-8")) | {
        "pre_tokenizer": {"type": "Split", "pattern": {"Regex": "[\\s\\S]"}, "behavior": "Isolated", "invert": False},
        "model": {"type": "WordLevel", "vocab": {"[UNK]": 0}, "unk_token": "[UNK]"},
    }
    at_work.write("tokenizer.json", json.dumps(tokenizer))
    return at_work


@pytest.fixture
def refused(workplace: Workplace, tunegate: Tunegate) -> Callable[..., str]:
    """Run a command that must be refused, and return what it said after `error: `."""

    def run(*arguments: str) -> str:
        before = workplace.listing()
        said = tunegate("tokens", *arguments)
        assert (said.code, said.out) == (2, "")
        assert said.err.startswith("error: ")
        assert said.err.count("\n") == 1
        assert workplace.listing() == before
        return said.err.removeprefix("error: ").removesuffix("\n")

    return run


# What is counted


@pytest.mark.parametrize("more", [(), ("--max-length", "100")], ids=["whole samples", "turn by turn"])
def test_each_sample_is_counted_by_its_contents(at_work: Workplace, tunegate: Tunegate, more: tuple[str, ...]):
    at_work.write("a.jsonl", as_lines([record for record, *_ in COUNTED]))
    assert tunegate("tokens", "a.jsonl", *T, "--per-sample", "counts.jsonl", *more).code == 0
    assert counts_of(at_work, "counts.jsonl") == [
        {"source": "a.jsonl", "line": line, "prompt": prompt, "response": response, "tokens": tokens}
        for line, (_, prompt, response, tokens, *_) in enumerate(COUNTED, start=1)
    ]


@pytest.mark.parametrize("more", [(), ("--max-length", "1")], ids=["whole samples", "turn by turn"])
def test_the_totals_are_those_of_the_samples(at_work: Workplace, tunegate: Tunegate, more: tuple[str, ...]):
    at_work.write("a.jsonl", as_lines([record for record, *_ in COUNTED]))
    found = summary(tunegate("tokens", "a.jsonl", *T, "--format", "json", *more))
    sums = [sum(column) for column in zip(*(counts for _, *counts in COUNTED), strict=True)]
    assert [found["prompt"]["total"], found["response"]["total"], found["tokens"]["total"]] == sums[:3]
    assert found["trained"] == {"total": sums[3], "share": sums[3] / sums[2]}
    if more:
        beyond = [longest - 1 for *_, longest in COUNTED if longest > 1]
        assert (found["longer"]["longest"]["samples"], found["longer"]["longest"]["tokens_cut"]) == (
            len(beyond),
            sum(beyond),
        )


def test_the_package_counts_samples_by_the_same_rules(other_engine: Workplace, tunegate: Tunegate):
    ascii_only = [(record, *counts) for record, *counts in COUNTED if "é" not in str(record)]
    other_engine.write("a.jsonl", as_lines([record for record, *_ in ascii_only]))
    said = tunegate("tokens", "a.jsonl", *T, "--per-sample", "counts.jsonl")
    assert (said.code, said.err) == (0, "")
    assert "counted by the tokenizers package: " in said.out
    assert "WordLevel" in said.out
    assert counts_of(other_engine, "counts.jsonl") == [
        {"source": "a.jsonl", "line": line, "prompt": prompt, "response": response, "tokens": tokens}
        for line, (_, prompt, response, tokens, *_) in enumerate(ascii_only, start=1)
    ]


def test_percentiles_are_values_of_samples_by_nearest_rank(at_work: Workplace, tunegate: Tunegate):
    lengths = [7, 1, 3, 9, 2, 8, 4, 10, 6, 5] * 2  # 1 to 10, each twice
    at_work.write("a.jsonl", as_lines([{"text": "x" * length} for length in lengths]))
    found = summary(tunegate("tokens", "a.jsonl", *T, "--format", "json"))
    # Of 20 values in order, p50 is the 10th, p90 the 18th, p95 the 19th, p99 the 20th.
    assert found["tokens"] == {"total": 110, "min": 1, "p50": 5, "p90": 9, "p95": 10, "p99": 10, "max": 10}
    assert found["prompt"] == {"total": 0, "min": 0, "p50": 0, "p90": 0, "p95": 0, "p99": 0, "max": 0}


def test_truncation_cuts_from_the_end_and_tells_what_was_trained(at_work: Workplace, tunegate: Tunegate):
    turns = [("user", "abc"), ("assistant", "defg"), ("user", "hij"), ("assistant", "kl")]  # ends at 3, 7, 10, 12
    chat = {"messages": [{"role": role, "content": content} for role, content in turns]}
    pair = {"prompt": "abcd", "chosen": "efg", "rejected": "hijklm"}  # 7 and 10 long
    at_work.write("a.jsonl", as_lines([chat, pair, {"text": "abcdef"}]))
    longer = {}
    for most in (12, 11, 8, 5, 2):
        found = summary(tunegate("tokens", "a.jsonl", *T, "--format", "json", "--max-length", str(most)))
        assert (found["max_length"], found["longer"]["rendered"]) == (most, None)
        longer[most] = found["longer"]["longest"]
    assert longer == {
        12: {"samples": 0, "tokens_cut": 0, "trained_cut": 0},
        11: {"samples": 1, "tokens_cut": 1, "trained_cut": 1},
        8: {"samples": 2, "tokens_cut": 4 + 2, "trained_cut": 2},
        5: {"samples": 3, "tokens_cut": 7 + 5 + 1, "trained_cut": (2 + 2) + 2 + 1},
        2: {"samples": 3, "tokens_cut": 10 + 8 + 4, "trained_cut": 6 + 3 + 4},
    }


# The rendered template

TEMPLATE = "{{ bos_token }}{% for m in messages %}<{{ m.role }}>{{ m.content }}{% endfor %}"


@pytest.fixture
def model(at_work: Workplace) -> Workplace:
    """A model folder m whose chat template adds 3 tokens, and for each turn its role in brackets."""
    at_work.write("m/tokenizer.json", BYTES.read_bytes())
    at_work.write("m/tokenizer_config.json", json.dumps({"bos_token": "<s>", "chat_template": TEMPLATE}))
    chat = {"messages": [{"role": "user", "content": "ab"}, {"role": "assistant", "content": "c"}]}
    at_work.write("a.jsonl", as_lines([chat, {"prompt": "a", "chosen": "b", "rejected": "cd"}, {"text": "abc"}]))
    return at_work


def test_rendered_samples_are_counted_with_what_the_template_adds(model: Workplace, tunegate: Tunegate):
    pytest.importorskip("jinja2")
    frame = len("<s><user><assistant>")
    said = tunegate(
        *("tokens", "a.jsonl", "--tokenizer", "m", "--rendered", "--per-sample", "c.jsonl"),
        *("--format", "json", "--max-length", "23"),
    )
    found = summary(said)
    assert [line["rendered"] for line in counts_of(model, "c.jsonl")] == [frame + 3, frame + 3, 3]
    assert found["rendered"] == {
        "chat_template": "m/tokenizer_config.json",
        "template_tokens": 2 * frame,
        "total": 2 * frame + 9,
        "min": 3,
        "p50": frame + 3,
        "p90": frame + 3,
        "p95": frame + 3,
        "p99": frame + 3,
        "max": frame + 3,
    }
    assert found["longer"] == {
        "longest": {"samples": 0, "tokens_cut": 0, "trained_cut": 0},
        "rendered": {"samples": 0, "tokens_cut": 0, "trained_cut": None},
    }
    shorter = summary(
        tunegate("tokens", "a.jsonl", "--tokenizer", "m", "--rendered", "--format", "json", "--max-length", "20")
    )
    assert shorter["longer"]["rendered"] == {"samples": 2, "tokens_cut": 6, "trained_cut": None}


def test_a_template_of_the_users_goes_before_that_of_the_model(model: Workplace, tunegate: Tunegate):
    pytest.importorskip("jinja2")
    model.write("mine.jinja", "{% for m in messages %}{{ m.content }}{% endfor %}{{ bos_token }}")
    found = summary(
        tunegate("tokens", "a.jsonl", "--tokenizer", "m", "--chat-template", "mine.jinja", "--format", "json")
    )
    assert found["rendered"]["chat_template"] == "mine.jinja"
    assert found["rendered"]["template_tokens"] == 2 * len("<s>")


def test_a_template_that_refuses_a_sample_names_it(model: Workplace, refused: Callable[..., str]):
    pytest.importorskip("jinja2")
    model.write("b.jsonl", as_lines([{"text": "x"}, {"prompt": "SECRET", "completion": "y"}]))
    model.write("mine.jinja", "\n{{ raise_exception('Only users') }}")
    said = refused("b.jsonl", "--tokenizer", "m", "--chat-template", "mine.jinja", "--per-sample", "c.jsonl")
    assert said == 'b.jsonl:2: the chat template mine.jinja refuses it at its line 2: "Only users"'


def test_a_template_that_is_no_jinja_names_its_file(model: Workplace, refused: Callable[..., str]):
    pytest.importorskip("jinja2")
    model.write("mine.jinja", "{% for %}")
    assert "mine.jinja line 1 is no valid Jinja" in refused(
        "a.jsonl", "--tokenizer", "m", "--chat-template", "mine.jinja"
    )


def test_a_tokenizer_without_a_template_says_how_to_name_one(model: Workplace, refused: Callable[..., str]):
    said = refused("a.jsonl", *T, "--rendered")
    assert said == "tokenizer.json has no chat template; name the file of one with --chat-template"


# What is read


def test_unreadable_records_are_counted_and_named(at_work: Workplace, tunegate: Tunegate):
    broken = "".join("{broken\n" for _ in range(4))
    at_work.write("a.jsonl", as_lines([{"text": "ab"}]) + "{SECRET\n" + as_lines([{"text": "c"}]) + broken)
    said = tunegate("tokens", "a.jsonl", *T, "--per-sample", "c.jsonl")
    assert (said.code, said.err) == (0, "")
    assert "7 records in 1 source = 2 samples + 5 unreadable" in said.out
    named = [line for line in said.out.splitlines() if line.startswith("unreadable: ")]
    assert [line.partition("  ")[0] for line in named[:3]] == [f"unreadable: a.jsonl:{line}" for line in (2, 4, 5)]
    assert named[3].startswith("unreadable: 2 more")
    assert "SECRET" not in said.out
    assert [line["line"] for line in counts_of(at_work, "c.jsonl")] == [1, 3]
    found = summary(tunegate("tokens", "a.jsonl", *T, "--format", "json"))
    assert found["funnel"] == {"records": 7, "samples": 2, "unreadable": 5}
    assert [(record["source"], record["line"]) for record in found["unreadable"]] == [
        ("a.jsonl", n) for n in (2, 4, 5, 6, 7)
    ]
    assert found["unreadable"][0]["reason"].startswith("invalid JSON")


def test_several_sources_are_counted_in_the_order_of_their_paths(at_work: Workplace, process: Tunegate):
    at_work.write("d/b.jsonl.gz", gzip.compress(as_lines([{"text": "ab"}]).encode()))
    at_work.write("d/a.json", json.dumps([{"text": "c"}, {"text": "def"}], indent=1))
    said = process("tokens", "-", "d", *T, "--per-sample", "c.jsonl", "--format", "json", stdin=b'\n{"text": "g"}\n')
    assert (said.code, said.err) == (0, "")
    assert [(line["source"], line["line"], line["tokens"]) for line in counts_of(at_work, "c.jsonl")] == [
        *(("d/a.json", 2, 1), ("d/a.json", 5, 3), ("d/b.jsonl.gz", 1, 2), ("-", 2, 1)),
    ]
    assert json.loads(said.out)["sources"] == [
        {"source": "d/a.json", "records": 2, "samples": 2},
        {"source": "d/b.jsonl.gz", "records": 1, "samples": 1},
        {"source": "-", "records": 1, "samples": 1},
    ]


def test_the_same_input_makes_the_same_bytes_on_one_core_and_on_all(at_work: Workplace, process: Tunegate):
    at_work.write("a.jsonl", as_lines([{"text": f"sample {n} " * (n % 7)} for n in range(20_000)]))
    runs = [process("tokens", "a.jsonl", *T, "--per-sample", f"{cores}.jsonl", cores=cores) for cores in (1, "all")]
    assert [run.code for run in runs] == [0, 0]
    assert (at_work.folder / "1.jsonl").read_bytes() == (at_work.folder / "all.jsonl").read_bytes()
    assert runs[0].out.replace("1.jsonl", "all.jsonl") == runs[1].out


# What is printed


def test_the_text_names_the_tokenizer_and_what_was_measured(at_work: Workplace, tunegate: Tunegate):
    chat = {"messages": [{"role": "user", "content": "abcdef"}, {"role": "assistant", "content": "gh"}]}
    at_work.write("a.jsonl", as_lines([chat, {"text": "ijklmnopqr"}]))
    said = tunegate("tokens", "a.jsonl", *T, "--max-length", "8")
    assert (said.code, said.err) == (0, "")
    digest = json.loads(tunegate("tokens", "a.jsonl", *T, "--format", "json").out)["tokenizer"]["sha256"]
    assert said.out.splitlines() == [
        f"tokenizer tokenizer.json, sha256 {digest[:12]}, counted natively",
        "2 records in 1 source = 2 samples + 0 unreadable",
        "  tokens of a           total       min       p50       p90       p95       p99       max",
        "  sample                   18         8         8        10        10        10        10",
        "  prompt                    6         0         0         6         6         6         6",
        "  response                 12         2         2        10        10        10        10",
        "trained: 12 tokens, 66.7 % of all",
        "1 of 2 samples (50 %) are longer than 8 tokens: truncation cuts 2 tokens, 2 of them trained",
    ]


def test_samples_without_a_token_have_no_share(at_work: Workplace, tunegate: Tunegate):
    at_work.write("a.jsonl", as_lines([{"text": ""}]))
    assert summary(tunegate("tokens", "a.jsonl", *T, "--format", "json"))["trained"] == {"total": 0, "share": None}
    assert "trained: 0 tokens\n" in tunegate("tokens", "a.jsonl", *T).out


# What is refused


@pytest.mark.parametrize("taken", ["a.jsonl", "link.jsonl", "tokenizer.json", "mine.jinja"])
def test_nothing_that_is_read_is_overwritten(at_work: Workplace, refused: Callable[..., str], taken: str):
    at_work.write("a.jsonl", as_lines([{"text": "a"}]))
    at_work.write("mine.jinja", "x")
    (at_work.folder / "link.jsonl").symlink_to("a.jsonl")
    said = refused("a.jsonl", *T, "--per-sample", taken, "--chat-template", "mine.jinja")
    assert said == f"{taken} would be overwritten, which this run reads; name another file"


def test_counts_appear_only_when_all_is_read(at_work: Workplace, refused: Callable[..., str]):
    at_work.write("c.jsonl", "old")
    at_work.write("a.jsonl.gz", gzip.compress(as_lines([{"text": f"{n}"} for n in range(50_000)]).encode())[:-20])
    assert refused("a.jsonl.gz", *T, "--per-sample", "c.jsonl").startswith("a.jsonl.gz")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("{broken\n{broken\n", "a.jsonl has not one readable record in 2; the first, at line 1: invalid JSON"),
        ("\n\n", "a.jsonl holds no record"),
    ],
)
def test_a_source_without_a_readable_record_is_an_error(
    at_work: Workplace, refused: Callable[..., str], content: str, said: str
):
    at_work.write("a.jsonl", content)
    assert refused("a.jsonl", *T).startswith(said)


@pytest.mark.parametrize("length", ["0", "-1", "x", "1.5", "99999999999999999999", "0" * 11 + "9" * 12, "²"])
def test_a_length_that_is_none_is_refused(at_work: Workplace, refused: Callable[..., str], length: str):
    at_work.write("a.jsonl", as_lines([{"text": "a"}]))
    assert "--max-length" in refused("a.jsonl", *T, f"--max-length={length}")


def test_a_tokenizer_must_be_named(at_work: Workplace, refused: Callable[..., str]):
    at_work.write("a.jsonl", as_lines([{"text": "a"}]))
    assert "--tokenizer" in refused("a.jsonl")
    assert refused("a.jsonl", "--tokenizer", "gone.json").startswith("gone.json: no such file or folder")


@pytest.mark.parametrize("place", ["-", "/dev/stdout", "d", "c.jsonl.gz", "gone/c.jsonl"])
def test_a_place_where_no_file_can_be_is_refused(at_work: Workplace, refused: Callable[..., str], place: str):
    at_work.write("a.jsonl", as_lines([{"text": "a"}]))
    at_work.write("d/x.txt", "")
    assert place in refused("a.jsonl", *T, "--per-sample", place)
