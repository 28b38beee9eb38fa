#include "turn.hpp"

#include <algorithm>
#include <array>
#include <unordered_set>

#include "tunegate/json_write.hpp"

namespace tunegate {
namespace {

struct TurnKeys {
  std::string_view role;
  std::string_view content;
  bool share_gpt;
};

constexpr TurnKeys kOpenAi{"role", "content", false};
constexpr TurnKeys kShareGpt{"from", "value", true};

struct Alias {
  std::string_view read;
  std::string_view role;
};

constexpr Alias kOpenAiRoles[] = {{"user", "user"},        {"assistant", "assistant"}, {"system", "system"},
                                  {"developer", "system"}, {"tool", "tool"},           {"function", "tool"}};

constexpr Alias kShareGptRoles[] = {{"human", "user"},          {"gpt", "assistant"},  {"user", "user"},
                                    {"assistant", "assistant"}, {"system", "system"},  {"developer", "system"},
                                    {"chatgpt", "assistant"},   {"bing", "assistant"}, {"bard", "assistant"},
                                    {"model", "assistant"},     {"bot", "assistant"},  {"observation", "tool"},
                                    {"tool", "tool"},           {"function", "tool"},  {"function_response", "tool"},
                                    {"tool_response", "tool"}};

std::string_view role_of(std::string_view read, bool share_gpt) {
  const auto lookup = [&](const auto& aliases) {
    for (const Alias& alias : aliases) {
      if (alias.read == read) return alias.role;
    }
    return read;
  };
  return share_gpt ? lookup(kShareGptRoles) : lookup(kOpenAiRoles);
}

bool is_share_gpt_call(std::string_view speaker) { return speaker == "function_call" || speaker == "tool_call"; }

bool has_duplicate_keys_among_many(JsonValue object) {
  TextArena arena;
  std::unordered_set<std::string_view> seen;
  for (JsonValue key = object.first(); key; key = key.next().next()) {
    if (!seen.insert(key.text(arena).value_or(key.raw())).second) return true;
  }
  return false;
}

/// Keys without escapes, and few of them, as nearly every object has, are compared in pairs.
bool has_duplicate_keys(JsonValue object) {
  constexpr std::size_t kFew = 8;
  std::size_t count = 0;
  for (JsonValue key = object.first(); key; key = key.next().next()) {
    if (++count > kFew || key.is_escaped()) return has_duplicate_keys_among_many(object);
    for (JsonValue other = object.first(); other.body().data() != key.body().data(); other = other.next().next()) {
      if (other.body() == key.body()) return true;
    }
  }
  return false;
}

/// Reads one turn, member by member.
class TurnReader {
 public:
  /// `number` tells which turn of a list this is; 0 for one that stands alone.
  TurnReader(Draft& draft, TurnKeys keys, Part part, std::string_view what, std::size_t number)
      : draft_(draft), keys_(keys), what_(what), number_(number) {
    message_.part = part;
  }

  void read(JsonValue turn) {
    if (!turn.is(JsonKind::kObject))
      throw RecordError("wrong type: " + where() + " is " + kind_of(turn) + ", expected an object");
    if (has_duplicate_keys(turn)) refuse_duplicate_keys(turn, where());
    for (JsonValue key = turn.first(); key; key = key.next().next()) {
      member(key.is_escaped() ? text(key, "key") : key.body(), key, key.next());
    }
    finish();
  }

 private:
  std::string where() const { return std::string(what_) + (number_ > 0 ? " " + std::to_string(number_) : ""); }

  static std::string kind_of(JsonValue value) { return std::string(describe(value.kind())); }

  [[noreturn]] void wrong_type(std::string_view key, JsonValue value, std::string_view expected) const {
    throw RecordError("wrong type: \"" + std::string(key) + "\" of " + where() + " is " + kind_of(value) +
                      ", expected " + std::string(expected));
  }

  std::string_view text(JsonValue value, std::string_view key) const {
    const auto text = value.text(draft_.arena);
    if (!text)
      throw RecordError("a lone surrogate in \"" + std::string(key) + "\" of " + where() + ", which is no text");
    return *text;
  }

  std::string_view string(std::string_view key, JsonValue value, std::string_view expected = "a string") const {
    if (!value.is(JsonKind::kString)) wrong_type(key, value, expected);
    return text(value, key);
  }

