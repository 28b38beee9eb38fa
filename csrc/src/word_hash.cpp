#include "word_hash.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>

#include "simd_target.hpp"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace tunegate {
namespace {

constexpr std::uint64_t kFirst = 0x243F6A8885A308D3;
constexpr std::uint64_t kSecond = 0x082EFA98EC4E6C89;

__extension__ typedef unsigned __int128 Wide;

[[gnu::always_inline]] inline std::uint64_t mixed(std::uint64_t a, std::uint64_t b) {
  const Wide product = static_cast<Wide>(a) * b;
  return static_cast<std::uint64_t>(product >> 64) ^ static_cast<std::uint64_t>(product);
}

[[gnu::always_inline]] inline std::uint64_t load(const char* bytes) {
  std::uint64_t value;
  std::memcpy(&value, bytes, sizeof value);
  return std::endian::native == std::endian::big ? __builtin_bswap64(value) : value;
}

/// What a word of up to 16 bytes begins with, and what to keep of the 16 bytes from its first one on.
struct ShortWord {
  std::uint64_t hash = 0;
  std::uint64_t first = 0;
  std::uint64_t second = 0;
  std::uint64_t unused = 0;  // for a size that is a power of two
};
constexpr auto kShortWords = [] {
  std::array<ShortWord, 17> words{};
  for (std::size_t bytes = 1; bytes <= 16; ++bytes) {
    words[bytes].hash = bytes * kLengthFactor ^ kFirst;
    words[bytes].first = ~std::uint64_t{0} >> (8 * (bytes < 8 ? 8 - bytes : 0));
    words[bytes].second = bytes <= 8 ? 0 : ~std::uint64_t{0} >> (8 * (16 - bytes));
  }
  return words;
}();

[[gnu::noinline]] std::uint64_t long_word_hash(const char* at, std::size_t bytes) {
  std::uint64_t hash = bytes * kLengthFactor;
  for (; bytes > 16; bytes -= 16, at += 16) {
    hash = mixed(hash ^ kFirst ^ load(at), kSecond ^ load(at + 8));
  }
  const ShortWord& rest = kShortWords[bytes];
  return mixed(hash ^ kFirst ^ (load(at) & rest.first), kSecond ^ (load(at + 8) & rest.second));
}

[[gnu::always_inline]] inline std::uint64_t word_hash(const char* at, std::size_t bytes) {
  if (bytes > 16) [[unlikely]]
    return long_word_hash(at, bytes);
  const ShortWord& word = kShortWords[bytes];
  return mixed(word.hash ^ (load(at) & word.first), kSecond ^ (load(at + 8) & word.second));
}

/// The places of the bits that are 1, plus `base`, to `out`. Returns how many there are; writes up to 16 more.
struct PlainPlaces {
  [[gnu::always_inline]] static inline std::size_t write(std::uint64_t bits, std::uint32_t base, std::uint32_t* out) {
    const auto count = static_cast<std::size_t>(std::popcount(bits));
    for (std::size_t done = 0; done < count; done += 8) {
      for (std::size_t i = 0; i < 8; ++i) {  // eight at a time, so that the loop mostly ends as expected
        out[done + i] = base + static_cast<std::uint32_t>(std::countr_zero(bits));
        bits &= bits - 1;
      }
    }
    return count;
  }
};

#if defined(__x86_64__)
struct PlacesV4 {
  [[gnu::target(TUNEGATE_TARGET_V4)]] static inline std::size_t write(std::uint64_t bits, std::uint32_t base,
                                                                      std::uint32_t* out) {
    __m512i places = _mm512_add_epi32(_mm512_set1_epi32(static_cast<int>(base)),
                                      _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15));
    std::uint32_t* end = out;
    for (int part = 0; part < 64; part += 16) {
      const auto mask = static_cast<__mmask16>(bits >> part);
      _mm512_storeu_si512(end, _mm512_maskz_compress_epi32(mask, places));
      end += std::popcount(static_cast<unsigned>(mask));
      places = _mm512_add_epi32(places, _mm512_set1_epi32(16));
    }
    return static_cast<std::size_t>(end - out);
  }
};
#endif

