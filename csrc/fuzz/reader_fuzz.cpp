#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tunegate/chat_check.hpp"
#include "tunegate/record_parser.hpp"

using tunegate::ChatCheck;
using tunegate::FieldNames;
using tunegate::Message;
using tunegate::RecordParser;
using tunegate::Sample;
using tunegate::SimdLevel;

namespace {

/// Everything that a parser makes of a record, each text with its length before it.
class Reading {
 public:
  Reading(RecordParser& parser, std::string_view record) {
    if (const auto unreadable = parser.parse(record)) {
      add(unreadable->reason);
      text_ += unreadable->breaks_list ? '!' : '?';
    } else {
      add(parser.sample());
    }
    ChatCheck check;
    if (check.add({0, 1, 0, 0}, record, parser)) text_ += 'u';
    for (const auto& found : check.unsound()) {
      for (const bool fault : {found.faults.role_order, found.faults.unknown_name, found.faults.missing_response,
                               found.faults.empty_turn}) {
        text_ += fault ? '1' : '0';
      }
    }
  }
  bool operator==(const Reading& other) const = default;

 private:
  void add(std::optional<std::string_view> text) {
    text_ += text ? std::to_string(text->size()) + ':' + std::string(*text) : "-";
  }
  void add(const Sample& sample) {
    for (const auto& text : {std::optional(sample.format), sample.tools, sample.category, sample.difficulty,
                             sample.split, sample.metadata}) {
      add(text);
    }
    text_ += sample.label ? (*sample.label ? '1' : '0') : '-';
    for (const Message& message : sample.messages) add(message);
    add(std::string_view(fingerprint(sample)));
  }
  void add(const Message& message) {
    for (const auto& text :
         {std::optional(part_name(message.part)), std::optional(message.role), message.content, message.reasoning,
          message.tool_calls, message.tool_call_id, message.name, message.media, message.extra}) {
      add(text);
    }
    add(message.weight ? std::optional<std::string_view>(std::to_string(*message.weight)) : std::nullopt);
  }

  std::string text_;
};

std::vector<RecordParser> scanning_parsers() {
  std::vector<RecordParser> parsers;
  for (const SimdLevel level : {SimdLevel::kScalar, SimdLevel::kV2, SimdLevel::kV3, SimdLevel::kV4}) {
    if (level <= tunegate::best_simd_level()) parsers.emplace_back(FieldNames{}, level);
  }
  return parsers;
}

}  // namespace

/// Reads one record with and without the scanner, on every level, and stops the program where they differ.
std::vector<std::string> fuzz_seeds();
std::vector<std::string> fuzz_seeds() {
  return {
      R"({"messages": [{"role": "user", "content": "q"}, {"role": "assistant", "content": "a\n\"b\" \\ \u00e9"}]})",
      R"({"messages":[{"role":"system","content":"\ud83d\ude42"},{"role":"user","content":""},{"role":"tool","content":"t"}]})",
      R"({"messages": [{"role": "user", "content": "A question of more than sixty-four bytes, so that it ends in another block."}]})",
      "{ \"messages\" :\n[\t{ \"role\": \"developer\", \"content\": \"\xC3\xA9\xE2\x80\x8B\" } ] }\r",
      R"({"prompt": "q", "chosen": "a", "rejected": [{"role": "assistant", "content": "b"}], "split": "test"})",
      R"({"conversations": [{"from": "human", "value": "q"}, {"from": "function_call", "value": "{}"}], "tools": "[]"})"};
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static RecordParser reference(FieldNames{}, std::nullopt);
  static std::vector<RecordParser> parsers = scanning_parsers();
  const std::string_view record(reinterpret_cast<const char*>(data), size);
  const Reading expected(reference, record);
  for (RecordParser& parser : parsers) {
    if (Reading(parser, record) == expected) continue;
    std::fprintf(stderr, "read otherwise with the scanner: %.*s\n", static_cast<int>(size), record.data());
    std::abort();
  }
  return 0;
}