  void member(std::string_view key, JsonValue name, JsonValue value) {
    if (key == keys_.role) {
      role_read_ = string(key, value);
    } else if (value.is_null()) {
      return;  // the same as absent
    } else if (key == keys_.content) {
      content(key, value);
    } else if (!optional_member(key, value)) {
      unknown_member(name, value);
    }
  }

  bool optional_member(std::string_view key, JsonValue value) {
    if (key == "reasoning_content" || key == "reasoning" || key == "thinking") {
      append(message_.reasoning, string(key, value));
    } else if (key == "tool_calls") {
      tool_calls(key, value);
    } else if (key == "function_call") {
      function_call(value);
    } else if (key == "tool_call_id") {
      message_.tool_call_id = string(key, value);
    } else if (key == "name") {
      message_.name = string(key, value);
    } else {
      return answer_member(key, value) || weight(key, value);
    }
    return true;
  }

  /// What logged answers carry: a refusal is what was said, audio is media, an empty list says nothing.
  bool answer_member(std::string_view key, JsonValue value) {
    if (key == "refusal" && value.is(JsonKind::kString)) {
      refusal_ = string(key, value);
    } else if (key == "audio" && value.is(JsonKind::kObject)) {
      add_to(media_, R"({"type":"audio","audio":)" + std::string(value.raw()) + "}");
    } else {
      return (key == "annotations" || key == "images") && value.is(JsonKind::kArray) && !value.first();
    }
    return true;
  }

  bool weight(std::string_view key, JsonValue value) {
    if (key == "weight" || key == "loss_weight") {
      if (!value.is(JsonKind::kNumber)) wrong_type(key, value, "a number");
      message_.weight = value.number();
      if (!message_.weight) {
        throw RecordError("out of range: \"" + std::string(key) + "\" of " + where() +
                          " is beyond what a double holds");
      }
    } else if (key == "loss" || key == "train") {
      if (!value.is_boolean()) wrong_type(key, value, "a boolean");
      message_.weight = value.is(JsonKind::kTrue) ? 1.0 : 0.0;
    } else {
      return false;
    }
    return true;
  }

  void unknown_member(JsonValue name, JsonValue value) {
    extra_ += extra_.empty() ? '{' : ',';
    extra_ += name.raw();
    extra_ += ':';
    extra_ += value.raw();
  }

  void append(std::optional<std::string_view>& field, std::string_view more) const {
    field = field ? draft_.arena.copy(std::string(*field) + std::string(more)) : more;
  }

  void content(std::string_view key, JsonValue value) {
    if (!value.is(JsonKind::kArray)) {
      message_.content = string(key, value, "a string, null or a list of parts");
      return;
    }
    for (JsonValue part = value.first(); part; part = part.next()) content_part(key, part);
  }

  void content_part(std::string_view key, JsonValue part) {
    if (part.is(JsonKind::kString)) return append(message_.content, string(key, part));
    if (!part.is(JsonKind::kObject)) wrong_type(key, part, "parts that are strings or objects");
    const JsonValue type = part.find("type");
    const JsonValue value = part.find("text").is(JsonKind::kString) ? part.find("text") : part.find("value");
    const bool is_string = value.is(JsonKind::kString);
    if (is_string &&
        (!type || type.is_null() || type.equals("text") || type.equals("input_text") || type.equals("output_text"))) {
      append(message_.content, string(key, value));
    } else if (is_string && (type.equals("reasoning") || type.equals("thinking"))) {
      append(message_.reasoning, string(key, value));
    } else if (is_string && type.equals("tool_call")) {
      add_call(call_text(string(key, value)));
    } else {
      add_to(media_, part.raw());
    }
  }

  static void add_to(std::string& list, std::string_view item) {
    list += list.empty() ? '[' : ',';
    list += item;
  }

  void add_call(std::string_view call) { add_to(calls_, call); }

  void tool_calls(std::string_view key, JsonValue value) {
    if (!value.is(JsonKind::kArray)) wrong_type(key, value, "a list");
    for (JsonValue call = value.first(); call; call = call.next()) {
      if (call.is(JsonKind::kObject)) {
        refuse_duplicate_keys(call, "a tool call of " + where());
        refuse_duplicate_keys(call.find("function"), "a function of " + where());
      }
      add_call(call.raw());
    }
  }

