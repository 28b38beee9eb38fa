#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "split_tables.hpp"
#include "tunegate/unicode.hpp"

namespace tunegate {

inline constexpr std::uint8_t kLetter = kCapital | kSmall | kUncased;
inline constexpr std::uint8_t kSpace = kBlank | kLineEnd;
inline constexpr std::uint8_t kSign = kMark | kSymbol;  // [^\s\p{L}\p{N}]

/// The class of every character, in two levels: 4 KB of block numbers and 256 bytes for each block that differs.
class CharacterClasses {
 public:
  /// Made at the first call; the same one for all threads.
  static const CharacterClasses& table();

  /// The class of a character; kSymbol for kNoCharacter. O(1).
  std::uint8_t of(char32_t character) const {
    return character <= kLast ? blocks_[block_numbers_[character / kBlock]][character % kBlock] : std::uint8_t{kSymbol};
  }

  /// The class of the ASCII character `byte`, which must be below 0x80.
  std::uint8_t of_ascii(unsigned char byte) const { return ascii_[byte]; }

 private:
  static constexpr char32_t kLast = 0x10FFFF;
  static constexpr std::size_t kBlock = 256;
  using Block = std::array<std::uint8_t, kBlock>;

  CharacterClasses();

  std::array<std::uint8_t, (kLast + 1) / kBlock> block_numbers_{};
  std::array<std::uint8_t, 128> ascii_{};
  std::vector<Block> blocks_;
};

/// A character of a text: its class, 0 at the end of the text, and the byte after it.
struct ClassedCharacter {
  std::uint8_t character_class = 0;
  std::size_t end = 0;
};

/// A text seen as classes. Bytes that are no UTF-8 are symbols of one byte each.
class ClassedText {
 public:
  ClassedText(const CharacterClasses& classes, std::string_view text) : classes_(&classes), text_(text) {}

  /// The character that starts at byte `at`, which may be the end of the text.
  ClassedCharacter read(std::size_t at) const {
    if (at >= text_.size()) return {0, at};
    const auto byte = static_cast<unsigned char>(text_[at]);
    if (byte < 0x80) return {classes_->of_ascii(byte), at + 1};
    const Character character = (byte & 0xF0) == 0xE0 ? decode_three(at) : decode(text_, at);
    return {classes_->of(character.value), at + character.bytes};
  }

  /// The first byte from `at` on where no character of the classes `wanted` starts.
  std::size_t run_end(std::size_t at, std::uint8_t wanted) const {
    ClassedCharacter next = read(at);
    while ((next.character_class & wanted) != 0) {
      at = next.end;
      next = read(at);
    }
    return at;
  }

  std::string_view text() const { return text_; }

 private:
  /// decode() without a call, for characters of three bytes, most of those beyond ASCII.
  Character decode_three(std::size_t at) const {
    if (text_.size() - at < 3) return {};
    const auto bits = [&](std::size_t i) { return static_cast<unsigned char>(text_[at + i]) ^ 0x80u; };
    const char32_t value = (bits(0) & 0xFu) << 12 | bits(1) << 6 | bits(2);
    const bool is_character = (bits(1) | bits(2)) < 0x40 && value >= 0x800 && (value < 0xD800 || value > 0xDFFF);
    return is_character ? Character{value, 3} : Character{};
  }

  const CharacterClasses* classes_;
  std::string_view text_;
};

}  // namespace tunegate
