#include "tunegate/tokenizer.hpp"

#include <cstdint>
#include <string>
#include <vector>

#include "check.hpp"

namespace {

using tunegate::Message;
using tunegate::Part;
using tunegate::Sample;
using tunegate::Tokenizer;
using Ids = std::vector<std::uint32_t>;

/// Characters a and b, their pair, and the sign for a space; `rest` is further members of the file.
std::string file(const std::string& rest) {
  return R"({"model": {"type": "BPE", "vocab": {"a": 0, "b": 1, "ab": 2, "▁": 3, "▁a": 4}, "merges": ["a b", "▁ a"]})" +
         rest + "}";
}

const std::string kSpaces =
    R"(, "normalizer": {"type": "Sequence", "normalizers": [{"type": "Prepend", "prepend": "▁"},
       {"type": "Replace", "pattern": {"String": " "}, "content": "▁"}]})";
const std::string kAdded = R"(, "added_tokens": [{"id": 9, "content": "<x>", "single_word": false, "lstrip": false,
    "rstrip": false, "normalized": false, "special": true}])";

TEST(a_text_becomes_the_tokens_of_its_merges) {
  const Tokenizer tokenizer(file(""));
  CHECK(tokenizer.encode("abba") == Ids{2, 1, 0});
  CHECK(tokenizer.encode("").empty());
}

TEST(spaces_become_signs_and_one_stands_before_the_text) {
  const Tokenizer tokenizer(file(kSpaces));
  CHECK(tokenizer.encode("b a") == Ids{3, 1, 4});
  CHECK(tokenizer.encode("  a") == Ids{3, 3, 4});
}

TEST(an_added_token_cuts_a_text_and_each_part_is_normalized_by_itself) {
  const Tokenizer tokenizer(file(kSpaces + kAdded));
  CHECK(tokenizer.encode("b<x>b") == Ids{3, 1, 5, 3, 1});
  CHECK(tokenizer.encode("<x>") == Ids{5});
}

TEST(a_counter_counts_what_is_encoded_also_when_it_knows_the_pieces) {
  const Tokenizer tokenizer(file(kSpaces + kAdded));
  Tokenizer::Counter counter(tokenizer);
  std::string long_text;
  for (int i = 0; i < 500; ++i) long_text += i % 7 == 0 ? "<x> ab" : i % 3 == 0 ? " abbaabbaabbaabbaabba" : " a b";
  for (int round = 0; round < 3; ++round) {
    for (const std::string& text : {std::string("abba"), std::string(""), std::string(" a b ab"), long_text}) {
      CHECK_EQ(counter.count(text), tokenizer.encode(text).size());
    }
  }
}

Message turn(std::string_view role, std::string_view content, Part part = Part::kMain) {
  Message message;
  message.part = part;
  message.role = role;
  message.content = content;
  return message;
}

tunegate::TokenCounts counts(std::vector<Message> messages) {
  const Tokenizer tokenizer(file(""));
  Tokenizer::Counter counter(tokenizer);
  Sample sample;
  sample.messages = std::move(messages);
  return count_tokens(sample, counter);
}

TEST(the_counts_of_a_sample_are_sums_over_its_turns) {
  const auto chat = counts({turn("system", "a"), turn("user", "bb"), turn("assistant", "aaa"), turn("user", "bbbb"),
                            turn("assistant", "aaaaa"), turn("user", "bbbbbb")});
  CHECK_EQ(chat.prompt, 2 + 3 + 4);
  CHECK_EQ(chat.response, 5);
  CHECK_EQ(chat.tokens, 21);
  CHECK_EQ(chat.trained, 3 + 5);
  CHECK_EQ(chat.longest, 21);
}

TEST(of_a_pair_the_longer_branch_counts_and_the_rejected_one_is_not_trained_on) {
  const auto pair =
      counts({turn("user", "b"), turn("assistant", "aa", Part::kChosen), turn("assistant", "aaaaa", Part::kRejected)});
  CHECK_EQ(pair.prompt, 1);
  CHECK_EQ(pair.response, 2);
  CHECK_EQ(pair.tokens, 8);
  CHECK_EQ(pair.trained, 2);
  CHECK_EQ(pair.longest, 6);
}

TEST(a_text_is_a_response_and_without_one_all_is_prompt) {
  const auto text = counts({turn("text", "aaa")});
  CHECK_EQ(text.prompt, 0);
  CHECK_EQ(text.response, 3);
  CHECK_EQ(text.trained, 3);
  const auto unanswered = counts({turn("system", "a"), turn("user", "bb"), Message{}});
  CHECK_EQ(unanswered.prompt, 2);
  CHECK_EQ(unanswered.response, 0);
  CHECK_EQ(unanswered.tokens, 3);
}

}  // namespace
