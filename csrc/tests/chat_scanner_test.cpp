#include "tunegate/chat_scanner.hpp"

#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include "check.hpp"
#include "tunegate/record_parser.hpp"

using tunegate::best_simd_level;
using tunegate::ChatScanner;
using tunegate::FieldNames;
using tunegate::Message;
using tunegate::RecordParser;
using tunegate::Sample;
using tunegate::SimdLevel;

namespace {

constexpr std::string_view kChat =
    R"({"messages": [{"role": "user", "content": "q"}, {"role": "assistant", "content": "a"}]})";

std::vector<SimdLevel> levels() {
  std::vector<SimdLevel> all;
  for (const SimdLevel level : {SimdLevel::kScalar, SimdLevel::kV2, SimdLevel::kV3, SimdLevel::kV4}) {
    if (level <= best_simd_level()) all.push_back(level);
  }
  return all;
}

/// A copy of a record that no byte follows, so that a read beyond its end is seen.
class Exact {
 public:
  explicit Exact(std::string_view text) : bytes_(text.begin(), text.end()) {}
  std::string_view view() const { return {bytes_.data(), bytes_.size()}; }

 private:
  std::vector<char> bytes_;
};

std::string text_of(const std::optional<std::string_view>& field) {
  return field ? "'" + std::string(*field) + "'" : "null";
}

std::string text_of(const Sample& sample) {
  std::string out(sample.format);
  for (const auto& field : {sample.tools, sample.category, sample.difficulty, sample.split, sample.metadata}) {
    out += ' ' + text_of(field);
  }
  out += sample.label ? " labelled" : "";
  for (const Message& message : sample.messages) {
    out += '\n' + std::string(part_name(message.part)) + ' ' + text_of(message.role);
    for (const auto& field : {message.content, message.reasoning, message.tool_calls, message.tool_call_id,
                              message.name, message.media, message.extra}) {
      out += ' ' + text_of(field);
    }
    out += message.weight ? " weighted" : "";
  }
  return out;
}

/// What a parser makes of a record: the sample, or why there is none.
std::string reading(RecordParser& parser, std::string_view record) {
  const auto unreadable = parser.parse(record);
  return unreadable ? "unreadable: " + unreadable->reason : text_of(parser.sample());
}

FieldNames train() {
  FieldNames fields;
  fields.default_split = "train";
  return fields;
}

/// Whether the record is taken on the first level; every level must give the same sample as the general parser.
bool is_taken(std::string_view record) {
  static RecordParser reference(train(), std::nullopt);
  static std::vector<RecordParser> parsers = [] {
    std::vector<RecordParser> all;
    for (const SimdLevel level : levels()) all.emplace_back(train(), level);
    return all;
  }();
  const Exact exact(record);
  const std::string expected = reading(reference, exact.view());
  const bool taken = parsers.front().scan(exact.view()) != nullptr;
  for (RecordParser& parser : parsers) {
    CHECK_EQ(parser.scan(exact.view()) != nullptr, taken);
    CHECK_EQ(reading(parser, exact.view()), expected);
  }
  return taken;
}

std::string one_turn(const std::string& content) {
  return R"({"messages": [{"role": "assistant", "content": ")" + content + R"("}]})";
}

bool takes_content(const std::string& content) { return is_taken(one_turn(content)); }

}  // namespace

TEST(a_scanned_record_is_its_turns) {
  ChatScanner scanner;
  const std::string record = R"({"messages": [{"role": "developer", "content": ""}, )"
                             R"({"role": "user", "content": "a\n\"b\" \u00e9\ud83d\ude42"}]})";
  CHECK(scanner.scan(record));
  tunegate::TextArena arena;
  CHECK_EQ(scanner.turns().size(), 2u);
  CHECK_EQ(scanner.turns()[0].role_name, "developer");
  CHECK_EQ(scanner.turns()[0].sample_role(), "system");
  CHECK_EQ(scanner.content(scanner.turns()[0], arena), "");
  CHECK_EQ(scanner.turns()[1].role_name, "user");
  CHECK_EQ(scanner.turns()[1].body, R"(a\n\"b\" \u00e9\ud83d\ude42)");
  CHECK_EQ(scanner.content(scanner.turns()[1], arena), "a\n\"b\" \xC3\xA9\xF0\x9F\x99\x82");
}

