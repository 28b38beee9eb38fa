#pragma once
#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace tunegate {

/// The characters that stand for bytes in byte-level vocabularies: visible ones of Latin-1 for themselves, the others
/// in order for U+0100 and on, so that a space is U+0120.
///
/// Source: Radford et al. 2019 (GPT-2), bytes_to_unicode.
inline constexpr std::array<char16_t, 256> kByteCharacters = [] {
  std::array<char16_t, 256> characters{};
  char16_t next = 0x100;
  for (char16_t byte = 0; byte < 256; ++byte) {
    const bool is_visible = (byte >= 0x21 && byte <= 0x7E) || (byte >= 0xA1 && byte <= 0xAC) || byte >= 0xAE;
    characters[byte] = is_visible ? byte : next++;
  }
  return characters;
}();

/// The byte that a token of one character stands for; nothing when it is another token.
std::optional<std::uint8_t> byte_of_character(std::string_view token);

/// The bytes that the characters of a token stand for; nothing when one of them stands for none.
std::optional<std::string> bytes_of_token(std::string_view token);

}  // namespace tunegate
