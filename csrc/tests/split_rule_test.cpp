#include "tunegate/split_rule.hpp"

#include <array>
#include <random>
#include <string>
#include <vector>

#include "check.hpp"

using namespace tunegate;

namespace {

constexpr std::array kRules{SplitRule::kGpt2,   SplitRule::kLlama3, SplitRule::kQwen2,
                            SplitRule::kQwen35, SplitRule::kO200k,  SplitRule::kTekken};

std::vector<SimdLevel> available_levels() {
  std::vector<SimdLevel> levels;
  for (const SimdLevel level : {SimdLevel::kScalar, SimdLevel::kV2, SimdLevel::kV3, SimdLevel::kV4}) {
    if (level <= best_simd_level()) levels.push_back(level);
  }
  return levels;
}

std::vector<std::size_t> all_ends(SplitRule rule, std::string_view text, SimdLevel level) {
  std::vector<std::size_t> all;
  std::array<std::size_t, kLeastPieceEnds> ends;
  while ((all.empty() ? 0 : all.back()) < text.size()) {
    const std::size_t count = find_piece_ends(rule, text, all.empty() ? 0 : all.back(), ends, level);
    all.insert(all.end(), ends.begin(), ends.begin() + static_cast<std::ptrdiff_t>(count));
  }
  return all;
}

/// The pieces with a bar between them.
std::string cut(SplitRule rule, std::string_view text) {
  std::string shown;
  for_each_piece_of(rule, text, [&](std::string_view piece) {
    if (!shown.empty()) shown += '|';
    shown += piece;
  });
  return shown;
}

/// The text with something before and after it that no rule joins with it, so that it stands within a block of 64
/// bytes.
std::string cut_within_a_block(SplitRule rule, const std::string& text) {
  const std::string shown = cut(rule, "a1\n" + text + "\n1a" + std::string(64, ' '));
  constexpr std::string_view kBefore = "a|1|\n|";
  return shown.substr(kBefore.size(), shown.rfind('1') - kBefore.size() - 3);
}

std::string nasty_text(std::mt19937& random, std::size_t length, bool ascii) {
  static const std::vector<std::string> kAlphabet{
      "a",      "b",      "s",  "t",  "r", "e", "l",  "B", "S", "1",    "8",      " ",
      " ",      "\t",     "\n", "\r", "'", "'", ".",  "/", "-", "\x1F", "\u00A0", "\u3000",
      "\u0301", "\u017F", "中", "é",  "Ж", "ж", "あ", "٣", "½", "𝒳",    "🙂",   "\u200D"};
  constexpr std::size_t kAscii = 22;
  std::string text;
  for (std::size_t i = 0; i < length; ++i) text += kAlphabet[random() % (ascii ? kAscii : kAlphabet.size())];
  return text;
}

}  // namespace

TEST(gpt2_keeps_a_space_with_the_word_number_or_signs_after_it) {
  CHECK_EQ(cut(SplitRule::kGpt2, "Hello, world 2024 (x)"), "Hello|,| world| 2024| (|x|)");
  CHECK_EQ(cut(SplitRule::kGpt2, "a  b\t c\td"), "a| | b|\t| c|\t|d");
  CHECK_EQ(cut(SplitRule::kGpt2, "a\n\n b \n"), "a|\n\n| b| \n");
  CHECK_EQ(cut(SplitRule::kGpt2, "中文ab 1½"), "中文ab| 1½");
}

TEST(gpt2_splits_small_contractions_only_where_a_piece_starts) {
  CHECK_EQ(cut(SplitRule::kGpt2, "I'll they're we'veS it's"), "I|'ll| they|'re| we|'ve|S| it|'s");
  CHECK_EQ(cut(SplitRule::kGpt2, "I'LL 'tis ''s"), "I|'|LL| '|tis| ''|s");
  CHECK_EQ(cut(SplitRule::kGpt2, "'slow 'r a're"), "'s|low| '|r| a|'re");
}

TEST(llama3_takes_one_sign_with_a_word_and_three_digits) {
  CHECK_EQ(cut(SplitRule::kLlama3, "(a !!b \tc"), "(a| !!|b| |\tc");
  CHECK_EQ(cut(SplitRule::kLlama3, "x 12345678"), "x| |123|456|78");
  CHECK_EQ(cut(SplitRule::kLlama3, "I'LL 'tis a'\u017Fb"), "I|'LL| '|tis| a|'\u017F|b");
}

TEST(llama3_keeps_line_ends_with_signs_and_blank_lines_together) {
  CHECK_EQ(cut(SplitRule::kLlama3, "end.\r\n\n  next"), "end|.\r\n\n| | next");
  CHECK_EQ(cut(SplitRule::kLlama3, "a \n \n  b"), "a| \n \n| | b");
  CHECK_EQ(cut(SplitRule::kLlama3, "a\n  "), "a|\n|  ");
}

