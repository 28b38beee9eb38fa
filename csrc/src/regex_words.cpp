#include "regex_words.hpp"

#include <algorithm>

namespace tunegate {

bool is_regex_word(char32_t character) {
  const auto above = std::upper_bound(kRegexWordRanges.begin(), kRegexWordRanges.end(), character,
                                      [](char32_t value, const CharacterRange& range) { return value < range.first; });
  return above != kRegexWordRanges.begin() && character <= std::prev(above)->last;
}

}  // namespace tunegate
