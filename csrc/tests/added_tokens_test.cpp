#include "tunegate/added_tokens.hpp"

#include <algorithm>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "check.hpp"

using tunegate::AddedToken;
using tunegate::AddedTokens;

namespace {

AddedToken token(std::string content, std::uint32_t id) {
  return {std::move(content), id, false, false, false, false, true};
}
AddedToken word(std::string content) { return {std::move(content), 7, true, false, false, false, true}; }
AddedToken left(std::string content) { return {std::move(content), 8, false, true, false, false, true}; }
AddedToken right(std::string content) { return {std::move(content), 9, false, false, true, false, true}; }

/// The segments, each in brackets; tokens with their id before them.
std::string shown(const AddedTokens& tokens, std::string_view text) {
  std::string out;
  tokens.visit(text, [&out](std::string_view segment, const AddedToken* found) {
    out += '[' + (found == nullptr ? "" : std::to_string(found->id) + '=') + std::string(segment) + ']';
  });
  return out;
}

/// The definition for tokens without flags: at every place the longest token.
std::string slowly(const std::vector<AddedToken>& tokens, std::string_view text) {
  std::string out, plain;
  const auto end_plain = [&] {
    if (!plain.empty()) out += '[' + std::exchange(plain, "") + ']';
  };
  for (std::size_t at = 0; at < text.size();) {
    const AddedToken* longest = nullptr;
    for (const AddedToken& each : tokens) {
      if (!text.substr(at).starts_with(each.content)) continue;
      if (longest == nullptr || each.content.size() > longest->content.size()) longest = &each;
    }
    if (longest == nullptr) {
      plain += text[at++];
    } else {
      end_plain();
      out += '[' + std::to_string(longest->id) + '=' + longest->content + ']';
      at += longest->content.size();
    }
  }
  end_plain();
  return out;
}

}  // namespace

TEST(a_text_without_added_tokens_is_one_segment) {
  CHECK_EQ(shown(AddedTokens({}), "abc"), "[abc]");
  CHECK_EQ(shown(AddedTokens({token("<s>", 1)}), "a < b <s"), "[a < b <s]");
  CHECK_EQ(shown(AddedTokens({token("<s>", 1)}), ""), "");
}

TEST(the_leftmost_longest_token_is_found) {
  const AddedTokens tokens({token("<a", 1), token("<a>", 2), token("a>b", 3), token("b", 4)});
  CHECK_EQ(shown(tokens, "x<a>b<a"), "[x][2=<a>][4=b][1=<a]");
  CHECK_EQ(shown(tokens, "a>b"), "[3=a>b]");
}

TEST(a_token_that_starts_longer_ones_is_found_where_they_end_otherwise) {
  const AddedTokens tokens({token("ab", 1), token("abcdef", 2), token("abcdxx", 3)});
  CHECK_EQ(shown(tokens, "abcdeabcdxx"), "[1=ab][cde][3=abcdxx]");
}

TEST(bytes_above_ascii_are_in_order_too) {
  const AddedTokens tokens({token("\u00E9", 1), token("\u00E9\u00FF", 2), token("\u6F22", 3), token("z", 4)});
  CHECK_EQ(shown(tokens, "a\u00E9\u6F22\u00E9\u00FFz"), "[a][1=\u00E9][3=\u6F22][2=\u00E9\u00FF][4=z]");
}

TEST(a_single_word_has_no_character_of_a_word_beside_it) {
  const AddedTokens tokens({word("ab")});
  CHECK_EQ(shown(tokens, "ab ab, (ab)ab"), "[7=ab][ ][7=ab][, (][7=ab][)][7=ab]");
  CHECK_EQ(shown(tokens, "abab xab abx ab_ 1ab"), "[abab xab abx ab_ 1ab]");
  CHECK_EQ(shown(tokens, "ab\u0301 ab\u200D ab\u203F ab\u0967"), "[ab\u0301 ab\u200D ab\u203F ab\u0967]");
  CHECK_EQ(shown(tokens, "ab\u00BD"), "[7=ab][\u00BD]");  // a half is a number, but no digit
}

