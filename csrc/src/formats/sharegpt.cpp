#include "../render.hpp"
#include "../turn.hpp"

namespace tunegate {
namespace {

bool sniff(JsonValue record) {
  const JsonValue turns = record.find("conversations");
  return turns && !turns.is_null();
}

void read_branch(Draft& draft, std::string_view key, Part part) {
  const JsonValue branch = draft.take(key);
  if (!branch) return;
  if (branch.is(JsonKind::kString)) {
    draft.add_turn(part, "assistant", draft.take_text(key));
  } else if (branch.is(JsonKind::kArray)) {
    read_turns(draft, branch, part, std::string(key) + " turn");
  } else {
    read_turn(draft, branch, part, std::string(key) + " turn");
  }
}

void parse(Draft& draft) {
  const auto system = draft.take_text("system");
  if (system && !system->empty()) draft.add_turn(Part::kMain, "system", system);
  read_turns(draft, draft.take("conversations"), Part::kMain, "turn");
  read_branch(draft, "chosen", Part::kChosen);
  read_branch(draft, "rejected", Part::kRejected);
  read_tools(draft);
}

std::string_view speaker(std::string_view role) {
  if (role == "user") return "human";
  if (role == "assistant") return "gpt";
  if (role == "tool") return "observation";
  return role;
}

/// Whether a call is `{"type":"function","function":...}` and no more, as a function_call turn is read.
bool is_plain_call(JsonValue call) {
  std::size_t members = 0;
  for (JsonValue key = call.is(JsonKind::kObject) ? call.first() : JsonValue(); key; key = key.next().next()) ++members;
  const JsonValue function = call.find("function");
  return members == 2 && call.find("type").equals("function") && function &&
         !(function.is(JsonKind::kArray) && function.first());
}

/// A call that was text which is no JSON.
std::optional<std::string> text_call(JsonValue call) {
  TextArena arena;
  const auto text = call.text(arena);
  if (!text || !JsonDocument().parse(*text)) return std::nullopt;
  return std::string(*text);
}

/// The text of a call list with exactly one call, which is all a function_call turn can hold.
std::string single_call(std::string_view calls, Losses& losses) {
  JsonDocument parsed;
  if (parsed.parse(calls)) return std::string(calls);
  const JsonValue call = parsed.root().first();
  if (!call || call.next()) losses.add("several tool calls in one turn");
  if (call.find("id")) losses.add("tool call ids");
  if (auto text = text_call(call)) return *text;
  if (!is_plain_call(call)) losses.add("tool calls of another form");
  const JsonValue function = call.find("function");
  return std::string(function ? function.raw() : parsed.root().raw());
}

void render_turn(std::string& out, const Message& message, Losses& losses) {
  if (message.reasoning) losses.add("reasoning");
  if (message.name) losses.add("names");
  if (message.weight) losses.add("weights");
  if (message.media) losses.add("media");
  if (message.extra) losses.add("unknown message keys");
  if (message.tool_call_id) losses.add("tool call ids");
  out += '{';
  if (message.tool_calls) {
    if (message.content) losses.add("text beside a tool call");
    if (message.role != "assistant") losses.add("who makes a tool call");
    render_text(out, "from", "function_call");
    render_text(out, "value", single_call(*message.tool_calls, losses));
  } else {
    if (share_gpt_role(speaker(message.role)) != message.role) losses.add("roles that ShareGPT reads as another");
    render_text(out, "from", speaker(message.role));
    if (message.content) render_text(out, "value", *message.content);
  }
  out += '}';
}

void render_part(std::string& out, std::string_view key, const Sample& sample, Part part, Losses& losses) {
  std::string turns = "[";
  for (const Message& message : sample.messages) {
    if (message.part != part) continue;
    if (turns.size() > 1) turns += ',';
    render_turn(turns, message, losses);
  }
  render_raw(out, key, turns + "]");
}

void render(const Sample& sample, std::string& out, Losses& losses) {
  if (sample.label) losses.add("label");
  out += '{';
  render_part(out, "conversations", sample, Part::kMain, losses);
  if (sample.count(Part::kChosen) > 0) render_part(out, "chosen", sample, Part::kChosen, losses);
  if (sample.count(Part::kRejected) > 0) render_part(out, "rejected", sample, Part::kRejected, losses);
  if (sample.tools) render_text(out, "tools", *sample.tools);
  render_rest(out, sample, {"conversations", "system", "chosen", "rejected", "tools", "functions"}, losses);
}

}  // namespace

/// Source: LLaMA-Factory, data/README, "ShareGPT format"; FastChat, data/dummy_conversation.json.
Format sharegpt_format() {
  return {"sharegpt",
          60,
          R"({"conversations":[{"from":"human","value":"Capital of Norway?"},{"from":"gpt","value":"Oslo."}]})",
          sniff,
          parse,
          render};
}

}  // namespace tunegate
