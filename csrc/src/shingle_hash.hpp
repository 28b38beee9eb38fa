#pragma once
#include <cstddef>
#include <cstdint>

#include "tunegate/simd_level.hpp"
#include "word_hash.hpp"

namespace tunegate {

/// The hashes of shingles and texts, out of those of their words. Arithmetic modulo 2^64 without a seed, so the same
/// on every machine:
///
///   join(a, b)  = (a ^ a >> 32) * kJoin + b
///   spread(a)   = b ^ b >> 32, where b = join(a, 0)
///   character:    spread(spread(code point + kLengthFactor)), in the place of a word's hash
///   span(1)[i]  = the hash of word i;  span(2k)[i] = join(span(k)[i], span(k)[i + k]);
///                 span(2k + 1)[i] = join(span(2k)[i], span(1)[i + 2k])
///   shingle i   = spread(span(size)[i])
///   text:         the second half of the words is joined to the first half, one by one, until one is left, a 0 added
///                 where their number is odd; spread(that + number of words * kLengthFactor), and 1 for 0
///
/// kJoin is made of digits of pi.
struct ShingleHash {
  static constexpr std::uint64_t kJoin = 0x452821E638D01377;

  static constexpr std::uint64_t join(std::uint64_t a, std::uint64_t b) { return (a ^ a >> 32) * kJoin + b; }
  static constexpr std::uint64_t spread(std::uint64_t a) { return join(a, 0) ^ join(a, 0) >> 32; }
  static constexpr std::uint64_t character(char32_t code_point) { return spread(spread(code_point + kLengthFactor)); }

  /// The shingles of `size` words, at least 1 and at most `count`, to `hashes`. O(count * log size).
  void (*shingles)(const std::uint64_t* words, std::size_t count, std::size_t size, std::uint64_t* hashes);

  /// The hash of a text of `count` words, at least 1. Writes words[count], and `folded` as scratch. O(count).
  std::uint64_t (*text)(std::uint64_t* words, std::size_t count, std::uint64_t* folded);
};

/// The implementation for a level that this processor has.
ShingleHash shingle_hash(SimdLevel level);

}  // namespace tunegate
