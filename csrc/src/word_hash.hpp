#pragma once
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "tunegate/simd_level.hpp"

namespace tunegate {

inline constexpr std::uint64_t kLengthFactor = 0x9E3779B97F4A7C15;

/// Arrays of hashes may be read and written this many beyond their last one.
inline constexpr std::size_t kHashRoom = 8;

/// Makes the array at least `count` + kHashRoom long, and twice as long as it was when it has to grow.
void make_room(std::vector<std::uint64_t>& hashes, std::size_t count);

/// The hashes of the words that the bits mark (one for each byte), in order, to the front of `hashes`, which grows as
/// needed; returns how many there are. Reads up to 16 bytes beyond the last word. The last bit is 0.
///
/// In arithmetic modulo 2^64 and without a seed, so the same on every machine: h = bytes * kLengthFactor; then, for
/// each 16 bytes of the word, h = upper half xor lower half of the 128-bit product (h ^ first ^ x) * (second ^ y),
/// where x and y are eight bytes each, least significant first, and the last 1 to 16 bytes are filled up with zeros.
///
/// Source: the product as in wyhash (https://github.com/wangyi-fudan/wyhash); first = 0x243F6A8885A308D3 and second =
/// 0x082EFA98EC4E6C89 are digits of pi, kLengthFactor is one of the golden ratio.
using HashWords = std::size_t (*)(const char* bytes, std::span<const std::uint64_t> word_bits,
                                  std::vector<std::uint64_t>& hashes);

/// The implementation for a level that this processor has.
HashWords hash_words(SimdLevel level);

}  // namespace tunegate
