#include "tunegate/format.hpp"

#include <algorithm>

#include "format_registry.hpp"

namespace tunegate {

JsonValue Draft::take(std::string_view key) {
  if (!has_taken(key)) taken_.at(taken_count_++) = key;
  const JsonValue value = record.find(key);
  return value.is_null() ? JsonValue() : value;
}

std::optional<std::string_view> Draft::take_text(std::string_view key) {
  const JsonValue value = take(key);
  if (!value) return std::nullopt;
  if (!value.is(JsonKind::kString)) {
    throw RecordError("wrong type: \"" + std::string(key) + "\" is " + std::string(describe(value.kind())) +
                      ", expected a string");
  }
  const auto text = value.text(arena);
  if (!text) throw RecordError("a lone surrogate in \"" + std::string(key) + "\", which is no text");
  return text;
}

bool Draft::has_taken(std::string_view key) const {
  const auto end = taken_.begin() + taken_count_;
  return std::find(taken_.begin(), end, key) != end;
}

void Draft::add_turn(Part part, std::string_view role, std::optional<std::string_view> content) {
  Message message;
  message.part = part;
  message.role = role;
  message.content = content;
  sample.messages.push_back(message);
}

void Losses::add(std::string_view what) {
  if (std::find(names_.begin(), names_.end(), what) == names_.end()) names_.emplace_back(what);
}

std::span<const Format> formats() {
  static const std::vector<Format> all = [] {
    std::vector<Format> list = registered_formats();
    std::sort(list.begin(), list.end(), [](const Format& a, const Format& b) { return a.rank > b.rank; });
    return list;
  }();
  return all;
}

const Format* detect_format(JsonValue record) {
  for (const Format& format : formats()) {
    if (format.sniff(record)) return &format;
  }
  return nullptr;
}

void render_record(const Format& format, const Sample& sample, std::string& out, Losses& losses) {
  const std::size_t begin = out.size();
  format.render(sample, out, losses);
  JsonDocument written;
  const bool is_json = !written.parse(std::string_view(out).substr(begin));
  if (!is_json || detect_format(written.root()) != &format) losses.add("the format, which would be taken for another");
}

const Format* find_format(std::string_view name) {
  for (const Format& format : formats()) {
    if (format.name == name) return &format;
  }
  return nullptr;
}

}  // namespace tunegate
