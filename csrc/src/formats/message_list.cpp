#include "../render.hpp"
#include "../turn.hpp"

namespace tunegate {
namespace {

bool sniff(JsonValue record) { return is_turn_list(record); }

void parse(Draft& draft) { read_turns(draft, draft.record, Part::kMain, "message"); }

void render(const Sample& sample, std::string& out, Losses& losses) {
  lose_preference(sample, losses);
  if (sample.tools) losses.add("tools");
  if (sample.metadata) losses.add("metadata");
  std::string object = "{";
  render_turns(object, "messages", sample, Part::kMain, losses);
  out += object.substr(std::string_view(R"({"messages":)").size());
}

}  // namespace

/// Source: xtuner, "openai_sft" fixture: the list of messages is the record.
Format message_list_format() {
  return {"message_list",
          90,
          R"([{"role":"user","content":"Capital of Norway?"},{"role":"assistant","content":"Oslo."}])",
          sniff,
          parse,
          render};
}

}  // namespace tunegate
