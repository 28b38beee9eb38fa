#pragma once
#include <cstring>
#include <optional>
#include <string>
#include <string_view>

#include "hash128.hpp"
#include "loose_copy.hpp"
#include "tunegate/byte_buffer.hpp"
#include "tunegate/json_reader.hpp"
#include "tunegate/json_write.hpp"
#include "tunegate/sample.hpp"

namespace tunegate {

/// The bytes that a sample's fingerprint is taken of: length-prefixed fields in one buffer, so that no two different
/// samples give the same. docs/formats.md has the layout.
class Canonical {
 public:
  /// Begins a sample.
  void begin(std::optional<std::string_view> tools, std::optional<bool> label) {
    bytes_.clear();
    json(tools);
    byte(!label ? '-' : *label ? '1' : '0');
  }

  void turn(const Message& message) {
    byte(static_cast<char>(message.part));
    text(message.role);
    text(message.content);
    text(message.reasoning);
    json(message.tool_calls);
    json(message.media);
  }

  /// A main turn with nothing but a role and content, which has kLooseStep readable bytes behind it.
  void plain_turn(const PaddedText& role, std::string_view content) {
    constexpr std::size_t kRest = 3 * sizeof(std::uint64_t);
    char* const begin = bytes_.room(1 + 2 * sizeof(std::uint64_t) + kRest + role.size + content.size() + kLooseStep);
    char* out = begin;
    *out++ = static_cast<char>(Part::kMain);
    out = write(out, std::uint64_t{role.size});
    std::memcpy(out, role.bytes.data(), role.bytes.size());
    out = write(out + role.size, std::uint64_t{content.size()});
    copy_loosely(content.data(), out, content.size());
    out += content.size();
    std::memset(out, 0xFF, kRest);
    bytes_.grow(static_cast<std::size_t>(out + kRest - begin));
  }

  Fingerprint fingerprint() const { return hash128(bytes_.view()); }

 private:
  static constexpr std::uint64_t kAbsent = ~std::uint64_t{0};

  /// Eight bytes, least significant first.
  static char* write(char* out, std::uint64_t length) {
    for (int i = 0; i < 8; ++i) *out++ = static_cast<char>(length >> (8 * i) & 0xFF);
    return out;
  }
  static char* write(char* out, std::string_view text) {
    out = write(out, static_cast<std::uint64_t>(text.size()));
    std::memcpy(out, text.data(), text.size());
    return out + text.size();
  }

  void byte(char value) {
    *bytes_.room(1) = value;
    bytes_.grow(1);
  }

  void text(std::optional<std::string_view> value) {
    char* const begin = bytes_.room(sizeof(std::uint64_t) + value.value_or("").size());
    const char* end = value ? write(begin, *value) : write(begin, kAbsent);
    bytes_.grow(static_cast<std::size_t>(end - begin));
  }

  /// JSON in canonical form, so that key order and white space do not count; text as it stands otherwise.
  void json(std::optional<std::string_view> value) {
    if (!value) return text(value);
    JsonDocument parsed;
    if (parsed.parse(*value)) return text(value);
    std::string canonical;
    append_canonical_json(canonical, parsed.root());
    text(canonical);
  }

  ByteBuffer bytes_;
};

}  // namespace tunegate
