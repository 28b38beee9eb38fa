#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "word_tables.hpp"

namespace tunegate {

/// U+0130, the one character whose lower case is two: i and U+0307, which is in no word.
inline constexpr char32_t kDottedCapitalI = 0x130;
inline constexpr char32_t kCapitalSigma = 0x3A3;

/// Characters as ranges, and as bits for the two planes that texts are made of: 16 KB, of which a text touches what
/// its script takes.
class CharacterSet {
 public:
  static constexpr char32_t kLookedUp = 0x20000;

  explicit CharacterSet(std::span<const CharacterRange> ranges);

  /// Accepts kNoCharacter, which is in none. O(1) below kLookedUp, else O(log ranges).
  bool has(char32_t character) const {
    return character < kLookedUp ? (bits_[character / 64] >> (character % 64) & 1) != 0 : is_within(character);
  }

 private:
  bool is_within(char32_t character) const;

  std::span<const CharacterRange> ranges_;
  std::array<std::uint64_t, kLookedUp / 64> bits_{};
};

/// Which characters make words, and their lower case: word_tables.hpp made fast.
class WordCharacters {
 public:
  /// Made at the first call; the same one for all threads.
  static const WordCharacters& table();

  /// Whether `\w` takes it. Accepts kNoCharacter, which is in no word.
  bool is_word(char32_t character) const { return words_.has(character); }

  /// Its lower case: of kDottedCapitalI the i alone, of kCapitalSigma the one that stands within words. O(1).
  char32_t lower(char32_t character) const {
    if (character >= CharacterSet::kLookedUp) return character;
    return character + static_cast<char32_t>(differences_[row_of_block_[character / 64]][character % 64]);
  }

  /// The lower case of the capital sigma that starts at byte `at` of the text: final where a cased character comes
  /// before it and none after it, case-ignorable ones passed over. O(what is passed over).
  /// Source: Unicode 14, section 3.13, Final_Sigma, as in Python's str.lower; bytes that are no UTF-8 have no case.
  char32_t lower_sigma(std::string_view text, std::size_t at) const;

 private:
  WordCharacters();
  void set_difference(char32_t character, std::int32_t difference);
  bool is_cased_before(std::string_view text, std::size_t at) const;
  bool is_cased_after(std::string_view text, std::size_t at) const;

  using Row = std::array<std::int32_t, 64>;
  CharacterSet words_, case_ignorable_, cased_;
  std::array<std::uint8_t, CharacterSet::kLookedUp / 64> row_of_block_{};
  std::vector<Row> differences_{Row{}};  // the first one for the blocks without capitals
};

}  // namespace tunegate
