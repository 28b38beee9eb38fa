#include "lower_ascii.hpp"

#include <algorithm>
#include <bit>
#include <cstring>

#include "simd_target.hpp"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace tunegate {
namespace {

constexpr std::size_t kBlock = 64;

/// One bit for each byte of a block.
struct BlockBits {
  std::uint64_t word = 0;
  std::uint64_t beyond_ascii = 0;
};

std::size_t lower_scalar(std::string_view text, char* lower, std::uint64_t* word_bits, std::size_t at) {
  std::size_t done = 0;
  for (; done < text.size() && static_cast<unsigned char>(text[done]) < 0x80; ++done) {
    const char byte = text[done];
    const bool capital = byte >= 'A' && byte <= 'Z';
    const bool word = capital || (byte >= 'a' && byte <= 'z') || (byte >= '0' && byte <= '9') || byte == '_';
    lower[at + done] = static_cast<char>(capital ? byte + ('a' - 'A') : byte);
    append_bits(word_bits, at + done, std::uint64_t{word});
  }
  return done;
}

#if defined(__x86_64__)
/// The last block, of fewer than 64 bytes.
template <class Block>
[[gnu::always_inline]] inline BlockBits lower_last(std::string_view text, std::size_t at, char* out) {
  const std::size_t rest = text.size() - at;
  if (at > 0) {  // the last 64 bytes of the text, in part once more
    BlockBits bits = Block::lower(text.data() + text.size() - kBlock, out + text.size() - kBlock);
    bits.word >>= kBlock - rest;
    bits.beyond_ascii >>= kBlock - rest;
    return bits;
  }
  char padded[kBlock] = {};
  std::memcpy(padded, text.data(), rest);
  return Block::lower(padded, out);
}

template <class Block>
[[gnu::always_inline]] inline std::size_t lower_blocks(std::string_view text, char* lower, std::uint64_t* word_bits,
                                                       std::size_t at) {
  char* out = lower + at;
  std::size_t done = 0;
  BlockBits bits;
  for (; text.size() - done >= kBlock; done += kBlock) {
    bits = Block::lower(text.data() + done, out + done);
    if (bits.beyond_ascii != 0) break;
    append_bits(word_bits, at + done, bits.word);
  }
  if (done == text.size()) return done;
  if (bits.beyond_ascii == 0) bits = lower_last<Block>(text, done, out);
  const auto ascii = static_cast<std::size_t>(std::countr_zero(bits.beyond_ascii));
  if (ascii < kBlock) bits.word &= (std::uint64_t{1} << ascii) - 1;
  append_bits(word_bits, at + done, bits.word);
  return std::min(done + ascii, text.size());
}

// The blocks have a target of their own and become part of the loop where it is compiled for the same one.
struct BlockV2 {
  [[gnu::target("arch=x86-64-v2")]] static inline BlockBits lower(const char* in, char* out) {
    BlockBits bits;
    for (std::size_t part = 0; part < kBlock; part += 16) {
      const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(in + part));
      const __m128i letter_number = _mm_sub_epi8(_mm_or_si128(bytes, _mm_set1_epi8(0x20)), _mm_set1_epi8('a'));
      const __m128i letter = _mm_cmpeq_epi8(_mm_min_epu8(letter_number, _mm_set1_epi8(25)), letter_number);
      const __m128i digit_number = _mm_sub_epi8(bytes, _mm_set1_epi8('0'));
      const __m128i digit = _mm_cmpeq_epi8(_mm_min_epu8(digit_number, _mm_set1_epi8(9)), digit_number);
      const __m128i other = _mm_or_si128(digit, _mm_cmpeq_epi8(bytes, _mm_set1_epi8('_')));
      const __m128i lowered = _mm_or_si128(bytes, _mm_and_si128(letter, _mm_set1_epi8(0x20)));
      _mm_storeu_si128(reinterpret_cast<__m128i*>(out + part), lowered);
      const auto word = static_cast<std::uint32_t>(_mm_movemask_epi8(_mm_or_si128(letter, other)));
      const auto beyond = static_cast<std::uint32_t>(_mm_movemask_epi8(bytes));
      bits.word |= std::uint64_t{word} << part;
      bits.beyond_ascii |= std::uint64_t{beyond} << part;
    }
    return bits;
  }
};

