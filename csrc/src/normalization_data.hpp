#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "nfc_tables.hpp"

namespace tunegate {

/// nfc_tables.hpp made fast, and the syllables of Hangul, which are computed.
class NormalizationData {
 public:
  /// Made at the first call; the same one for all threads.
  static const NormalizationData& table();

  /// The canonical combining class; 0 for kNoCharacter. O(1).
  std::uint8_t combining_class(char32_t character) const { return static_cast<std::uint8_t>(traits(character)); }

  /// Whether the character starts anew: of class 0, the same in form C, and composing with none before it.
  bool is_boundary(char32_t character) const { return (traits(character) & ~kDecomposes) == 0; }

  /// Whether the character may stand in text of form C only after what it cannot compose with, or never.
  bool may_change(char32_t character) const { return (traits(character) & kMayChange) != 0; }

  /// Appends the full canonical decomposition: the character itself where it has none.
  void append_decomposition(char32_t character, std::vector<char32_t>& out) const;

  /// The character that the two compose to, 0 where there is none. O(log pairs).
  char32_t compose(char32_t first, char32_t second) const;

 private:
  static constexpr std::uint16_t kMayChange = 0x100;
  static constexpr std::uint16_t kDecomposes = 0x200;
  static constexpr std::size_t kBlock = 128;
  using Block = std::array<std::uint16_t, kBlock>;

  NormalizationData();
  void add(char32_t character, std::uint16_t trait);
  std::uint16_t traits(char32_t character) const {
    return character <= 0x10FFFF ? blocks_[block_numbers_[character / kBlock]][character % kBlock] : std::uint16_t{0};
  }

  std::array<std::uint16_t, 0x110000 / kBlock> block_numbers_{};
  std::vector<Block> blocks_{Block{}};  // the first one for the characters without traits
  std::vector<Decomposition> by_character_, by_parts_;
};

}  // namespace tunegate
