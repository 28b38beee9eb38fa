"""Template residue by turn; the rules themselves are tested in csrc/tests/template_leak_test.cpp."""

from tunegate.signals import template_leaks


def test_first_leak_is_placed_in_characters_of_its_turn(batch):
    turns = [
        {"role": "user", "content": "tell me"},
        {"role": "assistant", "content": "Thé ☕<|im_end|>\n<|im_start|>user"},
        {"role": "user", "content": "[INST] more"},
    ]
    assert template_leaks.compute(batch(turns)).row(0) == (10, 2, 1, "main", "<|im_end|>", 5, 15)


def test_label_counts_by_the_role_of_its_turn(batch):
    def label(role, content):
        return template_leaks.compute(batch([{"role": role, "content": content}]))["marker"].to_list()[0]

    assert label("user", "User: What is the capital of France?") == "User:"
    assert label("assistant", "User: What is the capital of France?") is None
    assert label("narrator", "User: What is the capital of France?") is None


def test_texts_and_tool_results_are_not_looked_at(batch):
    turns = [{"role": role, "content": "<|im_end|>"} for role in ("text", "tool")]
    assert template_leaks.compute(batch(turns))["leaks"].to_list() == [0]


def test_leak_in_a_branch_names_the_branch(batch):
    turns = [
        {"role": "user", "content": "Hi"},
        {"role": "assistant", "content": "Hello", "part": "chosen"},
        {"role": "assistant", "content": "Hello</s>", "part": "rejected"},
    ]
    assert template_leaks.compute(batch(turns)).row(0) == (10, 1, 1, "rejected", "</s>", 5, 9)
