#include "shingle_hash.hpp"

#include <algorithm>
#include <bit>
#include <cstring>

#include "simd_target.hpp"
#include "word_hash.hpp"

namespace tunegate {
namespace {

/// out[i] = join(left[i], right[i]), whole vectors at a time, from the front: `out` may be `left`, and `right` may be a
/// later part of it.
template <class Vector>
[[gnu::always_inline]] inline void join_all(const std::uint64_t* left, const std::uint64_t* right, std::size_t count,
                                            std::uint64_t* out) {
  for (std::size_t i = 0; i < count; i += sizeof(Vector) / sizeof *out) {
    Vector a, b;
    std::memcpy(&a, left + i, sizeof a);
    std::memcpy(&b, right + i, sizeof b);
    a = (a ^ a >> 32) * ShingleHash::kJoin + b;
    std::memcpy(out + i, &a, sizeof a);
  }
}

template <class Vector>
[[gnu::always_inline]] inline void spread_all(const std::uint64_t* in, std::size_t count, std::uint64_t* out) {
  for (std::size_t i = 0; i < count; i += sizeof(Vector) / sizeof *out) {
    Vector a;
    std::memcpy(&a, in + i, sizeof a);
    a = (a ^ a >> 32) * ShingleHash::kJoin;
    a ^= a >> 32;
    std::memcpy(out + i, &a, sizeof a);
  }
}

template <class Vector>
[[gnu::always_inline]] inline void hash_shingles(const std::uint64_t* words, std::size_t count, std::size_t size,
                                                 std::uint64_t* hashes) {
  const std::uint64_t* spans = words;
  std::size_t length = 1;
  for (std::size_t bit = std::bit_floor(size) / 2; bit > 0; bit /= 2) {
    join_all<Vector>(spans, spans + length, count + 1 - 2 * length, hashes);
    spans = hashes;
    length *= 2;
    if ((size & bit) == 0) continue;
    join_all<Vector>(spans, words + length, count - length, hashes);
    ++length;
  }
  spread_all<Vector>(spans, count + 1 - size, hashes);
}

template <class Vector>
[[gnu::always_inline]] inline std::uint64_t hash_text(std::uint64_t* words, std::size_t count, std::uint64_t* folded) {
  std::uint64_t* hashes = words;
  for (std::size_t left = count; left > 1; left = (left + 1) / 2) {
    if (left % 2 != 0) hashes[left] = 0;
    join_all<Vector>(hashes, hashes + (left + 1) / 2, (left + 1) / 2, folded);
    hashes = folded;
  }
  return std::max<std::uint64_t>(ShingleHash::spread(hashes[0] + count * kLengthFactor), 1);
}

// Written out for each level, because a target is an attribute of a function and no template parameter.
struct Plain {
  typedef std::uint64_t Vector __attribute__((vector_size(16)));
  static void shingles(const std::uint64_t* words, std::size_t count, std::size_t size, std::uint64_t* hashes) {
    hash_shingles<Vector>(words, count, size, hashes);
  }
  static std::uint64_t text(std::uint64_t* words, std::size_t count, std::uint64_t* folded) {
    return hash_text<Vector>(words, count, folded);
  }
};

#if defined(__x86_64__)
struct V2 {
  typedef std::uint64_t Vector __attribute__((vector_size(16)));
  [[gnu::target("arch=x86-64-v2")]] static void shingles(const std::uint64_t* words, std::size_t count,
                                                         std::size_t size, std::uint64_t* hashes) {
    hash_shingles<Vector>(words, count, size, hashes);
  }
  [[gnu::target("arch=x86-64-v2")]] static std::uint64_t text(std::uint64_t* words, std::size_t count,
                                                              std::uint64_t* folded) {
    return hash_text<Vector>(words, count, folded);
  }
};

struct V3 {
  typedef std::uint64_t Vector __attribute__((vector_size(32)));
  [[gnu::target("arch=x86-64-v3")]] static void shingles(const std::uint64_t* words, std::size_t count,
                                                         std::size_t size, std::uint64_t* hashes) {
    hash_shingles<Vector>(words, count, size, hashes);
  }
  [[gnu::target("arch=x86-64-v3")]] static std::uint64_t text(std::uint64_t* words, std::size_t count,
                                                              std::uint64_t* folded) {
    return hash_text<Vector>(words, count, folded);
  }
};

struct V4 {
  typedef std::uint64_t Vector __attribute__((vector_size(64)));
  [[gnu::target(TUNEGATE_TARGET_V4)]] static void shingles(const std::uint64_t* words, std::size_t count,
                                                           std::size_t size, std::uint64_t* hashes) {
    hash_shingles<Vector>(words, count, size, hashes);
  }
  [[gnu::target(TUNEGATE_TARGET_V4)]] static std::uint64_t text(std::uint64_t* words, std::size_t count,
                                                                std::uint64_t* folded) {
    return hash_text<Vector>(words, count, folded);
  }
};
#endif

template <class Level>
constexpr ShingleHash kHashOf{&Level::shingles, &Level::text};

}  // namespace

ShingleHash shingle_hash(SimdLevel level) {
#if defined(__x86_64__)
  switch (level) {
    case SimdLevel::kV4: return kHashOf<V4>;
    case SimdLevel::kV3: return kHashOf<V3>;
    case SimdLevel::kV2: return kHashOf<V2>;
    case SimdLevel::kScalar: break;
  }
#endif
  static_cast<void>(level);
  return kHashOf<Plain>;
}

}  // namespace tunegate