constexpr std::size_t kChunk = 32;              // words of bits at a time, so that their edges stay in the cache
using Edges = std::uint32_t[kChunk * 64 + 16];  // begin, end, begin, .. of words, from the first byte of the chunk

/// Returns how many there are; last_bit is the one before the chunk and becomes its last one.
template <class Places>
[[gnu::always_inline]] inline std::size_t write_edges(std::span<const std::uint64_t> word_bits, std::uint64_t& last_bit,
                                                      Edges& edges) {
  std::size_t count = 0;
  std::uint32_t base = 0;
  for (const std::uint64_t bits : word_bits) {
    count += Places::write(bits ^ (bits << 1 | last_bit), base, edges + count);
    last_bit = bits >> 63;
    base += 64;
  }
  return count;
}

/// Returns the end of the hashes; `open` is the begin of a word from an earlier chunk or null, before and after.
[[gnu::always_inline]] inline std::uint64_t* hash_between(const Edges& edges, std::size_t count, const char* chunk,
                                                          const char*& open, std::uint64_t* out) {
  std::size_t i = 0;
  if (open != nullptr && count > 0) {
    *out++ = word_hash(open, static_cast<std::size_t>(chunk + edges[i++] - open));
    open = nullptr;
  }
  for (; i + 1 < count; i += 2) *out++ = word_hash(chunk + edges[i], edges[i + 1] - edges[i]);
  if (i < count) open = chunk + edges[i];
  return out;
}

template <class Places>
[[gnu::always_inline]] inline std::size_t hash_all(const char* bytes, std::span<const std::uint64_t> word_bits,
                                                   std::vector<std::uint64_t>& hashes) {
  Edges edges;
  const char* open = nullptr;
  std::uint64_t last_bit = 0;
  std::size_t words = 0;
  for (std::size_t at = 0; at < word_bits.size(); at += kChunk) {
    const auto chunk = word_bits.subspan(at, std::min(kChunk, word_bits.size() - at));
    const std::size_t count = write_edges<Places>(chunk, last_bit, edges);
    make_room(hashes, words + count / 2 + 1);
    const std::uint64_t* end = hash_between(edges, count, bytes + 64 * at, open, hashes.data() + words);
    words = static_cast<std::size_t>(end - hashes.data());
  }
  return words;
}

std::size_t hash_words_scalar(const char* bytes, std::span<const std::uint64_t> word_bits,
                              std::vector<std::uint64_t>& hashes) {
  return hash_all<PlainPlaces>(bytes, word_bits, hashes);
}

#if defined(__x86_64__)
[[gnu::target("arch=x86-64-v2")]] std::size_t hash_words_v2(const char* bytes, std::span<const std::uint64_t> word_bits,
                                                            std::vector<std::uint64_t>& hashes) {
  return hash_all<PlainPlaces>(bytes, word_bits, hashes);
}

[[gnu::target("arch=x86-64-v3")]] std::size_t hash_words_v3(const char* bytes, std::span<const std::uint64_t> word_bits,
                                                            std::vector<std::uint64_t>& hashes) {
  return hash_all<PlainPlaces>(bytes, word_bits, hashes);
}

[[gnu::target(TUNEGATE_TARGET_V4)]] std::size_t hash_words_v4(const char* bytes,
                                                              std::span<const std::uint64_t> word_bits,
                                                              std::vector<std::uint64_t>& hashes) {
  return hash_all<PlacesV4>(bytes, word_bits, hashes);
}
#endif

}  // namespace

void make_room(std::vector<std::uint64_t>& hashes, std::size_t count) {
  const std::size_t size = count + kHashRoom;
  if (hashes.size() < size) hashes.resize(std::max(size, 2 * hashes.size()));
}

HashWords hash_words(SimdLevel level) {
#if defined(__x86_64__)
  switch (level) {
    case SimdLevel::kV4: return &hash_words_v4;
    case SimdLevel::kV3: return &hash_words_v3;
    case SimdLevel::kV2: return &hash_words_v2;
    case SimdLevel::kScalar: break;
  }
#endif
  static_cast<void>(level);
  return &hash_words_scalar;
}

}  // namespace tunegate
