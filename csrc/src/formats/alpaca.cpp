#include "../render.hpp"
#include "../turn.hpp"

namespace tunegate {
namespace {

bool sniff(JsonValue record) {
  return record.find("instruction").is(JsonKind::kString) &&
         (record.find("output") || record.find("response") || record.find("input"));
}

bool is_blank(std::string_view text) { return text.find_first_not_of(" \t\r\n") == std::string_view::npos; }

std::string_view history_text(Draft& draft, JsonValue value) {
  const auto text = value.text(draft.arena);
  if (!text) throw RecordError("wrong type: \"history\" holds no pairs of strings");
  return *text;
}

void read_history(Draft& draft) {
  const JsonValue history = draft.take("history");
  if (!history) return;
  if (!history.is(JsonKind::kArray)) throw RecordError("wrong type: \"history\" is no list of pairs");
  for (JsonValue pair = history.first(); pair; pair = pair.next()) {
    const JsonValue prompt = pair.is(JsonKind::kArray) ? pair.first() : JsonValue();
    if (!prompt || !prompt.next()) throw RecordError("wrong type: \"history\" holds no pairs of strings");
    draft.add_turn(Part::kMain, "user", history_text(draft, prompt));
    draft.add_turn(Part::kMain, "assistant", history_text(draft, prompt.next()));
  }
}

std::string_view prompt_text(Draft& draft) {
  const auto instruction = draft.take_text("instruction").value_or("");
  const auto input = draft.take_text("input");
  if (!input || is_blank(*input)) return instruction;
  return draft.arena.copy(std::string(instruction) + "\n" + std::string(*input));
}

void parse(Draft& draft) {
  const auto system = draft.take_text("system");
  if (system && !system->empty()) draft.add_turn(Part::kMain, "system", system);
  read_history(draft);
  draft.add_turn(Part::kMain, "user", prompt_text(draft));
  auto response = draft.take_text("output");
  if (!response) response = draft.take_text("response");
  if (response) draft.add_turn(Part::kMain, "assistant", response);
}

void render(const Sample& sample, std::string& out, Losses& losses) {
  lose_preference(sample, losses);
  const Exchange exchange = one_exchange(sample, losses);
  if (!exchange.prompt) losses.add("that a turn is absent");
  if (exchange.system && exchange.system->empty()) losses.add("an empty system prompt");
  out += '{';
  if (exchange.system) render_text(out, "system", *exchange.system);
  render_text(out, "instruction", exchange.prompt.value_or(""));
  render_text(out, "input", "");
  if (exchange.response) render_text(out, "output", *exchange.response);
  render_rest(out, sample, {"system", "instruction", "input", "output", "response", "history"}, losses);
}

}  // namespace

/// The prompt is the instruction and, unless blank, the input on the next line, as LLaMA-Factory joins them.
/// Source: Stanford Alpaca, README, "Data release"; LLaMA-Factory, data/README, "Alpaca format".
Format alpaca_format() {
  return {"alpaca", 30,    R"({"instruction":"Name the capital.","input":"Norway","output":"Oslo."})",
          sniff,    parse, render};
}

}  // namespace tunegate
