#include "tunegate/record_parser.hpp"

#include <random>
#include <string>

#include "check.hpp"

using tunegate::FieldNames;
using tunegate::Message;
using tunegate::Part;
using tunegate::RecordParser;
using tunegate::Sample;

namespace {

constexpr std::string_view kChat =
    R"({"messages":[{"role":"user","content":"q"},{"role":"assistant","content":"a"}],"category":7,"x":{"a":1,"a":2}})";

std::string reason_of(std::string_view record) {
  RecordParser parser{FieldNames{}};
  const auto unreadable = parser.parse(record);
  return unreadable ? unreadable->reason : "";
}

bool breaks_list(std::string_view record) { return RecordParser{FieldNames{}}.parse(record)->breaks_list; }

/// Reads every byte of every view.
std::size_t weigh(const Sample& sample) {
  std::size_t sum = 0;
  const auto add = [&sum](const std::optional<std::string_view>& text) {
    for (const char c : text.value_or("")) sum += static_cast<unsigned char>(c);
  };
  for (const auto& field : {sample.tools, sample.category, sample.difficulty, sample.split, sample.metadata})
    add(field);
  for (const Message& message : sample.messages) {
    add(message.role);
    for (const auto& field : {message.content, message.reasoning, message.tool_calls, message.tool_call_id,
                              message.name, message.media, message.extra}) {
      add(field);
    }
  }
  return sum;
}

}  // namespace

TEST(a_record_becomes_a_sample) {
  RecordParser parser{FieldNames{}};
  CHECK(!parser.parse(kChat));
  const Sample& sample = parser.sample();
  CHECK_EQ(sample.format, "messages");
  CHECK_EQ(sample.messages.size(), 2u);
  CHECK_EQ(sample.messages[1].role, "assistant");
  CHECK_EQ(sample.messages[1].content, "a");
  CHECK_EQ(sample.category, "7");
  CHECK_EQ(sample.metadata, R"({"category":7,"x":{"a":1,"a":2}})");
  CHECK(!sample.tools.has_value() && !sample.label.has_value() && !sample.split.has_value());
}

TEST(a_parser_forgets_the_record_before) {
  RecordParser parser{FieldNames{}};
  CHECK(!parser.parse(R"({"prompt":"q","completion":"a","label":true,"tools":[1],"difficulty":"d"})"));
  CHECK(!parser.parse(R"({"text":"t"})"));
  const Sample& sample = parser.sample();
  CHECK_EQ(sample.format, "text");
  CHECK_EQ(sample.messages.size(), 1u);
  CHECK(!sample.label && !sample.tools && !sample.difficulty && !sample.metadata);
  CHECK(parser.parse("nonsense").has_value());
  CHECK(!parser.parse(kChat));
}

TEST(the_split_of_the_file_is_for_records_that_name_none) {
  FieldNames fields;
  fields.default_split = "train";
  RecordParser parser{fields};
  CHECK(!parser.parse(R"({"text":"t"})"));
  CHECK_EQ(parser.sample().split, "train");
  CHECK(!parser.parse(R"({"text":"t","metadata":{"split":"test"}})"));
  CHECK_EQ(parser.sample().split, "test");
}

TEST(only_what_is_no_json_casts_doubt_on_what_follows_in_a_list) {
  CHECK(breaks_list("{"));
  CHECK(breaks_list(R"({"text":"a",})"));
  CHECK(!breaks_list("7"));
  CHECK(!breaks_list(R"({"text":7})"));
  CHECK(!breaks_list("{\"text\":\"\xFF\"}"));
  CHECK(!breaks_list(R"({"text":"\ud800"})"));
  CHECK(!breaks_list(std::string(200, '[') + std::string(200, ']')));
}

TEST(duplicate_keys_are_refused_where_they_are_read_and_kept_where_they_are_opaque) {
  CHECK_EQ(reason_of(R"({"text":"a","text":"b"})"), "a key stands twice in the record");
  CHECK_EQ(reason_of(R"({"messages":[{"role":"user","role":"user"}]})"), "a key stands twice in message 1");
  CHECK_EQ(reason_of(R"({"text":"a","metadata":{"k":1,"k":2}})"), "");
  std::string many = R"({"text":"a")";
  for (int i = 0; i < 100; ++i) many += ",\"k" + std::to_string(i) + "\":0";
  CHECK_EQ(reason_of(many + "}"), "");
  CHECK_EQ(reason_of(many + R"(,"k\u0035\u0030":0})"), "a key stands twice in the record");
}

TEST(no_mutation_of_a_record_is_more_than_unreadable) {
  const std::string_view seeds[] = {
      kChat,
      R"({"conversations":[{"from":"human","value":"q"},{"from":"function_call","value":"[{\"name\":\"f\"}]"}],"tools":"[]"})",
      R"({"prompt":[{"role":"user","content":[{"type":"text","text":"a"},{"type":"image"}]}],"chosen":"a","rejected":"b"})",
      R"({"chosen":"\n\nHuman: q\n\nAssistant: a","rejected":"\n\nHuman: q\n\nAssistant: b\n\nHuman:"})",
      R"({"instruction":"i","input":"x","output":"o","history":[["a","b"]],"system":"s","split":"t"})",
      R"({"messages":[{"role":"assistant","tool_calls":[{"id":"1","function":{"name":"f"}}],"weight":0.5}],"label":true})"};
  constexpr std::string_view kBytes = "{}[]:,\"\\ntf0-e \n\xFF\x80u";
  std::mt19937 random(11);
  RecordParser parser{FieldNames{}};
  std::size_t readable = 0;
  for (int i = 0; i < 20000; ++i) {
    std::string record(seeds[random() % std::size(seeds)]);
    for (std::size_t n = 1 + random() % 3; n > 0 && !record.empty(); --n) {
      const std::size_t at = random() % record.size();
      switch (random() % 4) {
        case 0: record[at] = static_cast<char>(random()); break;
        case 1: record.erase(at, 1 + random() % 12); break;
        case 2: record.insert(at, 1, kBytes[random() % kBytes.size()]); break;
        default:
          record.insert(at, std::string(seeds[random() % std::size(seeds)]).substr(random() % 40, random() % 30));
          break;
      }
    }
    const std::vector<char> exact(record.begin(), record.end());  // no byte behind it is ours to read
    const auto unreadable = parser.parse({exact.data(), exact.size()});
    if (unreadable) {
      CHECK(!unreadable->reason.empty());
    } else {
      ++readable;
      CHECK(weigh(parser.sample()) + 1 > 0);
      CHECK_EQ(std::string_view(fingerprint(parser.sample())).size(), 32u);
    }
  }
  CHECK(readable > 1000);
}
