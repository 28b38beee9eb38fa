#pragma once
#include <algorithm>
#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "tunegate/tokenizer_file.hpp"

namespace tunegate {

/// Finds added tokens in a text as `tokenizers` 0.23 does: the leftmost, of those the longest.
///
/// One object is one round of search. A tokenizer makes two: the tokens that are not `normalized` in the raw text, then
/// the others, their contents normalised too, in the normalised segments between the first.
///
/// A text without a token costs a scan for the first two bytes of any. Where a first byte stands, O(log tokens) steps
/// for each byte that agrees: up to the bytes of the longest token for each byte of a text that repeats its beginning.
class AddedTokens {
 public:
  /// Throws UnsupportedTokenizer when two have the same content or one has none, which normalising can bring about.
  explicit AddedTokens(std::vector<AddedToken> tokens);

  /// Calls visit(std::string_view segment, const AddedToken* token) for the segments of the text in order; the token of
  /// plain text is null. Segments have at least one byte and follow one another, except where a token that takes the
  /// white space behind it (rstrip) has taken from the next one: that comes whole nevertheless.
  template <class Visit>
  void visit(std::string_view text, Visit visit) const;

 private:
  struct Match {
    std::size_t begin = 0;
    std::size_t end = 0;
    const AddedToken* token = nullptr;  // null: there is none
  };
  /// The first byte of some token and its second; a mask of 0 for any second one.
  struct Start {
    unsigned char first, second, mask;
    auto operator<=>(const Start&) const = default;
  };
  static constexpr std::size_t kMostStarts = 4;

  void find_starts();
  Match find(std::string_view text, std::size_t from) const;
  Match longest_at(std::string_view text, std::size_t at) const;
  std::size_t find_start(std::string_view text, std::size_t from) const;
  std::size_t find_only_first(std::string_view text, std::size_t from) const;
  template <std::size_t Starts>
  std::size_t find_start_of(std::string_view text, std::size_t from) const;
  bool can_start(std::string_view text, std::size_t at) const;

  std::vector<AddedToken> tokens_;           // sorted by content, none twice
  std::array<std::uint32_t, 257> begin_{};   // of the tokens by their first byte
  std::array<std::uint64_t, 1024> pairs_{};  // of the first two bytes, the first in the high bits
  std::vector<Start> starts_;                // at most kMostStarts; none: too many to look for one by one
  std::optional<char> only_first_;           // the first byte of all tokens, where it is a rare one such as '<'
};

/// Whether the match may be a word of its own: no character of a word on either side.
bool stands_alone(std::string_view text, std::size_t begin, std::size_t end);

/// Where the white space that ends before `end` begins, looked for back to `earliest`; and where that which begins at
/// `begin` ends.
std::size_t white_space_begin(std::string_view text, std::size_t end, std::size_t earliest);
std::size_t white_space_end(std::string_view text, std::size_t begin);

template <class Visit>
void AddedTokens::visit(std::string_view text, Visit visit) const {
  std::size_t done = 0;
  std::size_t white_end = 0;  // of the white space behind an earlier token, which is not read again for one within it
  for (Match match = find(text, 0); match.token != nullptr; match = find(text, match.end)) {
    if (match.token->single_word && !stands_alone(text, match.begin, match.end)) continue;
    if (match.token->rstrip && white_end <= match.end) white_end = white_space_end(text, match.end);
    const std::size_t begin =
        match.token->lstrip ? std::max(done, white_space_begin(text, match.begin, done)) : match.begin;
    const std::size_t end = match.token->rstrip ? white_end : match.end;
    if (done < begin) visit(text.substr(done, begin - done), static_cast<const AddedToken*>(nullptr));
    if (begin < end) visit(text.substr(begin, end - begin), match.token);
    done = end;
  }
  if (done < text.size()) visit(text.substr(done), static_cast<const AddedToken*>(nullptr));
}

}  // namespace tunegate
