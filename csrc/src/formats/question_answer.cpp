#include "../render.hpp"
#include "../turn.hpp"

namespace tunegate {
namespace {

bool sniff(JsonValue record) {
  const JsonValue answer = record.find("answer");
  return record.find("question").is(JsonKind::kString) && (answer.is(JsonKind::kString) || answer.is_null());
}

void parse(Draft& draft) {
  draft.add_turn(Part::kMain, "user", draft.take_text("question"));
  if (const auto answer = draft.take_text("answer")) draft.add_turn(Part::kMain, "assistant", answer);
}

void render(const Sample& sample, std::string& out, Losses& losses) {
  lose_preference(sample, losses);
  const Exchange exchange = one_exchange(sample, losses);
  if (exchange.system) losses.add("system prompt");
  if (!exchange.prompt) losses.add("that a turn is absent");
  out += '{';
  render_text(out, "question", exchange.prompt.value_or(""));
  if (exchange.response) {
    render_text(out, "answer", *exchange.response);
  } else {
    render_raw(out, "answer", "null");
  }
  render_rest(out, sample, {"question", "answer"}, losses);
}

}  // namespace

/// Source: grade-school-math (GSM8K), data/train.jsonl.
Format question_answer_format() {
  return {"question_answer", 20, R"({"question":"Capital of Norway?","answer":"Oslo."})", sniff, parse, render};
}

}  // namespace tunegate
