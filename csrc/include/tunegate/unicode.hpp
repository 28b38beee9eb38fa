#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
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

/// Writes the character in UTF-8 to `out`, which has room for its utf8_bytes(); returns their number.
inline std::size_t write_utf8(char32_t character, char* out) {
  const auto continuation = [](char32_t bits) { return static_cast<char>(0x80 | (bits & 0x3F)); };
  const std::size_t bytes = utf8_bytes(character);
  switch (bytes) {
    case 1: out[0] = static_cast<char>(character); break;
    case 2:
      out[0] = static_cast<char>(0xC0 | character >> 6);
      out[1] = continuation(character);
      break;
    case 3:
      out[0] = static_cast<char>(0xE0 | character >> 12);
      out[1] = continuation(character >> 6);
      out[2] = continuation(character);
      break;
    default:
      out[0] = static_cast<char>(0xF0 | character >> 18);
      out[1] = continuation(character >> 12);
      out[2] = continuation(character >> 6);
      out[3] = continuation(character);
  }
  return bytes;
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
/// Looks at 64 bytes and then at 8 at a time without a branch per byte; the reference is
/// std::string_view::find_first_of.
template <char... Wanted>
std::size_t find_byte(std::string_view text, std::size_t from);

/// The position of the first byte at or after `from` for which `Odd{}(byte)` is 1, not 0; or the size of the
/// text.
///
/// Odd takes a char and returns an unsigned char without branching, so that blocks of 64 bytes become vector
/// code. It has no state: near by, a table of its answers is faster. The reference is std::find_if.
template <class Odd>
std::size_t find_odd_byte(std::string_view text, std::size_t from, Odd odd);

/// A flag in the highest bit of the first of eight bytes that equals `byte`, and maybe of later ones.
constexpr std::uint64_t flag_equal_bytes(std::uint64_t word, char byte) {
  constexpr std::uint64_t kOnes = 0x0101010101010101;
  const std::uint64_t zero_where_equal = word ^ (kOnes * static_cast<unsigned char>(byte));
  return (zero_where_equal - kOnes) & ~zero_where_equal & (kOnes << 7);
}

template <char... Wanted>
std::size_t find_byte(std::string_view text, std::size_t from) {
  constexpr std::size_t kBlock = 64;
  const char* bytes = text.data();
  std::size_t at = from;
  const auto is_wanted = [](char byte) { return ((byte == Wanted) || ...); };
  const auto word_is_empty = [&] {
    std::uint64_t word;
    std::memcpy(&word, bytes + at, sizeof word);
    return (flag_equal_bytes(word, Wanted) | ...) == 0;
  };
  while (at + 8 <= text.size() && at < from + kBlock && word_is_empty()) at += 8;
  if (at >= from + kBlock) {
    for (; at + kBlock <= text.size(); at += kBlock) {
      unsigned char seen = 0;
      for (std::size_t i = 0; i < kBlock; ++i) {
        seen = static_cast<unsigned char>(seen | (static_cast<unsigned char>(bytes[at + i] == Wanted) | ...));
      }
      if (seen != 0) break;
    }
    while (at + 8 <= text.size() && word_is_empty()) at += 8;
  }
  while (at < text.size() && !is_wanted(bytes[at])) ++at;
  return at;
}

template <class Odd>
inline constexpr std::array<bool, 256> kOddBytes = [] {
  std::array<bool, 256> table{};
  for (int byte = 0; byte < 256; ++byte) table[static_cast<std::size_t>(byte)] = Odd{}(static_cast<char>(byte)) != 0;
  return table;
}();

template <class Odd>
std::size_t find_odd_byte(std::string_view text, std::size_t from, Odd odd) {
  constexpr std::size_t kBlock = 64;
  constexpr std::size_t kNear = 32;
  const auto search = [&](std::size_t begin, std::size_t end) {
    while (begin < end && !kOddBytes<Odd>[static_cast<unsigned char>(text[begin])]) ++begin;
    return begin;
  };
  const auto block_is_even = [&](std::size_t begin) {
    unsigned char seen = 0;
    for (std::size_t i = 0; i < kBlock; ++i) seen = static_cast<unsigned char>(seen | odd(text[begin + i]));
    return seen == 0;
  };
  const std::size_t near = from + kNear < text.size() ? from + kNear : text.size();
  std::size_t at = search(from, near);
  if (at < near) return at;
  while (at + kBlock <= text.size()) {
    if (!block_is_even(at)) return search(at, text.size());
    at += kBlock;
  }
  if (text.size() >= kBlock && block_is_even(text.size() - kBlock)) return text.size();
  return search(at, text.size());
}

}  // namespace tunegate
