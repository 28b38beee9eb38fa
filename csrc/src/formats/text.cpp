#include "../render.hpp"
#include "../turn.hpp"

namespace tunegate {
namespace {

bool sniff(JsonValue record) { return record.find("text").is(JsonKind::kString); }

void parse(Draft& draft) { draft.add_turn(Part::kMain, "text", draft.take_text("text")); }

void render(const Sample& sample, std::string& out, Losses& losses) {
  lose_preference(sample, losses);
  lose_all_but_text(sample, losses);
  const bool is_text = sample.messages.size() == 1 && sample.messages[0].role == "text" && sample.messages[0].content;
  if (!is_text) losses.add("roles");
  std::string text;
  for (const Message& message : sample.messages) {
    if (message.part != Part::kMain || !message.content) continue;
    if (!text.empty()) text += '\n';
    text += *message.content;
  }
  out += '{';
  render_text(out, "text", text);
  render_rest(out, sample, {"text"}, losses);
}

}  // namespace

/// Source: Hugging Face TRL, "Dataset formats", standard language modeling.
Format text_format() { return {"text", 10, R"({"text":"Oslo is the capital of Norway."})", sniff, parse, render}; }

}  // namespace tunegate