TEST(a_single_word_that_does_not_stand_alone_hides_shorter_tokens_within_it) {
  CHECK_EQ(shown(AddedTokens({word("abc"), token("b", 1)}), "abcd"), "[abcd]");
}

TEST(white_space_before_and_behind_goes_to_the_token_that_strips_it) {
  CHECK_EQ(shown(AddedTokens({left("<m>")}), "a \n\u3000<m> b"), "[a][8= \n\u3000<m>][ b]");
  CHECK_EQ(shown(AddedTokens({right("<m>")}), "a <m> \n\u3000b"), "[a ][9=<m> \n\u3000][b]");
  CHECK_EQ(shown(AddedTokens({left("<m>")}), "  <m>"), "[8=  <m>]");
  CHECK_EQ(shown(AddedTokens({right("<m>")}), "<m>  "), "[9=<m>  ]");
}

TEST(white_space_is_not_taken_from_a_token_before) {
  CHECK_EQ(shown(AddedTokens({right("<r>"), left("<l>")}), "<r>  <l>"), "[9=<r>  ][8=<l>]");
  CHECK_EQ(shown(AddedTokens({token("  ", 1), left("<l>")}), "   <l>"), "[1=  ][8= <l>]");
}

TEST(a_token_within_stripped_white_space_comes_nevertheless) {
  CHECK_EQ(shown(AddedTokens({right("<r>"), token("  ", 1)}), "<r>   x"), "[9=<r>   ][1=  ][ x]");
}

TEST(a_token_of_white_space_takes_what_is_left_of_it) {
  CHECK_EQ(shown(AddedTokens({left("\n")}), " \n\n \n"), "[8= \n][8=\n][8= \n]");
  CHECK_EQ(shown(AddedTokens({right("\n")}), "\n \n x\n"), "[9=\n \n ][9=\n ][x][9=\n]");
}

TEST(white_space_full_of_tokens_that_strip_is_read_once) {
  const std::string text(400'000, '\n');  // minutes where each token reads all of it
  for (const AddedToken& token : {left("\n"), right("\n")}) {
    std::size_t found = 0;
    AddedTokens({token}).visit(text, [&found](std::string_view, const AddedToken*) { ++found; });
    CHECK_EQ(found, text.size());
  }
}

TEST(tokens_that_normalising_has_made_equal_or_empty_are_refused) {
  const auto reason = [](std::vector<AddedToken> tokens) -> std::string {
    try {
      AddedTokens{std::move(tokens)};
    } catch (const tunegate::UnsupportedTokenizer& error) {
      return error.what();
    }
    return "";
  };
  CHECK_EQ(reason({token("<s>", 1), token("<s>", 2)}), "two of its added tokens are the same text when normalised");
  CHECK_EQ(reason({token("<s>", 1), token("", 2)}), "one of its added tokens is no text when normalised");
}

TEST(tokens_are_found_at_every_place_of_long_texts_whatever_their_first_bytes) {
  std::mt19937 random(9);
  static constexpr std::string_view kAlphabet = "<>|ab[ ";
  for (int round = 0; round < 2000; ++round) {
    std::vector<AddedToken> tokens;
    for (std::uint32_t id = 0, count = 1 + static_cast<std::uint32_t>(random() % 9); id < count; ++id) {
      std::string content;
      for (std::size_t size = 1 + random() % 4; size > 0; --size) content += kAlphabet[random() % kAlphabet.size()];
      const auto is_same = [&content](const AddedToken& other) { return other.content == content; };
      if (std::none_of(tokens.begin(), tokens.end(), is_same)) tokens.push_back(token(content, id));
    }
    std::string text(random() % 400, 'x');
    for (std::size_t i = 0; i < text.size(); i += 1 + random() % 9) text[i] = kAlphabet[random() % kAlphabet.size()];
    const std::vector<char> exact(text.begin(), text.end());  // a read beyond the end is seen
    const std::string found = shown(AddedTokens(tokens), {exact.data(), exact.size()});
    if (found != slowly(tokens, text)) return check::fail(__FILE__, __LINE__, found + " of " + text);
  }
}
