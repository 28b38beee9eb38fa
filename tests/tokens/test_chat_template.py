"""Chat templates: the text of `apply_chat_template`, what samples become, and what is said of templates that fail."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from tunegate import _core
from tunegate.errors import TokenizerError
from tunegate.tokens.chat_template import ChatTemplate, find_template, template_from_file
from tunegate.tokens.conversations import Conversation, conversations, rendered
from tunegate.tokens.model_files import find_model

template_environment = pytest.importorskip("tunegate.tokens.template_environment")

Messages = list[dict[str, Any]]

BYTES = Path(__file__).parents[1] / "data" / "tokenizers" / "bytes.json"
PHI3 = "tok-onnxruntime-ext/test/data/phi-3-mini"

CHATML = """{%- for message in messages %}
    {{- '<|im_start|>' + message.role + '\\n' }}
    {%- if message.role == 'assistant' %}
        {%- generation %}
            {%- if message.reasoning_content is string and message.reasoning_content %}
                {{- '<think>\\n' + message.reasoning_content.strip('\\n') + '\\n</think>\\n' }}
            {%- endif %}
            {{- message.content or '' }}
            {%- for call in message.tool_calls or [] %}
                {{- '<tool_call>\\n{"name": "' + call.function.name + '", "arguments": ' }}
                {{- call.function.arguments if call.function.arguments is string else call.function.arguments | tojson }}
                {{- '}\\n</tool_call>' }}
            {%- endfor %}
            {{- '<|im_end|>\\n' }}
        {%- endgeneration %}
    {%- else %}
        {{- message.content + '<|im_end|>\\n' }}
    {%- endif %}
{%- endfor %}
{%- if add_generation_prompt %}{{- '<|im_start|>assistant\\n' }}{%- endif %}
"""

LLAMA3 = """{{- bos_token }}
{#- The system message, with the tools in it. #}
{%- if not date_string is defined %}
    {%- set date_string = "26 Jul 2024" %}
{%- endif %}
{%- if messages[0]['role'] == 'system' %}
    {%- set system = messages[0]['content'] | trim %}
    {%- set messages = messages[1:] %}
{%- else %}
    {%- set system = "" %}
{%- endif %}
{{- "<|start_header_id|>system<|end_header_id|>\\n\\nToday Date: " + date_string + "\\n\\n" }}
{%- if tools is not none %}
    {%- for tool in tools %}
        {{- tool | tojson(indent=4) }}
        {{- "\\n\\n" }}
    {%- endfor %}
{%- endif %}
{{- system + eot }}
{%- set ns = namespace(users=0) %}
{% for message in messages %}
    {% if not (message.role == 'tool' or 'tool_calls' in message) %}
        {%- if message.role == 'user' %}{% set ns.users = ns.users + 1 %}{% endif %}
        {{- '<|start_header_id|>' + message['role'] + '<|end_header_id|>\\n\\n' + message['content'] | trim + eot }}
    {% elif 'tool_calls' in message %}
        {%- if not message.tool_calls | length == 1 %}
            {{- raise_exception("This model only supports single tool-calls at once!") }}
        {%- endif %}
        {%- set call = message.tool_calls[0].function %}
        {{- '{"name": "' + call.name + '", "parameters": ' }}{{- call.arguments | tojson }}{{- "}" + eot }}
    {% else %}
        {{- "<|start_header_id|>ipython<|end_header_id|>\\n\\n" }}
        {%- if message.content is mapping or message.content is iterable %}{{- message.content | tojson }}{%- else %}{{- message.content }}{%- endif %}
        {{- eot }}
    {% endif %}
{% endfor %}
{{ ns.users }}""".replace("eot", "'<|eot_id|>'")

MISTRAL = """{%- macro shown(tools) %}
    {%- for tool in tools %}
        {%- set tool = tool.function %}
        {{- '{"type": "function", "function": {' }}
        {%- for key, value in tool.items() if key != "return" %}
            {%- if value is string %}{{- '"' + key + '": "' + value + '"' }}{%- else %}{{- '"' + key + '": ' + value | tojson }}{%- endif %}
            {%- if not loop.last %}{{- ", " }}{%- endif %}
        {%- endfor %}
        {{- "}}" }}{% if not loop.last %}, {% endif %}
    {%- endfor %}
{%- endmacro %}
{%- set loop_messages = messages[1:] if messages[0]["role"] == "system" else messages %}
{{- bos_token }}
{%- for message in loop_messages | rejectattr("role", "equalto", "tool") | rejectattr("tool_calls", "defined") %}
    {%- if (message["role"] == "user") != (loop.index0 % 2 == 0) %}
        {{- raise_exception("After the optional system message, conversation roles must alternate user/assistant/user/assistant/...") }}
    {%- endif %}
{%- endfor %}
{%- for message in loop_messages %}
    {%- if message.role == "skip" %}{% continue %}{% endif %}
    {%- if message.role == "stop" %}{% break %}{% endif %}
    {%- if message.role == "user" %}
        {%- if tools is not none and loop.last %}{{- "[AVAILABLE_TOOLS] [" }}{{- shown(tools) }}{{- "][/AVAILABLE_TOOLS]" }}{%- endif %}
        {{- "[INST] " + message.content + "[/INST]" }}
    {%- elif message.tool_calls is defined and message.tool_calls is not none %}
        {{- "[TOOL_CALLS] " + (message.tool_calls | map(attribute="function") | list | tojson) + eos_token }}
    {%- elif message.role == "assistant" %}
        {{- " " + message.content | trim + eos_token }}
    {%- else %}
        {{- '[TOOL_RESULTS] {"content": ' + message.content | string + ', "call_id": "' + (message.tool_call_id or "") + '"}[/TOOL_RESULTS]' }}
    {%- endif %}
{%- endfor %}
"""

ODD = """{%- set ns = namespace(self=1, n=0) %}
{%- for m in messages if m.role != 'tool' %}
    {%- set ns.n = ns.n + loop.index0 * 2 ** 2 %}
    {{- m.thinking | default('-') }}|{{ m.reasoning_content | default('-') }}|{{ m.content is defined }};
{%- endfor %}
{{- ns.n }}{{ dict(a=ns.self) | items | list }}{{ dict.fromkeys('ab', 1) }}{{ '%5s' % 'x' }}{{ 'ab' * 3 }}
{%- macro deep(n) %}{% if n %}<{{ deep(n - 1) }}{% endif %}{% endmacro %}{{ deep(5) }}
{%- for m in messages recursive %}{{ m.role[0] if m.role is defined else m }}{% if m.role is defined %}{{ loop([m.role | length]) }}{% endif %}{% endfor %}
{%- filter upper %}{% call(x) deep2() %}{{ x }}{% endcall %}{% endfilter %}
{%- for k, v in {'b': 1, 'a': [1]} | dictsort %}{{ k ~ v }}{{ loop.last }}{{ loop.cycle('o', 'e') }}{{ loop.previtem is defined }}{% else %}none{% endfor %}
""".replace("{% call(x) deep2() %}{{ x }}{% endcall %}", "a{{ '<b>' | e }}")

PLAIN = """
  {% for m in messages %}
    {{ loop.index }}/{{ loop.length }} {{ m.role }}: {{ m.content }}
  {# a comment #}
  {% endfor %}
{{ documents | length if documents else 'no documents' }} {{ pad_token }}|{{ missing }}|{{ range(3) | list }}
"""

FLIGHT = {
    "type": "function",
    "function": {
        "name": "book",
        "description": 'Books <a> flight & "more"; żółw',
        "parameters": {"type": "object", "properties": {"to": {"type": "string"}}, "required": ["to"]},
    },
}
CALL = {
    "id": "abc123def",
    "type": "function",
    "function": {"name": "book", "arguments": {"to": "Łódź", "n": [1, 2.5, None]}},
}

CHATS: dict[str, Messages] = {
    "one exchange": [{"role": "user", "content": "  Hi <b> & 'you' \n"}, {"role": "assistant", "content": "Hello.\n"}],
    "system": [
        {"role": "system", "content": " Be brief. "},
        {"role": "user", "content": "中文 🙂"},
        {"role": "assistant", "content": "答え", "reasoning_content": "\nhm\n"},
        {"role": "user", "content": ""},
    ],
    "tools": [
        {"role": "user", "content": "Fly"},
        {"role": "assistant", "content": None, "tool_calls": [CALL]},
        {"role": "tool", "content": '{"ok": true}', "tool_call_id": "abc123def", "name": "book"},
        {"role": "assistant", "content": "Booked."},
    ],
}


@pytest.fixture
def reference(tmp_path: Path) -> Callable[..., str]:
    """The text that transformers makes of a chat."""
    transformers = pytest.importorskip("transformers")
    tokens = {"bos_token": "<s>", "eos_token": "</s>", "pad_token": "<pad>"}
    tokenizer = transformers.PreTrainedTokenizerFast(tokenizer_file=str(BYTES), **tokens)

    def render(template: str, messages: Messages, **more: Any) -> str:
        text = tokenizer.apply_chat_template(messages, chat_template=template, tokenize=False, **more)
        assert isinstance(text, str)
        return text

    return render


TOKENS = {"bos_token": "<s>", "eos_token": "</s>", "pad_token": "<pad>"}


# The text of transformers


@pytest.mark.parametrize("add_generation_prompt", [False, True])
@pytest.mark.parametrize("tools", [None, [FLIGHT]])
@pytest.mark.parametrize("chat", CHATS)
@pytest.mark.parametrize(
    "template", [CHATML, LLAMA3, MISTRAL, ODD, PLAIN], ids=["chatml", "llama3", "mistral", "odd", "plain"]
)
def test_a_template_renders_as_transformers_renders_it(
    reference: Callable[..., str], template: str, chat: str, tools: list[Any] | None, *, add_generation_prompt: bool
):
    ours = ChatTemplate(template, "t", TOKENS).render(CHATS[chat], tools, add_generation_prompt=add_generation_prompt)
    assert ours == reference(template, CHATS[chat], tools=tools, add_generation_prompt=add_generation_prompt)
    assert ours


def test_documents_are_given_to_the_template(reference: Callable[..., str]):
    documents = [{"title": "t", "text": "x"}]
    chat = CHATS["one exchange"]
    assert ChatTemplate(PLAIN, "t", TOKENS).render(chat, documents=documents) == reference(
        PLAIN, chat, documents=documents
    )


def test_a_real_model_folder_renders_as_transformers_loads_it(shared_data: Path):
    transformers = pytest.importorskip("transformers")
    folder = shared_data / PHI3
    theirs = transformers.PreTrainedTokenizerFast.from_pretrained(folder)
    template = find_template(find_model(str(folder)))
    assert template is not None
    assert template.special_tokens == theirs.special_tokens_map
    for chat in ("one exchange", "system"):
        assert template.render(CHATS[chat]) == theirs.apply_chat_template(CHATS[chat], tokenize=False)


def test_the_template_of_phi_3_writes_its_markers_and_the_end(shared_data: Path):
    template = find_template(find_model(str(shared_data / PHI3)))
    assert template is not None
    chat = [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]
    assert template.render(chat) == "<|user|>\na<|end|>\n<|assistant|>\nb<|end|>\n<|endoftext|>"
    assert template.render(chat[:1], add_generation_prompt=True) == "<|user|>\na<|end|>\n<|assistant|>\n"


def test_named_templates_are_chosen_as_transformers_chooses_them(tmp_path: Path):
    transformers = pytest.importorskip("transformers")
    named = [{"name": "default", "template": "plain"}, {"name": "tool_use", "template": "with tools"}]
    (tmp_path / "tokenizer.json").write_bytes(BYTES.read_bytes())
    (tmp_path / "tokenizer_config.json").write_text(
        json.dumps({"tokenizer_class": "PreTrainedTokenizerFast", "chat_template": named})
    )
    theirs = transformers.PreTrainedTokenizerFast.from_pretrained(tmp_path)
    template = find_template(find_model(str(tmp_path)))
    assert template is not None
    for tools in (None, [FLIGHT]):
        chat = CHATS["one exchange"]
        assert template.render(chat, tools) == theirs.apply_chat_template(chat, tools=tools, tokenize=False)


# By hand, without transformers


def text_of(template: str, messages: Messages | None = None, **more: Any) -> str:
    return ChatTemplate(template, "t.jinja", TOKENS).render(messages or [], **more)


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ("{% for i in range(3) %}\n  {{ i }}\n{% endfor %}\n", "  0\n  1\n  2\n"),  # blocks take their line with them
        ("  {% if true %}\nx{% endif %}", "x"),
        ("{{ {'a': '<é>', 'b': [1, None, True]} | tojson }}", '{"a": "<é>", "b": [1, null, true]}'),
        ("{{ {'b': 1, 'a': 2} | tojson(sort_keys=true, separators=(',', ':')) }}", '{"a":2,"b":1}'),
        ("{{ 'é' | tojson(ensure_ascii=true) }}", '"\\u00e9"'),
        ("{{ [1] | tojson(indent=2) }}", "[\n  1\n]"),
        (
            "{% for i in range(9) %}{% if i == 1 %}{% continue %}{% elif i == 3 %}{% break %}{% endif %}{{ i }}{% endfor %}",
            "02",
        ),
        ("{% generation %}a{% endgeneration %}b", "ab"),
        ("{{ bos_token }}{{ unk_token }}|{{ nothing }}", "<s>|"),
        ("{{ '<' ~ '&' }}", "<&"),  # nothing is escaped
        ("{{ tools is none }} {{ documents is none }} {{ add_generation_prompt }}", "True True False"),
        ("{{ strftime_now('%Y') | length }}", "4"),
        ("{{ 'ab' * 3 }} {{ 2 ** 10 }}", "ababab 1024"),
        ("{% set ns = namespace(a=1) %}{% set ns.b = 2 %}{{ ns.a + ns.b }}", "3"),
    ],
)
def test_the_environment_is_that_of_chat_templates(template: str, expected: str):
    assert text_of(template) == expected


def test_special_tokens_may_be_texts_or_objects(tmp_path: Path):
    config = {
        "bos_token": {"content": "<s>", "lstrip": False, "__type": "AddedToken"},
        "eos_token": "</s>",
        "unk_token": None,
        "model_max_length": 4096,
        "add_bos_token": True,
        "audio_token": "<audio>",
        "extra_special_tokens": {"image": "<image>"},
        "chat_template": "{{ bos_token }}{{ eos_token }}{{ unk_token }}{{ image }}{{ audio_token }}{{ model_max_length }}",
    }
    (tmp_path / "tokenizer.json").write_bytes(BYTES.read_bytes())
    (tmp_path / "tokenizer_config.json").write_text(json.dumps(config))
    template = find_template(find_model(str(tmp_path)))
    assert template is not None
    assert template.render([]) == "<s></s><image><audio>"


def test_the_template_file_of_a_folder_goes_before_its_config(tmp_path: Path):
    (tmp_path / "tokenizer.json").write_bytes(BYTES.read_bytes())
    (tmp_path / "tokenizer_config.json").write_text('{"chat_template": "config", "bos_token": "<s>"}')
    (tmp_path / "chat_template.jinja").write_text("file {{ bos_token }}")
    model = find_model(str(tmp_path))
    template = find_template(model)
    assert template is not None
    assert template.render([]) == "file <s>"
    (tmp_path / "mine.jinja").write_text("mine {{ bos_token }}")
    assert template_from_file(tmp_path / "mine.jinja", model).render([]) == "mine <s>"


# What samples become


@pytest.fixture
def of_record(tmp_path: Path) -> Callable[[dict[str, Any]], list[Conversation]]:
    """The conversations of one record."""

    def read(record: dict[str, Any]) -> list[Conversation]:
        path = tmp_path / "record.jsonl"
        path.write_text(json.dumps(record) + "\n", encoding="utf-8")
        batch = _core.SourceReader(str(path), lines=True).next()
        assert batch is not None
        return list(conversations(pl.DataFrame(batch.samples), pl.DataFrame(batch.messages)))

    return read


def test_messages_stay_as_they_were_and_arguments_become_objects(of_record: Callable[..., list[Conversation]]):
    written = {"name": "f", "arguments": '{"to": "x"}'}
    turns = [
        {"role": "user", "content": "q", "custom": {"k": [1]}},
        {
            "role": "assistant",
            "content": None,
            "reasoning_content": "r",
            "tool_calls": [{"id": "1", "type": "function", "function": written}],
        },
        {"role": "tool", "content": "out", "tool_call_id": "1", "name": "f"},
        {"role": "assistant", "content": "a"},
    ]
    (made,) = of_record({"messages": turns, "tools": [FLIGHT]})
    call = {"id": "1", "type": "function", "function": {"name": "f", "arguments": {"to": "x"}}}
    assert made.messages() == [
        {"role": "user", "content": "q", "custom": {"k": [1]}},
        {"role": "assistant", "reasoning_content": "r", "tool_calls": [call]},
        {"role": "tool", "content": "out", "tool_call_id": "1", "name": "f"},
        {"role": "assistant", "content": "a"},
    ]
    assert rendered(ChatTemplate("{{ tools[0].function.name }}", "t"), made) == "book"


@pytest.mark.parametrize("arguments", ["not json", "[1]", "5", ""])
def test_arguments_that_are_no_object_stay_as_written(of_record: Callable[..., list[Conversation]], arguments: str):
    call = {"type": "function", "function": {"name": "f", "arguments": arguments}}
    (made,) = of_record(
        {"messages": [{"role": "user", "content": "q"}, {"role": "assistant", "content": "a", "tool_calls": [call]}]}
    )
    assert made.messages()[1]["tool_calls"] == [call]


def test_a_preference_pair_is_two_conversations(of_record: Callable[..., list[Conversation]]):
    made = of_record({"prompt": "q", "chosen": "good", "rejected": "bad"})
    assert [[turn["content"] for turn in one.messages()] for one in made] == [["q", "good"], ["q", "bad"]]


def test_a_text_is_rendered_by_no_template(of_record: Callable[..., list[Conversation]]):
    (made,) = of_record({"text": "as it stands"})
    assert rendered(ChatTemplate("{{ raise_exception('no') }}", "t"), made) == "as it stands"


def test_images_come_before_the_text_of_their_turn(of_record: Callable[..., list[Conversation]]):
    image = {"type": "image_url", "image_url": {"url": "x.png"}}
    (made,) = of_record({"messages": [{"role": "user", "content": [{"type": "text", "text": "what?"}, image]}]})
    assert made.messages() == [{"role": "user", "content": [image, {"type": "text", "text": "what?"}]}]


def test_a_lone_surrogate_in_a_tool_call_is_an_error(of_record: Callable[..., list[Conversation]]):
    call = {"type": "function", "function": {"name": "f", "arguments": {"x": "\ud800"}}}
    (made,) = of_record({"messages": [{"role": "assistant", "content": "a", "tool_calls": [call]}]})
    with pytest.raises(TokenizerError, match="lone surrogate"):
        rendered(ChatTemplate("{{ messages[0].tool_calls | tojson }}", "t"), made)


# Templates that fail


def fault(template: str, messages: Messages | None = None) -> str:
    with pytest.raises(TokenizerError) as raised:
        text_of(template, messages)
    said = str(raised.value)
    assert "\n" not in said
    return said


SECRET = [{"role": "user", "content": "SECRET"}]


@pytest.mark.parametrize(
    ("template", "said"),
    [
        ("\n{{ raise_exception('Roles must alternate') }}", 'refuses it at its line 2: "Roles must alternate"'),
        ("{{ raise_exception('Unknown: ' ~ messages[0].content) }}", "refuses it at its line 1"),
        ("{{ messages[0].content.missing.deep }}", "fails at its line 1: it uses what is not there"),
        ("{{ {}[messages[0].content].x }}", "fails at its line 1: it uses what is not there"),
        ("{{ 1 + messages[0].content }}", "fails at its line 1: it raises TypeError"),
        ("\n\n{{ 1 / 0 }}", "fails at its line 3: it raises ZeroDivisionError"),
        ("{{ messages.append(1) }}", "fails at its line 1: it does what the sandbox forbids"),
        ("{% set ns = namespace() %}{% set ns._a = 1 %}", "fails at its line 1: it does what the sandbox forbids"),
        ("{{ ''.__class__.__mro__ }}", "fails at its line 1: it does what the sandbox forbids"),
        ("{% for i in range(100001) %}{% endfor %}", "fails at its line 1: it counts too far"),
        ("{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}", "fails at its line 1: it calls itself without end"),
        ("{{ 'a' * 999999999 * 999999999 }}", "makes a text or a list of more than"),
        ("{{ 999999999 * 'a' }}", "makes a text or a list of more than"),
        ("{{ 7 ** 99999999 }}", "makes a number of more than"),
    ],
)
def test_a_template_that_fails_says_how_without_the_text_of_the_sample(template: str, said: str):
    found = fault(template, SECRET)
    assert found.startswith("the chat template t.jinja ")
    assert said in found
    assert "SECRET" not in found


ENDLESS = "{% for i in range(99999) %}{% for j in range(99999) %}{% for k in range(99999) %}%s{% endfor %}{% endfor %}{% endfor %}"


@pytest.mark.parametrize("body", ["", "x", "{% set a = i * j %}", "{% if k > 5 %}{% continue %}{% endif %}"])
def test_loops_that_do_not_end_are_stopped(monkeypatch: pytest.MonkeyPatch, body: str):
    monkeypatch.setattr(template_environment, "RENDER_SECONDS", 0.2)
    monkeypatch.setattr(template_environment, "MOST_CHARACTERS", 100_000_000)
    assert "it may loop without end" in fault(ENDLESS.replace("%s", body))


def test_macros_that_call_each_other_for_ever_are_stopped(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(template_environment, "RENDER_SECONDS", 0.2)
    twice = "{% macro f(n) %}{% if n %}{{ f(n - 1) }}{{ f(n - 1) }}{% endif %}{% endmacro %}{{ f(60) }}"
    assert "it may loop without end" in fault(twice)


def test_more_text_than_any_conversation_needs_is_stopped(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(template_environment, "MOST_CHARACTERS", 1000)
    assert text_of("{% for i in range(100) %}123456789 {% endfor %}") == "123456789 " * 100
    assert "renders more than 1,000 characters" in fault("{% for i in range(101) %}123456789 {% endfor %}")


@pytest.mark.parametrize(
    ("template", "said"),
    [
        ("{{ messages", "t.jinja line 1 is no valid Jinja: "),
        ("\n{% for m in messages %}\n", "t.jinja line 2 is no valid Jinja: "),
        ("{% unknown %}", "t.jinja line 1 is no valid Jinja: Encountered unknown tag 'unknown'"),
        ("{{ 1 | no_such_filter }}", "t.jinja line 1 is no valid Jinja: No filter named 'no_such_filter'"),
        ("{% break %}", "t.jinja"),
        ("{% generation %}x", "t.jinja line 1 is no valid Jinja: "),
        ("{{ " + "(" * 5000, "t.jinja"),
    ],
)
def test_a_template_that_is_no_jinja_names_its_file(template: str, said: str):
    found = fault(template)
    assert found.startswith(said)
    assert "is no valid Jinja" in found


@pytest.mark.parametrize(
    ("config", "said"),
    [
        ("{", "is no valid JSON, at line 1"),
        ("[" * 200_000, "is no valid JSON"),
        ("[]", "holds a list, expected a JSON object"),
        ('{"chat_template": 5}', '"chat_template" is neither a text nor'),
        ('{"chat_template": [{"name": "default"}]}', '"chat_template" is neither a text nor'),
        ('{"chat_template": [{"name": "rag", "template": "x"}]}', 'has no chat template "default", only rag'),
        ('{"chat_template": []}', 'has no chat template "default", only none'),
    ],
)
def test_a_damaged_config_is_named(tmp_path: Path, config: str, said: str):
    (tmp_path / "tokenizer.json").write_bytes(BYTES.read_bytes())
    (tmp_path / "tokenizer_config.json").write_text(config)
    with pytest.raises(TokenizerError) as raised:
        find_template(find_model(str(tmp_path)))
    assert str(raised.value).startswith(str(tmp_path / "tokenizer_config.json"))
    assert said in str(raised.value)


def test_a_template_file_that_cannot_be_read_is_named(tmp_path: Path):
    (tmp_path / "tokenizer.json").write_bytes(BYTES.read_bytes())
    model = find_model(str(tmp_path))
    with pytest.raises(TokenizerError, match=r"gone\.jinja: No such file"):
        template_from_file(tmp_path / "gone.jinja", model)
    (tmp_path / "latin.jinja").write_bytes(b"caf\xe9")
    with pytest.raises(TokenizerError, match=r"latin\.jinja is not UTF-8 at byte 4"):
        template_from_file(tmp_path / "latin.jinja", model)
