#include "prompt_completion.hpp"

#include "../render.hpp"
#include "../turn.hpp"

namespace tunegate {
namespace {

std::string_view completion_key(JsonValue record) {
  const JsonValue completion = record.find("completion");
  return completion && !completion.is_null() ? "completion" : "response";
}

bool is_side(JsonValue value) { return value.is(JsonKind::kString) || is_turn_list(value); }

void read_side(Draft& draft, std::string_view key, std::string_view role) {
  const JsonValue value = draft.take(key);
  if (value.is(JsonKind::kArray)) {
    read_turns(draft, value, Part::kMain, std::string(key) + " message");
  } else if (value) {
    draft.add_turn(Part::kMain, role, draft.take_text(key));
  }
}

void render(const Sample& sample, std::string& out, Losses& losses) {
  lose_preference(sample, losses);
  render_prompt_completion(sample, out, losses);
  render_rest(out, sample, {"prompt", "completion", "response", "tools", "functions"}, losses);
}

}  // namespace

bool has_prompt_and_completion(JsonValue record) {
  const JsonValue completion = record.find(completion_key(record));
  const bool is_absent = record.find("completion").is_null() && !completion;  // null: the response is missing
  return is_side(record.find("prompt")) && (is_side(completion) || completion.is_null() || is_absent);
}

void parse_prompt_completion(Draft& draft) {
  read_side(draft, "prompt", "user");
  const std::string_view completion = completion_key(draft.record);
  if (completion != "completion") draft.take("completion");  // null, which is no metadata
  read_side(draft, completion, "assistant");
  read_tools(draft);
}

void render_prompt_completion(const Sample& sample, std::string& out, Losses& losses) {
  Sample prompt = sample, completion = sample;
  const bool answered = !sample.messages.empty() && sample.messages.back().role == "assistant";
  const auto last = sample.messages.end() - (answered ? 1 : 0);
  prompt.messages.assign(sample.messages.begin(), last);
  completion.messages.assign(last, sample.messages.end());
  if (prompt.messages.empty()) losses.add("that a turn is absent");
  out += '{';
  render_turns(out, "prompt", prompt, Part::kMain, losses);
  if (answered) {
    render_turns(out, "completion", completion, Part::kMain, losses);
  } else {
    render_raw(out, "completion", "null");
  }
  render_tools(out, sample);
}

/// Source: Hugging Face TRL, "Dataset formats", prompt-completion, standard and conversational.
Format prompt_completion_format() {
  return {"prompt_completion",
          40,
          R"({"prompt":"Capital of Norway?","completion":"Oslo."})",
          has_prompt_and_completion,
          parse_prompt_completion,
          render};
}

}  // namespace tunegate
