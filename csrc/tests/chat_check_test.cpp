#include "tunegate/chat_check.hpp"

#include <string>
#include <vector>

#include "check.hpp"

using tunegate::ChatCheck;
using tunegate::ChatFaults;
using tunegate::FieldNames;
using tunegate::RecordParser;

namespace {

/// Adds a record the way the reader does.
void add(ChatCheck& check, RecordParser& parser, std::int64_t line, std::string_view record) {
  const tunegate::RecordPlace place{line - 1, line, 0, static_cast<std::int64_t>(record.size())};
  if (const auto unreadable = check.add(place, record, parser)) check.add_unreadable(place, "", unreadable->reason);
}

std::string names(const ChatFaults& faults) {
  std::string out;
  if (faults.unreadable) out += " Q101";
  if (faults.role_order) out += " Q103";
  if (faults.unknown_name) out += " Q104";
  if (faults.missing_response) out += " Q105";
  if (faults.empty_turn) out += " Q106";
  return out.empty() ? "" : out.substr(1);
}

std::string faults(std::string_view record, std::optional<tunegate::SimdLevel> scan) {
  RecordParser parser(FieldNames{}, scan);
  ChatCheck check;
  add(check, parser, 1, record);
  return check.unsound().empty() ? "" : names(check.unsound()[0].faults);
}

/// The checks that name a record, whether it is scanned or parsed.
std::string faults(std::string_view record) {
  const std::string found = faults(record, tunegate::simd_level());
  CHECK_EQ(faults(record, std::nullopt), found);
  return found;
}

/// The same for turns such as "user:q assistant:a".
std::string chat_faults(std::initializer_list<std::pair<std::string, std::string>> turns) {
  std::string record;
  for (const auto& [role, content] : turns) {
    record += record.empty() ? R"({"messages": [)" : ", ";
    record += R"({"role": ")" + role + R"(", "content": ")" + content + R"("})";
  }
  return faults(record + "]}");
}

}  // namespace

TEST(an_exchange_is_sound) {
  CHECK_EQ(chat_faults({{"user", "q"}, {"assistant", "a"}}), "");
  CHECK_EQ(chat_faults({{"system", "s"}, {"user", "q"}, {"assistant", "a"}, {"user", "q"}, {"assistant", "a"}}), "");
  CHECK_EQ(chat_faults({{"developer", "s"}, {"user", "q"}, {"assistant", "a"}}), "");
  CHECK_EQ(chat_faults({{"user", "q"}, {"assistant", "a"}, {"tool", ""}, {"function", "t"}, {"assistant", "a"}}), "");
}

TEST(turns_out_of_order_are_named) {
  CHECK_EQ(chat_faults({{"assistant", "a"}}), "Q103");
  CHECK_EQ(chat_faults({{"system", "s"}, {"assistant", "a"}}), "Q103");
  CHECK_EQ(chat_faults({{"user", "q"}, {"user", "q"}, {"assistant", "a"}}), "Q103");
  CHECK_EQ(chat_faults({{"user", "q"}, {"assistant", "a"}, {"assistant", "a"}}), "Q103");
  CHECK_EQ(chat_faults({{"user", "q"}, {"system", "s"}, {"assistant", "a"}}), "Q103");
  CHECK_EQ(chat_faults({{"system", "s"}, {"system", "s"}, {"user", "q"}, {"assistant", "a"}}), "Q103");
  CHECK_EQ(chat_faults({{"user", "q"}, {"tool", "t"}, {"assistant", "a"}}), "Q103");
}

TEST(unknown_roles_and_fields_are_named) {
  CHECK_EQ(chat_faults({{"narrator", "n"}, {"user", "q"}, {"assistant", "a"}}), "Q104");
  CHECK_EQ(chat_faults({{"text", "n"}, {"user", "q"}, {"assistant", "a"}}), "Q104");
  CHECK_EQ(chat_faults({{"user", "q"}, {"text", "n"}, {"user", "q"}, {"assistant", "a"}}), "Q103 Q104");
  CHECK_EQ(chat_faults({{"user", "q"}, {"narrator", "n"}, {"user", "q"}, {"assistant", "a"}}), "Q104");
  CHECK_EQ(faults(R"({"messages": [{"role": "user", "content": "q", "raiting": 5},
                                   {"role": "assistant", "content": "a"}]})"),
           "Q104");
}

