#include "tunegate/json_reader.hpp"

#include <array>
#include <random>
#include <string>
#include <vector>

#include "check.hpp"
#include "tunegate/json_check.hpp"
#include "tunegate/json_write.hpp"

using tunegate::check_json;
using tunegate::JsonDocument;
using tunegate::JsonKind;
using tunegate::JsonValue;
using tunegate::kMaxJsonDepth;
using tunegate::TextArena;

namespace {

std::string canonical(std::string_view text) {
  JsonDocument document;
  std::string out;
  if (!document.parse(text)) tunegate::append_canonical_json(out, document.root());
  return out;
}

/// A copy of exactly these bytes on the heap, so that the sanitizer sees any byte read beyond them.
struct Exact {
  explicit Exact(std::string_view text) : bytes(text.begin(), text.end()) { bytes.shrink_to_fit(); }
  std::string_view view() const { return {bytes.data(), bytes.size()}; }
  std::vector<char> bytes;
};

constexpr std::array<std::string_view, 4> kSeeds{
    R"({"messages":[{"role":"user","content":"caf\u00e9 \ud83d\ude00 \"\\"},{"role":"assistant","content":null}]})",
    R"( {"a" : [1,-2.5e+10,0,true,false,null,{"b":{}},[[]]] , "c":""} )",
    "[\"\xE6\xBC\xA2\xF0\x9F\x98\x80\xC3\xA9\",\"\\ud800\",1e999]\r\n", R"([[[[{"k":[{"k":[0.1,"]}",{}]}]}]]]])"};
constexpr std::string_view kPieces = "{}[]:,\"\\/-+.eE0129tfnu \t\n\r\v\x1f\x7f\x80\xbf\xc0\xc2\xe0\xed\xf0\xf4\xff";

std::string mutated(std::mt19937& random) {
  const auto below = [&random](std::size_t n) { return static_cast<std::size_t>(random() % n); };
  std::string text(kSeeds[below(kSeeds.size())]);
  for (std::size_t i = 0, count = 1 + below(3); i < count && !text.empty(); ++i) {
    const std::size_t at = below(text.size());
    switch (below(5)) {
      case 0: text[at] = static_cast<char>(below(256)); break;
      case 1: text.erase(at, 1 + below(3)); break;
      case 2: text.insert(at, 1, kPieces[below(kPieces.size())]); break;
      case 3: text.resize(at); break;
      default: text[at] = static_cast<char>(text[at] ^ (1 << below(8))); break;
    }
  }
  return text;
}

/// Touches every value, so that the sanitizer sees every span.
std::size_t visit(JsonValue value, TextArena& arena) {
  std::size_t bytes = value.raw().size();
  if (const auto text = value.text(arena)) bytes += text->size();
  if (value.number()) ++bytes;
  for (JsonValue child = value.first(); child; child = child.next()) bytes += visit(child, arena);
  return bytes;
}

}  // namespace

TEST(json_document_and_reference_say_the_same_of_mutated_texts) {
  std::mt19937 random(20);
  JsonDocument document;
  TextArena arena;
  std::size_t accepted = 0, differ = 0;
  for (int i = 0; i < 20000; ++i) {
    const Exact text(mutated(random));
    const auto fast = document.parse(text.view());
    const auto reference = check_json(text.view());
    const bool same = fast.has_value() == reference.has_value() &&
                      (!fast || (fast->what == reference->what && fast->offset == reference->offset));
    if (!same) ++differ;
    if (fast) continue;
    ++accepted;
    arena.clear();
    CHECK(visit(document.root(), arena) > 0);
  }
  CHECK_EQ(differ, 0u);
  CHECK(accepted > 1000 && accepted < 19000);  // both answers are common
}

TEST(every_prefix_of_a_text_is_refused_without_reading_beyond_it) {
  const std::string_view whole = kSeeds[0];
  JsonDocument document;
  for (std::size_t size = 0; size < whole.size(); ++size) {
    CHECK(document.parse(Exact(whole.substr(0, size)).view()).has_value());
  }
  CHECK(!document.parse(Exact(whole).view()));
}

TEST(values_are_spans_of_the_text_in_its_order) {
  JsonDocument document;
  CHECK(!document.parse(R"( {"a": [1 , "x" ,{} ], "b" : 1e999 , "a":null} )"));
  const JsonValue root = document.root();
  CHECK(root.is(JsonKind::kObject));
  CHECK_EQ(root.raw(), R"({"a": [1 , "x" ,{} ], "b" : 1e999 , "a":null})");
  const JsonValue list = root.first().next();
  CHECK_EQ(list.raw(), R"([1 , "x" ,{} ])");
  CHECK_EQ(list.first().raw(), "1");
  CHECK_EQ(list.first().next().raw(), R"("x")");
  CHECK_EQ(list.first().next().next().raw(), "{}");
  CHECK(!list.first().next().next().next());
  CHECK(!list.first().next().next().first());
  CHECK(root.find("a").is_null());  // the last of that name
  CHECK(!root.find("c"));
  CHECK(!root.find("b").number().has_value());  // out of range
  CHECK(!list.find("a"));
}

