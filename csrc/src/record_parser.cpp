#include "tunegate/record_parser.hpp"

#include "tunegate/format.hpp"
#include "turn.hpp"

namespace tunegate {
namespace {

std::string unknown_format(JsonValue record) {
  if (!record.is(JsonKind::kObject)) {
    return "not a record: " + std::string(describe(record.kind())) + ", expected an object or a list of messages";
  }
  if (record.find("input_ids") || record.find("token_ids")) {
    return "token ids without text, which cannot be judged; keep the text beside them";
  }
  if (record.find("role") && record.find("content")) {
    return "a single message, expected a conversation: put the messages of each into one list";
  }
  std::string names;
  for (const Format& format : formats()) names += (names.empty() ? "" : ", ") + std::string(format.name);
  return "no known format: the keys fit none of " + names;
}

/// The members that the format did not use, as one JSON object; values byte for byte.
std::optional<std::string_view> unused_members(Draft& draft) {
  std::string out;
  for (JsonValue key = draft.record.is(JsonKind::kObject) ? draft.record.first() : JsonValue(); key;
       key = key.next().next()) {
    const auto name = key.text(draft.arena);
    if (name && draft.has_taken(*name)) continue;
    out += out.empty() ? '{' : ',';
    out += key.raw();
    out += ':';
    out += key.next().raw();
  }
  if (out.empty()) return std::nullopt;
  return draft.arena.copy(out + "}");
}

}  // namespace

void RecordParser::clear() {
  sample_.clear();
  arena_.clear();
}

std::optional<Unreadable> RecordParser::parse(std::string_view raw) {
  const ChatScanner* chat = scan(raw);
  if (chat == nullptr) return parse_any_shape(raw);
  clear();
  chat->fill(sample_, arena_);
  if (fields_.default_split) sample_.split = *fields_.default_split;
  return std::nullopt;
}

std::optional<Unreadable> RecordParser::parse_any_shape(std::string_view raw) {
  clear();
  if (auto unreadable = parse_json(raw)) return unreadable;
  try {
    build();
  } catch (const RecordError& error) {
    return Unreadable{error.what()};
  }
  return std::nullopt;
}

std::optional<Unreadable> RecordParser::parse_json(std::string_view raw) {
  const auto fault = document_.parse(raw);
  if (!fault) return std::nullopt;
  const bool inside = fault->what == "invalid UTF-8" || fault->what.starts_with("nested deeper");
  return Unreadable{"invalid JSON: " + fault->what + ", at byte " + std::to_string(fault->offset + 1), !inside};
}

void RecordParser::build() {
  const JsonValue record = document_.root();
  refuse_duplicate_keys(record, "the record");
  const Format* format = detect_format(record);
  if (format == nullptr) throw RecordError(unknown_format(record));
  Draft draft(record, arena_, sample_);
  sample_.format = format->name;
  format->parse(draft);
  sample_.metadata = unused_members(draft);
  sample_.category = field(fields_.category);
  sample_.difficulty = field(fields_.difficulty);
  sample_.split = field(fields_.split);
  if (!sample_.split && fields_.default_split) sample_.split = *fields_.default_split;
}

std::optional<std::string_view> RecordParser::field(const std::string& name) {
  JsonValue value = document_.root().find(name);
  if (!value || value.is_null()) value = document_.root().find("metadata").find(name);
  if (value.is(JsonKind::kString)) {
    const auto text = value.text(arena_);
    if (!text) throw RecordError("a lone surrogate in the category, difficulty or split, which is no text");
    return text;
  }
  if (value.is(JsonKind::kNumber) || value.is_boolean()) return value.raw();
  return std::nullopt;
}

}  // namespace tunegate
