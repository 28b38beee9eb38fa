#pragma once
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "tunegate/simd_level.hpp"

namespace tunegate {

/// One bit for each byte of a text, appended to `words` from bit `at` on: the lowest `count` (up to 64) of `bits`,
/// where all above them are zero. The bits of the word that holds `at` from there on are zero, and so are they
/// afterwards; writes one word beyond.
inline void append_bits(std::uint64_t* words, std::size_t at, std::uint64_t bits) {
  const std::size_t shift = at % 64;
  words[at / 64] |= bits << shift;
  words[at / 64 + 1] = bits >> 1 >> (63 - shift);
}

/// Writes the ASCII bytes that `text` starts with in lower case to `lower` + at, and with append_bits whether each is
/// an ASCII letter, a digit or the underscore. Returns how many there are. Writes up to 64 bytes beyond them.
using LowerAscii = std::size_t (*)(std::string_view text, char* lower, std::uint64_t* word_bits, std::size_t at);

/// The implementation for a level that this processor has. 64 bytes at a time; the reference is the plain one.
LowerAscii lower_ascii(SimdLevel level);

}  // namespace tunegate