TEST(text_is_unescaped_and_a_lone_surrogate_is_none) {
  JsonDocument document;
  TextArena arena;
  CHECK(!document.parse(R"(["plain","\"\\\/\b\f\n\r\t","\u00e9\u6f22\ud83d\ude00\u0000","\ud800","\udc00\ud800",7])"));
  JsonValue value = document.root().first();
  CHECK_EQ(value.text(arena), "plain");
  value = value.next();
  CHECK_EQ(value.text(arena), "\"\\/\b\f\n\r\t");
  value = value.next();
  CHECK(value.text(arena) == std::string_view("\xC3\xA9\xE6\xBC\xA2\xF0\x9F\x98\x80\0", 10));
  value = value.next();
  CHECK(!value.text(arena).has_value());
  value = value.next();
  CHECK(!value.text(arena).has_value());
  CHECK(!value.next().text(arena).has_value());
}

TEST(keys_are_found_by_what_they_spell) {
  JsonDocument document;
  CHECK(!document.parse(R"({"\u0061b":1,"\ud800":2,"":3})"));
  CHECK_EQ(document.root().find("ab").raw(), "1");
  CHECK_EQ(document.root().find("").raw(), "3");
  CHECK(document.root().first().equals("ab"));
  CHECK(!document.root().first().equals("a"));
}

TEST(nesting_is_limited) {
  const auto nested = [](std::size_t levels) { return std::string(levels, '[') + std::string(levels, ']'); };
  JsonDocument document;
  CHECK(!document.parse(nested(kMaxJsonDepth)));
  const auto fault = document.parse(nested(kMaxJsonDepth + 1));
  CHECK_EQ(fault->what, "nested deeper than 128 levels");
  CHECK_EQ(document.parse(nested(1000000))->offset, 128u);
}

TEST(a_document_is_used_again_for_longer_and_shorter_texts) {
  JsonDocument document;
  TextArena arena;
  for (const std::size_t size : {1u, 100000u, 3u, 1u << 20, 0u}) {
    const std::string text = "\"" + std::string(size, 'x') + "\\n\"";
    CHECK(!document.parse(text));
    arena.clear();
    CHECK_EQ(document.root().text(arena)->size(), size + 1);
  }
  CHECK(document.parse("[").has_value());
  CHECK(!document.parse("[]"));
}

TEST(a_copied_text_may_go_away) {
  JsonDocument document;
  {
    const Exact text(R"({"a":"b"})");
    CHECK(!document.parse_copy(text.view()));
  }
  CHECK_EQ(document.root().find("a").raw(), R"("b")");
}

TEST(texts_in_an_arena_stay_when_more_are_added) {
  TextArena arena;
  std::vector<std::string_view> views;
  for (std::size_t i = 0; i < 300; ++i)
    views.push_back(arena.copy(std::string(i * 7 % 3000, static_cast<char>('a' + i % 26))));
  const std::string_view giant = arena.copy(std::string(1 << 20, 'z'));
  CHECK_EQ(giant.size(), 1u << 20);
  for (std::size_t i = 0; i < views.size(); ++i) {
    CHECK(views[i] == std::string(i * 7 % 3000, static_cast<char>('a' + i % 26)));
  }
  arena.clear();
  CHECK_EQ(arena.copy("again"), "again");
}

TEST(canonical_json_sorts_keys_and_escapes_in_one_way) {
  CHECK_EQ(canonical(R"( { "b" : [ 1 , { } ] , "a" : "\/\u0041\u00e9\u001f\n" } )"),
           "{\"a\":\"/A\xC3\xA9\\u001f\\n\",\"b\":[1,{}]}");
  CHECK_EQ(canonical(R"({"a":1,"a":0})"), R"({"a":1,"a":0})");  // equal keys keep their order
  CHECK_EQ(canonical(R"(["\uD800",1.0,-0,1E5])"), R"(["\uD800",1.0,-0,1E5])");
}

TEST(utf8_sequences_are_those_of_rfc_3629) {
  using tunegate::utf8_length;
  CHECK_EQ(utf8_length("a", 0), 1u);
  CHECK_EQ(utf8_length("\xC3\xA9", 0), 2u);
  CHECK_EQ(utf8_length("\xE6\xBC\xA2", 0), 3u);
  CHECK_EQ(utf8_length("\xF4\x8F\xBF\xBF", 0), 4u);
  for (const std::string_view bad : {"\x80", "\xC0\xAF", "\xC1\xBF", "\xC3", "\xE0\x9F\xBF", "\xED\xA0\x80", "\xE6\xBC",
                                     "\xF0\x8F\xBF\xBF", "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\xFF"}) {
    CHECK_EQ(utf8_length(Exact(bad).view(), 0), 0u);
  }
}
