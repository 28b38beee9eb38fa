#include "tunegate/sample.hpp"

#include <algorithm>

#include "hash128.hpp"
#include "tunegate/json_reader.hpp"
#include "tunegate/json_write.hpp"

namespace tunegate {
namespace {

/// Length-prefixed fields in one buffer, so that no two different samples give the same bytes.
class Canonical {
 public:
  void clear() { bytes_.clear(); }
  std::string_view bytes() const { return bytes_; }

  void text(std::optional<std::string_view> value) {
    if (!value) return length(kAbsent);
    length(value->size());
    bytes_ += *value;
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

  void turn(const Message& message) {
    bytes_ += static_cast<char>(message.part);
    text(message.role);
    text(message.content);
    text(message.reasoning);
    json(message.tool_calls);
    json(message.media);
  }

  void label(std::optional<bool> value) { bytes_ += !value ? '-' : *value ? '1' : '0'; }

 private:
  static constexpr std::uint64_t kAbsent = ~std::uint64_t{0};

  /// Eight bytes, least significant first.
  void length(std::uint64_t size) {
    char bytes[8];
    for (int i = 0; i < 8; ++i) bytes[i] = static_cast<char>(size >> (8 * i) & 0xFF);
    bytes_.append(bytes, sizeof bytes);
  }

  std::string bytes_;
};

}  // namespace

std::string_view part_name(Part part) {
  static constexpr std::string_view kNames[] = {"main", "chosen", "rejected"};
  return kNames[static_cast<std::size_t>(part)];
}

void Sample::clear() {
  messages.clear();
  format = {};
  tools = category = difficulty = split = metadata = std::nullopt;
  label = std::nullopt;
}

std::size_t Sample::count(Part part) const {
  return static_cast<std::size_t>(
      std::count_if(messages.begin(), messages.end(), [part](const Message& message) { return message.part == part; }));
}

Fingerprint fingerprint(const Sample& sample) {
  thread_local Canonical canonical;  // keeps its memory from sample to sample
  canonical.clear();
  canonical.json(sample.tools);
  canonical.label(sample.label);
  for (const Message& message : sample.messages) canonical.turn(message);
  return hash128(canonical.bytes());
}

Fingerprint fingerprint(std::string_view raw) { return hash128(raw); }

}  // namespace tunegate
