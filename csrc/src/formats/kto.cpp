#include "../render.hpp"
#include "../turn.hpp"
#include "prompt_completion.hpp"

namespace tunegate {
namespace {

std::string_view label_key(JsonValue record) {
  return record.find("label").is_boolean() ? "label" : record.find("kto_tag").is_boolean() ? "kto_tag" : "";
}

bool sniff(JsonValue record) {
  if (label_key(record).empty()) return false;
  const JsonValue messages = record.find("messages");
  return messages.is(JsonKind::kArray) || has_prompt_and_completion(record);
}

void parse(Draft& draft) {
  draft.sample.label = draft.take(label_key(draft.record)).is(JsonKind::kTrue);
  if (const JsonValue messages = draft.take("messages"); messages.is(JsonKind::kArray)) {
    read_turns(draft, messages, Part::kMain, "message");
    read_tools(draft);
  } else {
    parse_prompt_completion(draft);
  }
}

void render(const Sample& sample, std::string& out, Losses& losses) {
  if (sample.count(Part::kChosen) + sample.count(Part::kRejected) > 0) losses.add("chosen and rejected");
  if (!sample.label) losses.add("that there is no label");
  render_prompt_completion(sample, out, losses);
  render_raw(out, "label", sample.label.value_or(true) ? "true" : "false");
  render_rest(out, sample, {"prompt", "completion", "response", "messages", "label", "kto_tag", "tools", "functions"},
              losses);
}

}  // namespace

/// Source: Hugging Face TRL, "Dataset formats", unpaired preference; LLaMA-Factory, data/README, "KTO".
Format kto_format() {
  return {"kto", 80, R"({"prompt":"Capital of Norway?","completion":"Oslo.","label":true})", sniff, parse, render};
}

}  // namespace tunegate
