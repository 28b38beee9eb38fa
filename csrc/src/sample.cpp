#include "tunegate/sample.hpp"

#include <algorithm>

#include "canonical.hpp"

namespace tunegate {

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
  canonical.begin(sample.tools, sample.label);
  for (const Message& message : sample.messages) canonical.turn(message);
  return canonical.fingerprint();
}

Fingerprint fingerprint(std::string_view raw) { return hash128(raw); }

}  // namespace tunegate
