#include <algorithm>

#include "../render.hpp"
#include "../turn.hpp"

namespace tunegate {
namespace {

bool is_branch(JsonValue value) {
  return value.is(JsonKind::kString) || value.is(JsonKind::kObject) || value.is(JsonKind::kArray);
}

bool sniff(JsonValue record) {
  const JsonValue turns = record.find("conversations");
  if (turns && !turns.is_null()) return false;  // ShareGPT with branches
  return is_branch(record.find("chosen")) || is_branch(record.find("rejected")) ||
         (is_turn_list(record.find("chosen_messages")) && is_turn_list(record.find("rejected_messages")));
}

constexpr std::string_view kHuman = "\n\nHuman:", kAssistant = "\n\nAssistant:";

/// The next "\n\nHuman:" or "\n\nAssistant:" at or after `from`, npos when there is none.
std::size_t next_marker(std::string_view text, std::size_t from) {
  return std::min(text.find(kHuman, from), text.find(kAssistant, from));
}

/// Splits a transcript of Anthropic's hh-rlhf into turns; one space after a marker belongs to it.
void read_transcript(Draft& draft, std::string_view text, Part part) {
  for (std::size_t at = 0; at < text.size();) {
    const bool human = text.substr(at).starts_with(kHuman);
    const std::size_t begin = at + (human ? kHuman : kAssistant).size();
    at = std::min(next_marker(text, begin), text.size());
    std::string_view content = text.substr(begin, at - begin);
    if (content.starts_with(' ')) content.remove_prefix(1);
    draft.add_turn(part, human ? "user" : "assistant", content);
  }
}

void read_branch(Draft& draft, std::string_view key, Part part, bool has_prompt) {
  const JsonValue value = draft.take(key);
  if (!value) return;
  if (value.is(JsonKind::kObject)) return read_turn(draft, value, part, std::string(key) + " message");
  if (value.is(JsonKind::kArray)) return read_turns(draft, value, part, std::string(key) + " message");
  const auto text = draft.take_text(key);
  if (!has_prompt && next_marker(*text, 0) == 0) return read_transcript(draft, *text, part);
  draft.add_turn(part, "assistant", text);
}

/// The prompt under `prompt`, or as Alpaca writes it; false when the record has none of its own.
bool read_prompt(Draft& draft) {
  const JsonValue prompt = draft.take("prompt");
  if (prompt.is(JsonKind::kArray)) {
    read_turns(draft, prompt, Part::kMain, "prompt message");
    return true;
  }
  auto text = draft.take_text("prompt");
  if (!text) text = draft.take_text("instruction");
  if (!text) text = draft.take_text("question");
  if (!text) return false;
  const auto input = prompt ? std::nullopt : draft.take_text("input");
  if (input && !input->empty()) text = draft.arena.copy(std::string(*text) + "\n" + std::string(*input));
  if (const auto system = draft.take_text("system"); system && !system->empty()) {
    draft.add_turn(Part::kMain, "system", system);
  }
  draft.add_turn(Part::kMain, "user", text);
  return true;
}

bool same_turn(const Message& a, const Message& b) {
  return a.role == b.role && a.content == b.content && a.reasoning == b.reasoning && a.tool_calls == b.tool_calls &&
         a.tool_call_id == b.tool_call_id && a.name == b.name && a.media == b.media;
}

using Turns = std::vector<Message>;

bool starts_with(const Turns& turns, const Turns& head) {
  return turns.size() > head.size() && std::equal(head.begin(), head.end(), turns.begin(), same_turn);
}

std::size_t shared_head(const Turns& a, const Turns& b) {
  const std::size_t most = std::min(a.size(), b.size());
  std::size_t shared = 0;
  while (shared + 1 < most && same_turn(a[shared], b[shared])) ++shared;
  return shared;
}

Turns take_part(const Sample& sample, Part part) {
  Turns turns;
  std::copy_if(sample.messages.begin(), sample.messages.end(), std::back_inserter(turns),
               [part](const Message& message) { return message.part == part; });
  return turns;
}

/// Whether a branch begins with the prompt, or with a system turn and the prompt.
bool repeats(const Turns& branch, const Turns& prompt) {
  if (starts_with(branch, prompt)) return true;
  return !branch.empty() && branch.front().role == "system" && starts_with({branch.begin() + 1, branch.end()}, prompt);
}

/// Many sets repeat the prompt in both branches, or hold it only there: what both branches share at their
/// start becomes the main part. The last turn of a branch always stays in it.
void share_prompt(Sample& sample) {
  Turns main = take_part(sample, Part::kMain), chosen = take_part(sample, Part::kChosen),
        rejected = take_part(sample, Part::kRejected);
  std::size_t shared = 0;
  if (repeats(chosen, main) && repeats(rejected, main) && shared_head(chosen, rejected) >= main.size()) {
    shared = shared_head(chosen, rejected);
    main.assign(chosen.begin(), chosen.begin() + static_cast<std::ptrdiff_t>(shared));
  }
  for (Message& message : main) message.part = Part::kMain;
  sample.messages = std::move(main);
  const auto skip = static_cast<std::ptrdiff_t>(shared);
  sample.messages.insert(sample.messages.end(), chosen.begin() + skip, chosen.end());
  sample.messages.insert(sample.messages.end(), rejected.begin() + skip, rejected.end());
}

void parse(Draft& draft) {
  const bool has_prompt = read_prompt(draft);
  const bool is_list_pair = is_turn_list(draft.record.find("chosen_messages"));
  read_branch(draft, is_list_pair ? "chosen_messages" : "chosen", Part::kChosen, has_prompt);
  read_branch(draft, is_list_pair ? "rejected_messages" : "rejected", Part::kRejected, has_prompt);
  share_prompt(draft.sample);
  read_tools(draft);
}

void render(const Sample& sample, std::string& out, Losses& losses) {
  if (sample.label) losses.add("label");
  out += '{';
  render_turns(out, "prompt", sample, Part::kMain, losses);
  if (sample.count(Part::kChosen) > 0) render_turns(out, "chosen", sample, Part::kChosen, losses);
  if (sample.count(Part::kRejected) > 0) render_turns(out, "rejected", sample, Part::kRejected, losses);
  if (sample.count(Part::kChosen) + sample.count(Part::kRejected) == 0) {
    losses.add("that there is no chosen and rejected");
    render_raw(out, "chosen", "[]");
  }
  render_tools(out, sample);
  render_rest(out, sample,
              {"prompt", "chosen", "rejected", "instruction", "question", "input", "system", "chosen_messages",
               "rejected_messages", "tools", "functions"},
              losses);
}

}  // namespace

/// Source: Hugging Face TRL, "Dataset formats", preference with explicit and implicit prompt; Anthropic
/// hh-rlhf, README (transcripts); LLaMA-Factory, data/v1_dpo_demo.jsonl (chosen_messages).
Format preference_format() {
  return {"preference", 70,    R"({"prompt":"Capital of Norway?","chosen":"Oslo.","rejected":"Bergen."})",
          sniff,        parse, render};
}

}  // namespace tunegate
