#pragma once
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace tunegate {

/// What decode() gives for bytes that are no UTF-8.
inline constexpr char32_t kNoCharacter = 0xFFFFFFFF;

/// One character (Unicode code point) and the number of bytes it takes.
struct Character {
  char32_t value = kNoCharacter;
  std::size_t bytes = 1;
};

/// The character that starts at byte `at`; an ill-formed byte (overlong forms and surrogates included) is
/// kNoCharacter of one byte. `at` must lie within the text. O(1).
Character decode(std::string_view text, std::size_t at);

/// The character that ends before byte `at`; kNoCharacter at the start of the text or after ill-formed bytes.
char32_t character_before(std::string_view text, std::size_t at);

/// The character that starts at byte `at`; kNoCharacter at or beyond the end of the text.
inline char32_t character_at(std::string_view text, std::size_t at) {
  return at < text.size() ? decode(text, at).value : kNoCharacter;
}

/// The bytes that a character takes in UTF-8.
constexpr std::size_t utf8_bytes(char32_t character) {
  return character < 0x80 ? 1 : character < 0x800 ? 2 : character < 0x10000 ? 3 : 4;
}

/// Characters in valid UTF-8: bytes that continue no other. O(bytes).
std::size_t count_characters(std::string_view text);

/// Characters with the property White_Space.
bool is_white_space(char32_t character);

/// Characters that leave no ink and take no space: controls, those with the property
/// Default_Ignorable_Code_Point (joiners, fillers, soft hyphen, bidirectional marks, variation selectors,
/// tags), interlinear annotation marks, and the braille blank, which fonts draw empty.
///
/// Source: Unicode 15 DerivedCoreProperties.txt; U+2800 is our own addition.
bool is_invisible(char32_t character);

/// Capital and small letters of the blocks ASCII and Latin-1.
bool is_upper_latin(char32_t character);
bool is_lower_latin(char32_t character);

/// The position of the first byte at or after `from` that is one of `Wanted`, or the size of the text.
///
/// Reads blocks of 64 bytes without a branch per byte, which compilers turn into vector code; the reference is
/// std::string_view::find_first_of.
template <char... Wanted>
std::size_t find_byte(std::string_view text, std::size_t from) {
  constexpr std::size_t kBlock = 64;
  const char* bytes = text.data();
  std::size_t at = from;
  for (; at + kBlock <= text.size(); at += kBlock) {
    unsigned char seen = 0;
    for (std::size_t i = 0; i < kBlock; ++i) {
      seen = static_cast<unsigned char>(seen | (static_cast<unsigned char>(bytes[at + i] == Wanted) | ...));
    }
    if (seen != 0) break;
  }
  while (at < text.size() && !((bytes[at] == Wanted) || ...)) ++at;
  return at;
}

/// The position of the first byte at or after `from` that is no printable ASCII and none of tab, line feed,
/// form feed and carriage return, or the size of the text. Blocks as in find_byte.
std::size_t skip_plain_ascii(std::string_view text, std::size_t from);

/// The rule for one byte, and the reference for skip_plain_ascii.
constexpr bool is_plain_ascii(char byte) {
  const auto value = static_cast<unsigned char>(byte);
  return (value >= 0x20 && value < 0x7F) || value == '\t' || value == '\n' || value == '\f' || value == '\r';
}

}  // namespace tunegate
