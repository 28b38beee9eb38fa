#include "../render.hpp"
#include "../turn.hpp"

namespace tunegate {
namespace {

bool sniff(JsonValue record) {
  const JsonValue messages = record.find("messages");
  return messages && !messages.is_null();
}

void parse(Draft& draft) {
  read_turns(draft, draft.take("messages"), Part::kMain, "message");
  read_tools(draft);
}

void render(const Sample& sample, std::string& out, Losses& losses) {
  lose_preference(sample, losses);
  out += '{';
  render_turns(out, "messages", sample, Part::kMain, losses);
  render_tools(out, sample);
  render_rest(out, sample, {"messages", "tools", "functions"}, losses);
}

}  // namespace

/// Source: OpenAI fine-tuning guide, "chat format"; Hugging Face TRL, "conversational language modeling".
Format messages_format() {
  return {
      "messages",
      50,
      R"({"messages":[{"role":"system","content":"Be brief."},{"role":"user","content":"Capital of Norway?"},{"role":"assistant","content":"Oslo."}]})",
      sniff,
      parse,
      render};
}

}  // namespace tunegate