TEST(the_commonest_shape_is_taken_however_it_is_spaced) {
  CHECK(is_taken(kChat));
  CHECK(is_taken(R"({"messages":[{"role":"user","content":"q"},{"role":"assistant","content":"a"}]})"));
  CHECK(
      is_taken("{ \"messages\"\t:\n[ {\"role\" : \"user\" ,\r\n\"content\": \"q\" } ,{\"role\":\"tool\", "
               "\"content\":\"a\"}\n]\t}\r"));
  for (const std::string_view role : {"user", "assistant", "system", "tool", "developer", "function", "narrator", ""}) {
    CHECK(is_taken(R"({"messages": [{"role": ")" + std::string(role) + R"(", "content": "q"}]})"));
  }
}

TEST(other_shapes_are_left_to_the_general_parser) {
  for (const std::string_view record : {R"({})",
                                        R"({"messages": []})",
                                        R"({"messages": null})",
                                        R"({"messages": {}})",
                                        R"(["messages"])",
                                        R"({"messages": [{"role": "user"}]})",
                                        R"({"messages": [{"content": "q"}]})",
                                        R"({"messages": [{"role": "user", "content": null}]})",
                                        R"({"messages": [{"role": "user", "content": ["q"]}]})",
                                        R"({"messages": [{"role": 1, "content": "q"}]})",
                                        R"({"messages": [{"content": "q", "role": "user"}]})",
                                        R"({"messages": [{"role": "user", "content": "q", "weight": 1}]})",
                                        R"({"messages": [{"role": "user", "content": "q"}], "id": 1})",
                                        R"({"id": 1, "messages": [{"role": "user", "content": "q"}]})",
                                        R"({"messages": [{"role": "user", "content": "q"}], "messages": []})",
                                        R"({"messages": [{"role": "user", "role": "user", "content": "q"}]})",
                                        R"({"messages": [{"role": "us\u0065r", "content": "q"}]})",
                                        R"({"m\u0065ssages": []})",
                                        R"({"conversations": [{"from": "human", "value": "q"}]})",
                                        R"({"text": "t"})"}) {
    CHECK(!is_taken(record));
  }
}

TEST(what_is_no_json_is_not_taken) {
  for (const std::string_view record :
       {R"({"messages": [{"role": "user", "content": "q"},]})", R"({"messages": [{"role": "user", "content": "q"}]}})",
        R"({"messages": [{"role": "user", "content": "q"}]} x)", R"({"messages": [{"role": "user", "content": "q",}]})",
        R"({"messages": [{"role": "user" "content": "q"}]})", R"({"messages": [{"role": "user", "content": "q"})",
        R"({"messages": [{"role": "user", "content": "q\"}]})", R"({"messages": [{"role": "user", "content": "q}]})",
        R"({'messages': [{"role": "user", "content": "q"}]})", "\v{\"messages\": []}", ""}) {
    CHECK(!is_taken(record));
  }
}

TEST(escapes_are_those_of_json_and_name_whole_characters) {
  CHECK(takes_content(R"(\" \\ \/ \b \f \n \r \t \u0000 \u00e9 \uABCD \ud83d\ude42 \uDBFF\uDFFF)"));
  for (const std::string content :
       {R"(\x41)", R"(\')", R"(\U0041)", R"(\u12)", R"(\u12g4)", R"(\u)", R"(\ud83d)", R"(\ude42)", R"(\ud83dx)",
        R"(\ude42\ud83d)", R"(\ud83d\n)", R"(\ud83d\ud83d\ude42)", R"(\ud83d\u0041)", R"(\ud83d", "\ude42)",
        "\\\xC3\xA9", "\\\x01", "\\ "}) {
    CHECK(!takes_content(content));
    CHECK(!takes_content("xx" + content + "\\n"));
  }
}

TEST(a_quote_behind_any_number_of_backslashes_ends_the_content_or_not) {
  for (std::size_t before = 0; before < 70; ++before) {
    for (std::size_t count = 0; count < 9; ++count) {
      const std::string content = std::string(before, 'x') + std::string(count, '\\');
      CHECK_EQ(takes_content(content), count % 2 == 0);
      CHECK_EQ(takes_content(content + "\""), count % 2 == 1);
    }
  }
}

