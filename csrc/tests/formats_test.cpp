#include <random>
#include <set>
#include <string>

#include "check.hpp"
#include "tunegate/format.hpp"
#include "tunegate/record_parser.hpp"

using tunegate::FieldNames;
using tunegate::find_format;
using tunegate::Format;
using tunegate::formats;
using tunegate::JsonDocument;
using tunegate::Losses;
using tunegate::RecordParser;

namespace {

std::string fingerprint_of(std::string_view record) {
  RecordParser parser{FieldNames{}};
  if (const auto unreadable = parser.parse(record)) return unreadable->reason;
  return std::string(std::string_view(fingerprint(parser.sample())));
}

struct Written {
  std::string record;
  std::vector<std::string> losses;
};

Written written(std::string_view record, const Format& format) {
  RecordParser parser{FieldNames{}};
  Written out;
  Losses losses;
  if (!parser.parse(record)) render_record(format, parser.sample(), out.record, losses);
  out.losses = losses.names();
  return out;
}

}  // namespace

TEST(nine_formats_register_by_being_there_each_with_its_own_rank) {
  std::set<int> ranks;
  std::set<std::string_view> names;
  for (const Format& format : formats()) {
    ranks.insert(format.rank);
    names.insert(format.name);
    CHECK(find_format(format.name) == &format);
  }
  CHECK(names == std::set<std::string_view>({"alpaca", "kto", "message_list", "messages", "preference",
                                             "prompt_completion", "question_answer", "sharegpt", "text"}));
  CHECK_EQ(ranks.size(), names.size());
  CHECK(find_format("csv") == nullptr);
}

TEST(each_example_is_sniffed_as_its_own_format_and_written_again_as_it_was) {
  for (const Format& format : formats()) {
    JsonDocument document;
    CHECK(!document.parse(format.example));
    CHECK(detect_format(document.root()) == &format);
    const Written again = written(format.example, format);
    CHECK(again.losses.empty());
    CHECK_EQ(fingerprint_of(again.record), fingerprint_of(format.example));
    CHECK(again.record.find('\n') == std::string::npos);
  }
}

TEST(an_example_in_another_format_says_the_same_or_its_losses_are_named) {
  for (const Format& from : formats()) {
    for (const Format& to : formats()) {
      const Written other = written(from.example, to);
      CHECK(!other.losses.empty() || fingerprint_of(other.record) == fingerprint_of(from.example));
    }
  }
}

TEST(sniffing_takes_any_json) {
  const std::string_view keys[] = {
      "messages", "conversations", "chosen",      "rejected", "chosen_messages", "prompt",   "completion", "response",
      "label",    "kto_tag",       "instruction", "input",    "output",          "question", "answer",     "text",
      "role",     "from",          "tools",       "history",  "system",          "metadata", "input_ids"};
  const std::string_view values[] = {"null",
                                     "true",
                                     "7",
                                     "\"x\"",
                                     "[]",
                                     "{}",
                                     "[1]",
                                     R"([["a","b"]])",
                                     R"([{"role":"user"}])",
                                     R"([{"from":"human","value":"x"}])",
                                     R"({"role":"user","content":"x"})",
                                     R"("\ud800")"};
  std::mt19937 random(2);
  std::size_t readable = 0;
  for (int i = 0; i < 20000; ++i) {
    std::string record = "{";
    for (std::size_t n = 1 + random() % 5; n > 0; --n) {
      if (record.size() > 1) record += ',';
      record += '"' + std::string(keys[random() % std::size(keys)]) +
                "\":" + std::string(values[random() % std::size(values)]);
    }
    record += '}';
    RecordParser parser{FieldNames{}};
    if (parser.parse(record)) continue;
    ++readable;
    for (const Format& format : formats()) {
      const Written other = written(record, format);
      const bool same = fingerprint_of(other.record) == fingerprint_of(record);
      if (other.losses.empty() && !same) check::fail(__FILE__, __LINE__, record + " as " + other.record);
    }
  }
  CHECK(readable > 2000);
}
