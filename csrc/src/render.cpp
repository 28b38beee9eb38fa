#include "render.hpp"

#include <algorithm>
#include <charconv>

#include "tunegate/json_write.hpp"

namespace tunegate {
namespace {

void append_key(std::string& out, std::string_view key) {
  if (out.back() != '{') out += ',';
  append_json_string(out, key);
  out += ':';
}

void render_number(std::string& out, std::string_view key, double value) {
  char digits[32];
  const auto end = std::to_chars(digits, digits + sizeof digits, value).ptr;
  render_raw(out, key, {digits, static_cast<std::size_t>(end - digits)});
}

/// JSON with its line breaks left out, which can only be white space between tokens.
void append_on_one_line(std::string& out, std::string_view json) {
  std::copy_if(json.begin(), json.end(), std::back_inserter(out), [](char c) { return c != '\n' && c != '\r'; });
}

bool is_one_of(std::initializer_list<std::string_view> names, JsonValue key) {
  return std::any_of(names.begin(), names.end(), [&](std::string_view name) { return key.equals(name); });
}

/// Appends the members of a JSON object text as they stand; false when some were left out, their key being in `own`.
bool render_members(std::string& out, std::string_view object, std::initializer_list<std::string_view> own) {
  JsonDocument parsed;
  if (parsed.parse(object)) return false;
  bool whole = true;
  for (JsonValue key = parsed.root().first(); key; key = key.next().next()) {
    if (is_one_of(own, key)) {
      whole = false;
      continue;
    }
    if (out.back() != '{') out += ',';
    out += key.raw();
    out += ':';
    append_on_one_line(out, key.next().raw());
  }
  return whole;
}

/// Text and media together need the form with parts.
void render_content(std::string& out, const Message& message) {
  if (!message.media) {
    if (message.content) return render_text(out, "content", *message.content);
    return render_raw(out, "content", "null");
  }
  std::string parts(message.media->substr(0, message.media->size() - 1));
  if (message.content) {
    parts += R"(,{"type":"text","text":)";
    append_json_string(parts, *message.content);
    parts += '}';
  }
  render_raw(out, "content", parts + "]");
}

void render_turn(std::string& out, const Message& message, Losses& losses) {
  out += '{';
  render_text(out, "role", message.role);
  render_content(out, message);
  if (message.reasoning) render_text(out, "reasoning_content", *message.reasoning);
  if (message.tool_calls) render_raw(out, "tool_calls", *message.tool_calls);
  if (message.tool_call_id) render_text(out, "tool_call_id", *message.tool_call_id);
  if (message.name) render_text(out, "name", *message.name);
  if (message.weight) render_number(out, "weight", *message.weight);
  if (message.extra && !render_members(out, *message.extra, {"role", "content"})) losses.add("unknown message keys");
  out += '}';
}

}  // namespace

void render_text(std::string& out, std::string_view key, std::string_view text) {
  append_key(out, key);
  append_json_string(out, text);
}

void render_raw(std::string& out, std::string_view key, std::string_view json) {
  append_key(out, key);
  append_on_one_line(out, json);
}

void render_turns(std::string& out, std::string_view key, const Sample& sample, Part part, Losses& losses) {
  append_key(out, key);
  out += '[';
  for (const Message& message : sample.messages) {
    if (message.part != part) continue;
    if (out.back() != '[') out += ',';
    render_turn(out, message, losses);
  }
  out += ']';
}

void render_tools(std::string& out, const Sample& sample) {
  if (!sample.tools) return;
  JsonDocument parsed;
  const bool is_json = !parsed.parse(*sample.tools);
  if (is_json && (parsed.root().is(JsonKind::kArray) || parsed.root().is(JsonKind::kObject))) {
    render_raw(out, "tools", *sample.tools);
  } else {
    render_text(out, "tools", *sample.tools);
  }
}

void render_rest(std::string& out, const Sample& sample, std::initializer_list<std::string_view> own, Losses& losses) {
  if (sample.metadata && !render_members(out, *sample.metadata, own)) losses.add("metadata under a key of the format");
  out += '}';
}

void lose_all_but_text(const Sample& sample, Losses& losses) {
  if (sample.tools) losses.add("tools");
  for (const Message& message : sample.messages) {
    if (message.reasoning) losses.add("reasoning");
    if (message.tool_calls || message.tool_call_id) losses.add("tool calls");
    if (message.name) losses.add("names");
    if (message.weight) losses.add("weights");
    if (message.media) losses.add("media");
    if (message.extra) losses.add("unknown message keys");
  }
}

void lose_preference(const Sample& sample, Losses& losses) {
  if (sample.count(Part::kChosen) + sample.count(Part::kRejected) > 0) losses.add("chosen and rejected");
  if (sample.label) losses.add("label");
}

Exchange one_exchange(const Sample& sample, Losses& losses) {
  Exchange exchange;
  lose_all_but_text(sample, losses);
  for (const Message& message : sample.messages) {
    if (message.part != Part::kMain) continue;
    if (!message.content) losses.add("turns without content");
    const bool is_first = &message == &sample.messages.front();
    const bool fits_prompt = message.role == "user" && !exchange.prompt && !exchange.response;
    const bool fits_response = message.role == "assistant" && !exchange.response;
    if (message.role == "system" && is_first) {
      exchange.system = message.content;
    } else if (fits_prompt) {
      exchange.prompt = message.content;
    } else if (fits_response) {
      exchange.response = message.content;
    } else {
      losses.add("turns beyond one exchange");
    }
  }
  return exchange;
}

}  // namespace tunegate