TEST(a_missing_response_is_named) {
  CHECK_EQ(chat_faults({{"user", "q"}}), "Q105");
  CHECK_EQ(chat_faults({{"user", "q"}, {"assistant", "a"}, {"tool", "t"}}), "Q105");
  CHECK_EQ(chat_faults({{"user", "q"}, {"assistant", "a"}, {"narrator", "t"}}), "Q104 Q105");
  CHECK_EQ(faults(R"({"messages": []})"), "Q105");
  CHECK_EQ(faults(R"({"messages": [{"role": "user", "content": "q"}, {"role": "assistant", "content": null}]})"),
           "Q105");
  CHECK_EQ(faults(R"({"messages": [{"role": "user", "content": "q"},
                                   {"role": "assistant", "tool_calls": [{"id": "1"}]}]})"),
           "");
  CHECK_EQ(faults(R"({"messages": [{"role": "user", "content": "q"}, {"role": "assistant", "tool_calls": [[ ]]}]})"),
           "Q105");
}

TEST(turns_in_which_nothing_is_said_are_named) {
  for (const std::string blank :
       {"", " ", "\\n\\t", "\xC2\xA0", "\\u200b\\ufeff", "\xE2\x80\x8B", "\\u0000", "\\u2800"}) {
    CHECK_EQ(chat_faults({{"user", blank}, {"assistant", "a"}}), "Q106");
    CHECK_EQ(chat_faults({{"user", "q"}, {"assistant", blank}}), "Q106");
    CHECK_EQ(chat_faults({{"system", blank}, {"user", "q"}, {"assistant", "a"}}), "Q106");
    CHECK_EQ(chat_faults({{"user", "q"}, {"assistant", "a"}, {"tool", blank}, {"assistant", "a"}}), "");
  }
  for (const std::string said : {".", " x", "\\\\", "\\u0041", "\\\"", "\xC3\xA9", "\xC2\xA0.", "\x7F."}) {
    CHECK_EQ(chat_faults({{"user", said}, {"assistant", said}}), "");
  }
}

TEST(reasoning_saves_a_turn_but_not_the_response) {
  CHECK_EQ(faults(R"({"messages": [{"role": "user", "content": "q"},
                                   {"role": "assistant", "content": "", "reasoning": "r"},
                                   {"role": "user", "content": "q"}, {"role": "assistant", "content": "a"}]})"),
           "");
  CHECK_EQ(faults(R"({"messages": [{"role": "user", "content": "q"},
                                   {"role": "assistant", "content": "", "reasoning": "r"}]})"),
           "Q106");
  CHECK_EQ(faults(R"({"messages": [{"role": "user", "content": [{"type": "image"}]},
                                   {"role": "assistant", "content": "a"}]})"),
           "");
}

TEST(other_formats_are_judged_by_the_same_rules) {
  CHECK_EQ(faults(R"({"text": "t"})"), "");
  CHECK_EQ(faults(R"({"text": " "})"), "Q106");
  CHECK_EQ(faults(R"({"instruction": "q", "output": ""})"), "Q106");
  CHECK_EQ(faults(R"({"conversations": [{"from": "gpt", "value": "a"}]})"), "Q103");
  CHECK_EQ(faults(R"({"conversations": [{"from": "human", "value": "q"}, {"from": "gpt", "value": "a"}]})"), "");
}

TEST(preference_data_is_judged_on_the_chosen_path) {
  CHECK_EQ(faults(R"({"chosen": "2", "rejected": "3"})"), "");
  CHECK_EQ(faults(R"({"prompt": "q", "chosen": "2", "rejected": "3"})"), "");
  CHECK_EQ(faults(R"({"prompt": "q", "chosen": "", "rejected": "3"})"), "Q106");
  CHECK_EQ(faults(R"({"prompt": "q", "chosen": "2", "rejected": ""})"), "Q106");
  CHECK_EQ(faults(R"({"prompt": "q", "chosen": [{"role": "user", "content": "x"}], "rejected": "3"})"), "Q103 Q105");
}

TEST(what_cannot_be_read_is_named_with_its_line) {
  RecordParser parser{FieldNames{}};
  ChatCheck check;
  add(check, parser, 1, R"({"messages": [{"role": "user", "content": "q"}, {"role": "assistant", "content": "a"}]})");
  add(check, parser, 3, R"({"messages": [{"role": "user", "content": "\ud800"}]})");
  add(check, parser, 4, R"({"messages": [{"role": "user", "content": "q"}]})");
  add(check, parser, 7, "{");
  CHECK_EQ(check.unsound().size(), 3u);
  CHECK_EQ(check.unsound()[0].line, 3);
  CHECK_EQ(check.unsound()[0].record_id, 2);
  CHECK_EQ(names(check.unsound()[0].faults), "Q101");
  CHECK_EQ(check.unsound()[1].line, 4);
  CHECK_EQ(names(check.unsound()[1].faults), "Q105");
  CHECK_EQ(check.unsound()[2].line, 7);
}