TEST(raw_control_characters_are_not_taken_within_strings) {
  for (char c = 0; c < 0x20; ++c) {
    CHECK(!takes_content(std::string("a") + c + "b"));
    CHECK(!is_taken(std::string(R"({"messages": [{"role": "us)") + c + R"(er", "content": "q"}]})"));
  }
  CHECK(takes_content("\x7F"));
}

TEST(only_valid_utf8_is_taken) {
  for (const std::string content : {"\xC3\xA9", "\xE6\xBC\xA2", "\xF4\x8F\xBF\xBF", "\xEF\xBB\xBF", "\xED\x9F\xBF"}) {
    CHECK(takes_content(content));
  }
  for (const std::string content : {"\x80", "\xC3", "\xC0\xAF", "\xED\xA0\x80", "\xE2\x82", "\xF4\x90\x80\x80", "\xFF",
                                    "\xF0\x8F\xBF\xBF", "\xE0\x9F\xBF"}) {
    for (std::size_t before = 0; before < 130; before += 13) {
      CHECK(!takes_content(std::string(before, 'x') + content));
      CHECK(!takes_content(std::string(before, 'x') + content + "x"));
    }
  }
}

TEST(contents_of_every_length_are_read_whole_on_every_level) {
  for (std::size_t length = 0; length < 200; ++length) {
    std::string content(length, 'x');
    CHECK(takes_content(content));
    for (const std::string_view escape : {"\\n", "\\\\", "\\\"", "\\u00e9"}) {
      if (length < escape.size()) continue;
      CHECK(takes_content(std::string(length - escape.size(), 'x') + std::string(escape)));
      CHECK(takes_content(std::string(escape) + std::string(length - escape.size(), 'x')));
    }
    std::string quotes;
    for (std::size_t i = 0; i < length; ++i) quotes += i % 3 == 0 ? "\\\"" : i % 3 == 1 ? "\xC3\xA9" : "\\\\";
    CHECK(takes_content(quotes));
  }
}

TEST(a_record_that_ends_anywhere_is_not_taken) {
  const std::string record = one_turn(R"(a\"b\\ \u00e9)"
                                      "\xC3\xA9 and more text than one block has, so that there are two of them");
  CHECK(is_taken(record));
  for (std::size_t end = 0; end < record.size(); ++end) CHECK(!is_taken(record.substr(0, end)));
}

TEST(longer_records_are_left_to_the_general_parser) {
  const std::size_t frame = one_turn("").size();
  CHECK(takes_content(std::string(ChatScanner::kLongest - frame, 'x')));
  CHECK(!takes_content(std::string(ChatScanner::kLongest - frame + 1, 'x')));
}

TEST(no_mutation_of_a_record_is_read_otherwise_than_by_the_general_parser) {
  const std::vector<std::string> seeds = {
      std::string(kChat), one_turn(R"(\"\\\n\u00e9\ud83d\ude42)"), one_turn(std::string(150, 'x')),
      R"({"messages":[{"role":"system","content":"s"},{"role":"user","content":"\\"},{"role":"tool","content":"t"}]})"};
  constexpr std::string_view kBytes = "{}[]:,\"\\u \n\xFF\x80n0";
  std::mt19937 random(5);
  std::size_t taken = 0;
  for (int i = 0; i < 20000; ++i) {
    std::string record = seeds[random() % seeds.size()];
    for (std::size_t n = random() % 3; n > 0 && !record.empty(); --n) {
      const std::size_t at = random() % record.size();
      switch (random() % 4) {
        case 0: record[at] = static_cast<char>(random()); break;
        case 1: record.erase(at, 1 + random() % 12); break;
        case 2: record.insert(at, 1, kBytes[random() % kBytes.size()]); break;
        default: record.insert(at, seeds[random() % seeds.size()].substr(random() % 60, random() % 30)); break;
      }
    }
    taken += is_taken(record) ? 1 : 0;
  }
  CHECK(taken > 5000);
}
