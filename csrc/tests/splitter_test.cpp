#include "tunegate/splitter.hpp"

#include <memory>
#include <random>
#include <string>

#include "check.hpp"

using tunegate::Container;
using tunegate::RecordSpan;
using tunegate::sniff_container;
using tunegate::split_array;
using tunegate::split_lines;
using tunegate::split_nothing;
using tunegate::Splitter;

namespace {

/// "line:text" of every span, or "line!reason", split from `bytes` fed in pieces of `step`.
std::vector<std::string> split(Splitter& splitter, std::string_view bytes, std::size_t step, std::uint64_t start = 0) {
  std::vector<RecordSpan> spans;
  for (std::size_t at = 0; at < bytes.size(); at += step) splitter.feed(bytes.substr(at, step), spans);
  splitter.finish(spans);
  std::vector<std::string> out;
  for (const RecordSpan& span : spans) {
    const std::string_view text = bytes.substr(span.begin - start, span.end - span.begin);
    out.push_back(std::to_string(span.line) + (span.broken.empty() ? ":" : "!") +
                  std::string(span.broken.empty() ? text : span.broken));
  }
  return out;
}

using Texts = std::vector<std::string>;

/// The same spans however the bytes are fed.
template <class Make>
void check_spans(Make make, std::string_view bytes, const Texts& expected) {
  for (const std::size_t step : {std::size_t{1}, std::size_t{2}, std::size_t{7}, bytes.size() + 1}) {
    CHECK(split(*make(0), bytes, step) == expected);
  }
}

}  // namespace

TEST(lines_are_records_and_blank_lines_are_counted) {
  check_spans(split_lines, "a\n\n \t\r\nb c\r\n  d", {"1:a", "4:b c\r", "5:d"});
  check_spans(split_lines, "", {});
  check_spans(split_lines, "\n\n", {});
  check_spans(split_lines, "a\n", {"1:a"});
  check_spans(split_lines, std::string_view("\0\n", 2), {"1:" + std::string(1, '\0')});
}

TEST(elements_of_a_list_are_records) {
  check_spans(split_array, "[]", {});
  check_spans(split_array, " \n[ ]\n", {});
  check_spans(split_array, "[1,\n2 ,{\"a\":[1,2]}\n]", {"1:1", "2:2 ", "2:{\"a\":[1,2]}\n"});
  check_spans(split_array, R"(["],[","\"]\\",["\\\"",[]]])", {R"(1:"],[")", R"(1:"\"]\\")", R"(1:["\\\"",[]])"});
}

TEST(a_broken_list_says_where_and_is_the_last) {
  const std::string cut = "the list is cut short: no ']' at its end";
  const std::string comma = "a comma without an element after it in the list";
  const std::string more = "content after the end of the list";
  check_spans(split_array, "[1,]", {"1:1", "1!" + comma});
  check_spans(split_array, "[1,\n,2]", {"1:1", "2!" + comma});
  check_spans(split_array, "[1]\n\n,2", {"1:1", "3!" + more});
  check_spans(split_array, "[1]]", {"1:1", "1!" + more});
  check_spans(split_array, "[", {"1!" + cut});
  check_spans(split_array, "[1,\n", {"1:1", "2!" + cut});
  check_spans(split_array, "[1\n", {"1:1\n", "2!" + cut});
  check_spans(split_array, "[\"1", {"1:\"1"});  // the element itself is at fault
  check_spans(split_array, "[{\"1\":2", {"1:{\"1\":2"});
  check_spans(split_array, "[,1]", {"1:,1"});
  check_spans(split_array, "[}]", {"1:}]"});
}

TEST(an_object_over_several_lines_is_one_record) {
  check_spans(split_nothing, "\n{\n\"a\":1}\n", {"2:\n{\n\"a\":1}\n"});
  check_spans(split_nothing, " \n", {});
}

TEST(offsets_count_from_where_the_first_byte_stood) {
  CHECK(split(*split_lines(3), "a\nb", 1, 3) == Texts({"1:a", "2:b"}));
  CHECK(split(*split_array(3), "[a,b]", 1, 3) == Texts({"1:a", "1:b"}));
}

TEST(what_is_open_is_known_at_any_time) {
  std::vector<RecordSpan> spans;
  const auto lines = split_lines(0);
  lines->feed("ab\n  ", spans);
  CHECK_EQ(lines->open_since(), 5u);  // blanks are not a record yet
  lines->feed(" c", spans);
  CHECK_EQ(lines->open_since(), 6u);
  CHECK_EQ(lines->line(), 2u);
  const auto list = split_array(0);
  list->feed("[ ", spans);
  CHECK_EQ(list->open_since(), 2u);
  list->feed("{\n", spans);
  CHECK_EQ(list->open_since(), 2u);
  CHECK_EQ(list->line(), 2u);
  list->feed("}, ", spans);
  CHECK_EQ(list->open_since(), 7u);
  CHECK(!list->is_broken());
  list->feed(",", spans);
  CHECK(list->is_broken());
}

TEST(containers_are_told_by_their_first_bytes) {
  CHECK(sniff_container("") == Container::kLines);
  CHECK(sniff_container(" \n[") == Container::kArray);
  CHECK(sniff_container("{\"a\":1}") == Container::kLines);
  CHECK(sniff_container("{\"a\":\"{\"}\n{") == Container::kLines);
  CHECK(sniff_container("{\"a\":\"\\\"{\"}\n{") == Container::kLines);
  CHECK(sniff_container("\n{\n\"a\":1}") == Container::kWhole);
  CHECK(sniff_container("{\"a\":[\n") == Container::kWhole);
  CHECK(sniff_container("\"a\"") == Container::kLines);
  CHECK(sniff_container("{\"a\":\"cut\n{\"a\":1}\n") == Container::kLines);  // a record cut short, then others
  CHECK(sniff_container("{\"a\":[\n{\"b\":1}]}\n") == Container::kWhole);    // an object that goes on
}

TEST(any_bytes_split_alike_however_they_are_fed) {
  constexpr std::string_view kBytes = "[[]{},,\"\"\\\n\n 1ax\xFF";
  std::mt19937 random(5);
  for (int i = 0; i < 3000; ++i) {
    std::string bytes = i % 2 == 0 ? "[" : "";
    for (std::size_t n = random() % 40; n > 0; --n) bytes += kBytes[random() % kBytes.size()];
    for (const auto make : {split_lines, split_array, split_nothing}) {
      const Texts whole = split(*make(0), bytes, bytes.size() + 1);
      CHECK(split(*make(0), bytes, 1) == whole);
      CHECK(split(*make(0), bytes, 1 + random() % 9) == whole);
    }
  }
}