  void function_call(JsonValue value) {
    refuse_duplicate_keys(value, "the function call of " + where());
    add_call(R"({"type":"function","function":)" + std::string(value.raw()) + "}");
  }

  /// A call written as text: one JSON object, a list of them, or, when it is no JSON, the text itself as
  /// a JSON string, for Q109 to report.
  std::string call_text(std::string_view written) const {
    std::string out;
    JsonDocument parsed;
    if (parsed.parse(written)) {
      append_json_string(out, written);
    } else if (parsed.root().is(JsonKind::kArray) && parsed.root().first()) {
      for (JsonValue call = parsed.root().first(); call; call = call.next()) {
        refuse_duplicate_keys(call, "a function call of " + where());
        out += (out.empty() ? R"({"type":"function","function":)" : R"(,{"type":"function","function":)");
        out += std::string(call.raw()) + "}";
      }
    } else {
      refuse_duplicate_keys(parsed.root(), "the function call of " + where());
      out = R"({"type":"function","function":)" + std::string(parsed.root().raw()) + "}";
    }
    return out;
  }

  void finish() {
    if (!role_read_) throw RecordError(where() + " has no \"" + std::string(keys_.role) + "\"");
    if (keys_.share_gpt && is_share_gpt_call(*role_read_)) {
      if (message_.content) add_call(call_text(*message_.content));
      message_.content.reset();
      message_.role = "assistant";
    } else {
      message_.role = role_of(*role_read_, keys_.share_gpt);
    }
    if (refusal_) append(message_.content, *refusal_);
    if (!calls_.empty()) message_.tool_calls = draft_.arena.copy(calls_ + "]");
    if (!media_.empty()) message_.media = draft_.arena.copy(media_ + "]");
    if (!extra_.empty()) message_.extra = draft_.arena.copy(extra_ + "}");
    draft_.sample.messages.push_back(message_);
  }

  Draft& draft_;
  TurnKeys keys_;
  std::string_view what_;
  std::size_t number_;
  Message message_;
  std::optional<std::string_view> role_read_, refusal_;
  std::string calls_, media_, extra_;
};

TurnKeys keys_of(JsonValue turn) {
  const JsonValue role = turn.find("role");
  return turn.find("from") && (!role || role.is_null()) ? kShareGpt : kOpenAi;
}

}  // namespace

std::string_view share_gpt_role(std::string_view speaker) {
  return is_share_gpt_call(speaker) ? "assistant" : role_of(speaker, true);
}

void refuse_duplicate_keys(JsonValue object, std::string_view where) {
  if (object.is(JsonKind::kObject) && has_duplicate_keys(object)) {
    throw RecordError("a key stands twice in " + std::string(where));
  }
}

bool is_turn_list(JsonValue value) {
  if (!value.is(JsonKind::kArray)) return false;
  const JsonValue turn = value.first();
  return turn.is(JsonKind::kObject) && (turn.find("role") || turn.find("from"));
}

void read_turn(Draft& draft, JsonValue turn, Part part, std::string_view what) {
  TurnReader(draft, keys_of(turn), part, what, 0).read(turn);
}

void read_turns(Draft& draft, JsonValue list, Part part, std::string_view what) {
  if (!list.is(JsonKind::kArray)) {
    throw RecordError("wrong type: the " + std::string(what) + "s are " + std::string(describe(list.kind())) +
                      ", expected a list");
  }
  const TurnKeys keys = keys_of(list.first());
  std::size_t number = 1;
  for (JsonValue turn = list.first(); turn; turn = turn.next()) {
    TurnReader(draft, keys, part, what, number++).read(turn);
  }
}

void read_tools(Draft& draft) {
  for (const std::string_view key : {"tools", "functions"}) {
    const JsonValue value = draft.take(key);
    if (!value) continue;
    if (value.is(JsonKind::kString)) {
      const auto text = value.text(draft.arena);
      if (!text) throw RecordError("a lone surrogate in \"" + std::string(key) + "\", which is no text");
      if (text->find_first_not_of(" \t\r\n") != std::string_view::npos) draft.sample.tools = *text;
    } else if (value.is(JsonKind::kArray) || value.is(JsonKind::kObject)) {
      draft.sample.tools = value.raw();
    } else {
      throw RecordError("wrong type: \"" + std::string(key) + "\" is " + std::string(describe(value.kind())) +
                        ", expected a list or a string that holds one");
    }
  }
}

}  // namespace tunegate
