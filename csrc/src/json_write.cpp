#include "tunegate/json_write.hpp"

#include <algorithm>
#include <vector>

namespace tunegate {
namespace {

void append_escaped(std::string& out, char c) {
  static constexpr char kHex[] = "0123456789abcdef";
  switch (c) {
    case '"': out += "\\\""; break;
    case '\\': out += "\\\\"; break;
    case '\b': out += "\\b"; break;
    case '\f': out += "\\f"; break;
    case '\n': out += "\\n"; break;
    case '\r': out += "\\r"; break;
    case '\t': out += "\\t"; break;
    default:
      out += "\\u00";
      out += kHex[(c >> 4) & 0xF];
      out += kHex[c & 0xF];
  }
}

void append_string(std::string& out, JsonValue value) {
  TextArena arena;
  if (const auto text = value.text(arena)) {
    append_json_string(out, *text);
  } else {
    out += value.raw();
  }
}

void append_array(std::string& out, JsonValue array) {
  out += '[';
  bool separate = false;
  for (JsonValue element = array.first(); element; element = element.next()) {
    if (separate) out += ',';
    separate = true;
    append_canonical_json(out, element);
  }
  out += ']';
}

void append_object(std::string& out, JsonValue object) {
  std::vector<std::pair<std::string, JsonValue>> members;
  for (JsonValue key = object.first(); key; key = key.next().next()) {
    std::string name;
    append_string(name, key);
    members.emplace_back(std::move(name), key.next());
  }
  std::stable_sort(members.begin(), members.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  out += '{';
  bool separate = false;
  for (const auto& [name, value] : members) {
    if (separate) out += ',';
    separate = true;
    out += name;
    out += ':';
    append_canonical_json(out, value);
  }
  out += '}';
}

}  // namespace

void append_json_string(std::string& out, std::string_view text) {
  out += '"';
  std::size_t clean = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    if (c >= 0x20 && c != '"' && c != '\\') continue;
    out.append(text, clean, i - clean);
    append_escaped(out, text[i]);
    clean = i + 1;
  }
  out.append(text, clean, text.size() - clean);
  out += '"';
}

void append_canonical_json(std::string& out, JsonValue value) {
  switch (value.kind()) {
    case JsonKind::kObject: return append_object(out, value);
    case JsonKind::kArray: return append_array(out, value);
    case JsonKind::kString: return append_string(out, value);
    default: out += value.raw();
  }
}

}  // namespace tunegate
