#include "word_characters.hpp"

#include <algorithm>

#include "tunegate/unicode.hpp"

namespace tunegate {
namespace {

constexpr char32_t kSmallSigma = 0x3C3;
constexpr char32_t kFinalSigma = 0x3C2;

}  // namespace

CharacterSet::CharacterSet(std::span<const CharacterRange> ranges) : ranges_(ranges) {
  for (const CharacterRange& range : ranges) {
    for (char32_t character = range.first; character <= range.last && character < kLookedUp; ++character) {
      bits_[character / 64] |= std::uint64_t{1} << (character % 64);
    }
  }
}

bool CharacterSet::is_within(char32_t character) const {
  const auto above = std::upper_bound(ranges_.begin(), ranges_.end(), character,
                                      [](char32_t value, const CharacterRange& range) { return value < range.first; });
  return above != ranges_.begin() && character <= std::prev(above)->last;
}

const WordCharacters& WordCharacters::table() {
  static const WordCharacters table;
  return table;
}

WordCharacters::WordCharacters() : words_(kWordRanges), case_ignorable_(kCaseIgnorableRanges), cased_(kCasedRanges) {
  for (const CaseRange& range : kLowerCaseRanges) {
    for (char32_t character = range.first; character <= range.last; character += range.step) {
      set_difference(character, range.difference);
    }
  }
  set_difference(kDottedCapitalI, static_cast<std::int32_t>(U'i') - static_cast<std::int32_t>(kDottedCapitalI));
}

void WordCharacters::set_difference(char32_t character, std::int32_t difference) {
  std::uint8_t& row = row_of_block_.at(character / 64);
  if (row == 0) {
    row = static_cast<std::uint8_t>(differences_.size());
    differences_.emplace_back();
  }
  differences_[row][character % 64] = difference;
}

char32_t WordCharacters::lower_sigma(std::string_view text, std::size_t at) const {
  const std::size_t after = at + utf8_bytes(kCapitalSigma);
  return is_cased_before(text, at) && !is_cased_after(text, after) ? kFinalSigma : kSmallSigma;
}

bool WordCharacters::is_cased_before(std::string_view text, std::size_t at) const {
  char32_t character = character_before(text, at);
  while (case_ignorable_.has(character)) {
    at -= utf8_bytes(character);
    character = character_before(text, at);
  }
  return cased_.has(character);
}

bool WordCharacters::is_cased_after(std::string_view text, std::size_t at) const {
  char32_t character = character_at(text, at);
  while (case_ignorable_.has(character)) {
    at += utf8_bytes(character);
    character = character_at(text, at);
  }
  return cased_.has(character);
}

}  // namespace tunegate
