#pragma once
#include <cstddef>
#include <cstdint>

#include "split_bits.hpp"

#if defined(__x86_64__)
#include <immintrin.h>

namespace tunegate {

/// BlockV2::read and BlockV3::read: the bits of the 64 bytes at `in` for two of the levels with vectors. They become
/// part of the loop where it is compiled for the same level.
inline constexpr std::size_t kBlock = 64;

struct BlockV2 {
  [[gnu::target("arch=x86-64-v2")]] static inline std::uint64_t within(__m128i bytes, char first, char last) {
    const __m128i number = _mm_sub_epi8(bytes, _mm_set1_epi8(first));
    const __m128i most = _mm_set1_epi8(static_cast<char>(last - first));
    return static_cast<std::uint32_t>(_mm_movemask_epi8(_mm_cmpeq_epi8(_mm_min_epu8(number, most), number)));
  }
  [[gnu::target("arch=x86-64-v2")]] static inline std::uint64_t equal(__m128i bytes, char byte) {
    return static_cast<std::uint32_t>(_mm_movemask_epi8(_mm_cmpeq_epi8(bytes, _mm_set1_epi8(byte))));
  }
  [[gnu::target("arch=x86-64-v2")]] static inline std::uint64_t high(__m128i bytes) {
    return static_cast<std::uint32_t>(_mm_movemask_epi8(bytes));
  }
  [[gnu::target("arch=x86-64-v2")]] static inline BlockBits read(const char* in) {
    BlockBits bits;
    for (std::size_t part = 0; part < kBlock; part += sizeof(__m128i)) {
      const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(in + part));
      const std::uint64_t blank = equal(bytes, ' ');
      bits.letter |= within(_mm_or_si128(bytes, _mm_set1_epi8(0x20)), 'a', 'z') << part;
      bits.capital |= within(bytes, 'A', 'Z') << part;
      bits.number |= within(bytes, '0', '9') << part;
      bits.space |= (within(bytes, '\t', '\r') | blank) << part;
      bits.blank |= blank << part;
      bits.line_end |= (equal(bytes, '\r') | equal(bytes, '\n')) << part;
      bits.apostrophe |= equal(bytes, '\'') << part;
      bits.slash |= equal(bytes, '/') << part;
      bits.beyond_ascii |= high(bytes) << part;
    }
    return bits;
  }
};

struct BlockV3 {
  [[gnu::target("arch=x86-64-v3")]] static inline std::uint64_t within(__m256i bytes, char first, char last) {
    const __m256i number = _mm256_sub_epi8(bytes, _mm256_set1_epi8(first));
    const __m256i most = _mm256_set1_epi8(static_cast<char>(last - first));
    return static_cast<std::uint32_t>(_mm256_movemask_epi8(_mm256_cmpeq_epi8(_mm256_min_epu8(number, most), number)));
  }
  [[gnu::target("arch=x86-64-v3")]] static inline std::uint64_t equal(__m256i bytes, char byte) {
    return static_cast<std::uint32_t>(_mm256_movemask_epi8(_mm256_cmpeq_epi8(bytes, _mm256_set1_epi8(byte))));
  }
  [[gnu::target("arch=x86-64-v3")]] static inline std::uint64_t high(__m256i bytes) {
    return static_cast<std::uint32_t>(_mm256_movemask_epi8(bytes));
  }
  [[gnu::target("arch=x86-64-v3")]] static inline BlockBits read(const char* in) {
    BlockBits bits;
    for (std::size_t part = 0; part < kBlock; part += sizeof(__m256i)) {
      const __m256i bytes = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(in + part));
      const std::uint64_t blank = equal(bytes, ' ');
      bits.letter |= within(_mm256_or_si256(bytes, _mm256_set1_epi8(0x20)), 'a', 'z') << part;
      bits.capital |= within(bytes, 'A', 'Z') << part;
      bits.number |= within(bytes, '0', '9') << part;
      bits.space |= (within(bytes, '\t', '\r') | blank) << part;
      bits.blank |= blank << part;
      bits.line_end |= (equal(bytes, '\r') | equal(bytes, '\n')) << part;
      bits.apostrophe |= equal(bytes, '\'') << part;
      bits.slash |= equal(bytes, '/') << part;
      bits.beyond_ascii |= high(bytes) << part;
    }
    return bits;
  }
};

}  // namespace tunegate
#endif
