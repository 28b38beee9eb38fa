#pragma once
#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tunegate {

/// Where a turn belongs: ordinary turns and a shared prompt are main; preference data branches after them.
enum class Part : std::uint8_t { kMain, kChosen, kRejected };

std::string_view part_name(Part part);

/// One turn. Views point into the record or into the arena it was parsed with.
struct Message {
  Part part = Part::kMain;
  std::string_view role;                    // user, assistant, system, tool, text, or as read when unknown
  std::optional<std::string_view> content;  // null when absent or null in the record
  std::optional<std::string_view> reasoning;
  std::optional<std::string_view> tool_calls;  // a JSON list
  std::optional<std::string_view> tool_call_id;
  std::optional<std::string_view> name;
  std::optional<std::string_view> media;  // a JSON list of the content parts that are no text
  std::optional<std::string_view> extra;  // a JSON object of the keys the format does not know
  std::optional<double> weight;
};

/// One training example, whatever format it came in.
struct Sample {
  std::string_view format;
  std::vector<Message> messages;
  std::optional<std::string_view> tools;  // JSON text as declared; a JSON string is decoded once
  std::optional<std::string_view> category;
  std::optional<std::string_view> difficulty;
  std::optional<std::string_view> split;
  std::optional<std::string_view> metadata;  // a JSON object of the top-level keys the format does not use
  std::optional<bool> label;                 // KTO: desirable or not

  void clear();
  /// The messages of `part`, counted.
  std::size_t count(Part part) const;
};

/// 128 bits that identify a sample's content, as 32 lower-case hexadecimal digits.
struct Fingerprint {
  std::array<char, 32> digits;
  operator std::string_view() const { return {digits.data(), digits.size()}; }
};

/// XXH3-128 of part, role, content, reasoning, tool calls, media, tools and label of all turns, each
/// length-prefixed, JSON in canonical form. Metadata, key order, white space of the JSON and the format
/// do not count. docs/formats.md gives the layout byte by byte.
Fingerprint fingerprint(const Sample& sample);

/// The same for the bytes of an unreadable record.
Fingerprint fingerprint(std::string_view raw);

}  // namespace tunegate