TEST(qwen2_takes_each_digit_by_itself) { CHECK_EQ(cut(SplitRule::kQwen2, "x12 3'S"), "x|1|2| |3|'S"); }

TEST(o200k_ends_words_before_a_capital_and_keeps_contractions) {
  CHECK_EQ(cut(SplitRule::kO200k, "parseHTMLText DON'T don't's"), "parse|HTMLText| DON'T| don't|'s");
  CHECK_EQ(cut(SplitRule::kO200k, "a/\n/b \u0301x"), "a|/\n/|b| \u0301x");
  CHECK_EQ(cut(SplitRule::kO200k, "中ABC ABC"), "中|ABC| ABC");  // a capital ends the word after a letter without case
  CHECK_EQ(cut(SplitRule::kO200k, "\u0301AB !AB"), "\u0301|AB| !|AB");
  CHECK_EQ(cut(SplitRule::kO200k, "\u01C5a aⅧ1234"), "\u01C5a| a|Ⅷ12|34");
}

TEST(qwen35_keeps_marks_with_the_word) {
  CHECK_EQ(cut(SplitRule::kQwen35, "q\u0301x 12 !\u0301'S"), "q\u0301x| |1|2| !|\u0301|'S");
  CHECK_EQ(cut(SplitRule::kQwen2, "q\u0301x 12 !\u0301'S"), "q|\u0301x| |1|2| !\u0301'|S");
}

TEST(tekken_knows_no_contractions) {
  CHECK_EQ(cut(SplitRule::kTekken, "parseHTMLText DON'T 12 a//\n/"), "parse|HTMLText| DON|'T| |1|2| a|//\n/");
}

TEST(texts_within_a_block_are_cut_like_those_by_themselves) {
  CHECK_EQ(cut_within_a_block(SplitRule::kGpt2, "I'll (go)  42 \t!"), "I|'ll| (|go|)| | 42| |\t|!");
  CHECK_EQ(cut_within_a_block(SplitRule::kLlama3, "'re12345 if(x):\n\n    y"), "'re|123|45| if|(x|):\n\n|   | y");
  CHECK_EQ(cut_within_a_block(SplitRule::kO200k, "isn'tIt's's a//\n/b"), "isn't|It's|'s| a|//\n/|b");
}

TEST(every_level_finds_what_the_scalar_one_finds) {
  std::mt19937 random(5);
  for (int round = 0; round < 3000; ++round) {
    const std::string text = nasty_text(random, random() % 200, round % 2 == 0);
    for (const SplitRule rule : kRules) {
      const auto expected = all_ends(rule, text, SimdLevel::kScalar);
      for (const SimdLevel level : available_levels()) {
        if (all_ends(rule, text, level) != expected) CHECK_EQ(text, std::string(simd_level_name(level)));
      }
    }
  }
}

TEST(any_bytes_are_cut_without_a_look_outside_of_them) {
  std::mt19937 random(9);
  for (int round = 0; round < 2000; ++round) {
    std::string bytes = nasty_text(random, random() % 40, false);
    for (int change = 0; change < 3 && !bytes.empty(); ++change) {
      bytes[random() % bytes.size()] = static_cast<char>(random());
    }
    bytes.resize(bytes.size() - bytes.size() / 8);
    const std::vector<char> exact(bytes.begin(), bytes.end());  // no zero byte behind the last one
    for (const SplitRule rule : kRules) {
      std::string joined;
      for_each_piece_of(rule, {exact.data(), exact.size()}, [&](std::string_view piece) {
        CHECK(!piece.empty());
        joined += piece;
      });
      CHECK(joined == bytes);
    }
  }
}

TEST(a_text_without_characters_has_no_pieces) {
  for (const SplitRule rule : kRules) CHECK_EQ(cut(rule, ""), "");
}

TEST(long_runs_are_cut_in_linear_time) {
  constexpr std::size_t kLong = 4'000'000;  // quadratic code would take hours
  for (const std::string& unit : {std::string("a"), std::string(" "), std::string("\n"), std::string("1"),
                                  std::string("="), std::string("\n "), std::string("中A"), std::string("'s")}) {
    std::string text;
    while (text.size() < kLong) text += unit;
    for (const SplitRule rule : kRules) {
      std::size_t bytes = 0;
      for_each_piece_of(rule, text, [&](std::string_view piece) { bytes += piece.size(); });
      CHECK_EQ(bytes, text.size());
    }
  }
}

TEST(only_regular_expressions_that_are_known_have_a_rule) {
  CHECK(find_split_rule(R"('s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+)") ==
        SplitRule::kGpt2);
  CHECK(!find_split_rule(""));
  CHECK(!find_split_rule(R"(\s+)"));
}
