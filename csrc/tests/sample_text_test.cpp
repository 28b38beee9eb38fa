#include "tunegate/sample_text.hpp"

#include <string>

#include "check.hpp"
#include "tunegate/record_parser.hpp"

namespace {

/// The pieces of the field of a record, joined by '|'.
std::string pieces(std::string_view record, tunegate::TextField field) {
  tunegate::RecordParser parser{tunegate::FieldNames{}};
  CHECK(!parser.parse(record));
  std::string joined;
  tunegate::for_each_piece(parser.sample(), field, [&](std::string_view piece) { joined += std::string(piece) + '|'; });
  return joined;
}

constexpr auto kPrompt = tunegate::TextField::kPrompt;
constexpr auto kResponse = tunegate::TextField::kResponse;
constexpr auto kPair = tunegate::TextField::kPair;

}  // namespace

TEST(the_last_assistant_turn_is_the_response) {
  constexpr std::string_view kRecord =
      R"({"messages":[{"role":"system","content":"s"},{"role":"user","content":"a"},{"role":"assistant","content":"b"},)"
      R"({"role":"user","content":"c"},{"role":"assistant","content":"d"},{"role":"user","content":"e"}]})";
  CHECK_EQ(pieces(kRecord, kPrompt), "a|b|c|");
  CHECK_EQ(pieces(kRecord, kResponse), "d|");
  CHECK_EQ(pieces(kRecord, kPair), "a|b|c|d|");
}

TEST(the_rejected_branch_is_no_part_of_a_field) {
  constexpr std::string_view kRecord = R"({"prompt":"p","chosen":"c","rejected":"r"})";
  CHECK_EQ(pieces(kRecord, kPrompt), "p|");
  CHECK_EQ(pieces(kRecord, kResponse), "c|");
  CHECK_EQ(pieces(kRecord, kPair), "p|c|");
}

TEST(a_text_is_a_response_without_a_prompt) {
  CHECK_EQ(pieces(R"({"text":"t"})", kPrompt), "");
  CHECK_EQ(pieces(R"({"text":"t"})", kResponse), "t|");
  CHECK_EQ(pieces(R"({"text":"t"})", kPair), "t|");
}

TEST(without_an_answer_all_turns_are_the_prompt) {
  constexpr std::string_view kRecord = R"({"messages":[{"role":"user","content":"a"},{"role":"user","content":"b"}]})";
  CHECK_EQ(pieces(kRecord, kPrompt), "a|b|");
  CHECK_EQ(pieces(kRecord, kResponse), "");
}

TEST(a_null_content_is_absent) {
  constexpr std::string_view kRecord =
      R"({"messages":[{"role":"user","content":"a"},{"role":"assistant","content":null,"tool_calls":[]}]})";
  CHECK_EQ(pieces(kRecord, kPair), "a|");
}