struct BlockV3 {
  [[gnu::target("arch=x86-64-v3")]] static inline BlockBits lower(const char* in, char* out) {
    BlockBits bits;
    for (std::size_t part = 0; part < kBlock; part += 32) {
      const __m256i bytes = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(in + part));
      const __m256i letter_number =
          _mm256_sub_epi8(_mm256_or_si256(bytes, _mm256_set1_epi8(0x20)), _mm256_set1_epi8('a'));
      const __m256i letter = _mm256_cmpeq_epi8(_mm256_min_epu8(letter_number, _mm256_set1_epi8(25)), letter_number);
      const __m256i digit_number = _mm256_sub_epi8(bytes, _mm256_set1_epi8('0'));
      const __m256i digit = _mm256_cmpeq_epi8(_mm256_min_epu8(digit_number, _mm256_set1_epi8(9)), digit_number);
      const __m256i other = _mm256_or_si256(digit, _mm256_cmpeq_epi8(bytes, _mm256_set1_epi8('_')));
      const __m256i lowered = _mm256_or_si256(bytes, _mm256_and_si256(letter, _mm256_set1_epi8(0x20)));
      _mm256_storeu_si256(reinterpret_cast<__m256i*>(out + part), lowered);
      const auto word = static_cast<std::uint32_t>(_mm256_movemask_epi8(_mm256_or_si256(letter, other)));
      const auto beyond = static_cast<std::uint32_t>(_mm256_movemask_epi8(bytes));
      bits.word |= std::uint64_t{word} << part;
      bits.beyond_ascii |= std::uint64_t{beyond} << part;
    }
    return bits;
  }
};

struct BlockV4 {
  [[gnu::target(TUNEGATE_TARGET_V4)]] static inline BlockBits lower(const char* in, char* out) {
    const __m512i bytes = _mm512_loadu_si512(in);
    const __m512i letter_number =
        _mm512_sub_epi8(_mm512_or_si512(bytes, _mm512_set1_epi8(0x20)), _mm512_set1_epi8('a'));
    const __mmask64 letter = _mm512_cmple_epu8_mask(letter_number, _mm512_set1_epi8(25));
    const __m512i digit_number = _mm512_sub_epi8(bytes, _mm512_set1_epi8('0'));
    const __mmask64 digit = _mm512_cmple_epu8_mask(digit_number, _mm512_set1_epi8(9));
    const __mmask64 underscore = _mm512_cmpeq_epi8_mask(bytes, _mm512_set1_epi8('_'));
    const __m512i lowered = _mm512_or_si512(bytes, _mm512_maskz_mov_epi8(letter, _mm512_set1_epi8(0x20)));
    _mm512_storeu_si512(out, lowered);
    return {letter | digit | underscore, _mm512_movepi8_mask(bytes)};
  }
};

[[gnu::target("arch=x86-64-v2")]] std::size_t lower_v2(std::string_view text, char* lower, std::uint64_t* word_bits,
                                                       std::size_t at) {
  return lower_blocks<BlockV2>(text, lower, word_bits, at);
}

[[gnu::target("arch=x86-64-v3")]] std::size_t lower_v3(std::string_view text, char* lower, std::uint64_t* word_bits,
                                                       std::size_t at) {
  return lower_blocks<BlockV3>(text, lower, word_bits, at);
}

[[gnu::target(TUNEGATE_TARGET_V4)]] std::size_t lower_v4(std::string_view text, char* lower, std::uint64_t* word_bits,
                                                         std::size_t at) {
  return lower_blocks<BlockV4>(text, lower, word_bits, at);
}
#endif

}  // namespace

LowerAscii lower_ascii(SimdLevel level) {
#if defined(__x86_64__)
  switch (level) {
    case SimdLevel::kV4: return &lower_v4;
    case SimdLevel::kV3: return &lower_v3;
    case SimdLevel::kV2: return &lower_v2;
    case SimdLevel::kScalar: break;
  }
#endif
  static_cast<void>(level);
  return &lower_scalar;
}

}  // namespace tunegate
