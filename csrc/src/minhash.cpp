#include "tunegate/minhash.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <stdexcept>
#include <string>

namespace tunegate {
namespace {

constexpr std::size_t kWidest = 16;  // lanes of an AVX-512 register
constexpr std::size_t kChunk = 256;  // shingles at a time: their halves stay in the first cache
constexpr std::uint64_t kOdd = 0x9E3779B97F4A7C15;
constexpr std::uint32_t kMixer = 0x9E3779B1, kLastMixer = 0x85EBCA77;

std::uint64_t splitmix64(std::uint64_t& state) {
  std::uint64_t z = state += 0x9E3779B97F4A7C15;
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
  return z ^ (z >> 31);
}

using Halves = std::span<const std::uint32_t>;

/// What all lanes are computed from.
struct Lanes {
  const std::uint32_t* multipliers;
  const std::uint32_t* offsets;
  std::uint32_t* minima;
  std::size_t count;  // all three arrays reach to the next multiple of kWidest
};

template <std::size_t Width>
struct Register {
  typedef std::uint32_t type __attribute__((vector_size(Width * sizeof(std::uint32_t))));
};

/// Lowers the minima of `Count` registers of lanes from `at` on, which stay in registers over all halves.
template <std::size_t Width, std::size_t Count>
[[gnu::always_inline]] inline void lower_registers(Halves halves, Lanes lanes, std::size_t at) {
  using Vector = typename Register<Width>::type;
  Vector multiplier[Count], offset[Count], least[Count];
  for (std::size_t k = 0; k < Count; ++k) {
    std::memcpy(&multiplier[k], lanes.multipliers + at + k * Width, sizeof(Vector));
    std::memcpy(&offset[k], lanes.offsets + at + k * Width, sizeof(Vector));
    std::memcpy(&least[k], lanes.minima + at + k * Width, sizeof(Vector));
  }
  for (const std::uint32_t half : halves) {
    for (std::size_t k = 0; k < Count; ++k) {
      const Vector value = multiplier[k] * half + offset[k];
      least[k] = value < least[k] ? value : least[k];
    }
  }
  for (std::size_t k = 0; k < Count; ++k) std::memcpy(lanes.minima + at + k * Width, &least[k], sizeof(Vector));
}

/// The same for a count that is known at run time only, 1 to `Most`.
template <std::size_t Width, std::size_t Most>
[[gnu::always_inline]] inline void lower_some(Halves halves, Lanes lanes, std::size_t at, std::size_t count) {
  if (count == Most) return lower_registers<Width, Most>(halves, lanes, at);
  if constexpr (Most > 1) lower_some<Width, Most - 1>(halves, lanes, at, count);
}

/// Lowers all minima, in passes over the halves of at most `Most` registers, as even as they get.
template <std::size_t Width, std::size_t Most>
[[gnu::always_inline]] inline void lower_lanes(Halves halves, Lanes lanes) {
  std::size_t registers = (lanes.count + Width - 1) / Width;
  std::size_t at = 0;
  for (std::size_t passes = (registers + Most - 1) / Most; passes > 0; --passes) {
    const std::size_t count = registers / passes;
    lower_some<Width, Most>(halves, lanes, at, count);
    at += count * Width;
    registers -= count;
  }
}

template <std::size_t Width, std::size_t Most>
[[gnu::always_inline]] inline void lower_all(std::span<const std::uint64_t> shingles, Lanes lanes) {
  std::array<std::uint32_t, kChunk> halves;
  for (std::size_t from = 0; from < shingles.size(); from += kChunk) {
    const std::size_t size = std::min(kChunk, shingles.size() - from);
    for (std::size_t i = 0; i < size; ++i) halves[i] = static_cast<std::uint32_t>((shingles[from + i] * kOdd) >> 32);
    lower_lanes<Width, Most>(Halves(halves).first(size), lanes);
  }
}

/// Row after row, so that all bands are computed side by side.
[[gnu::always_inline]] inline void mix_rows(const std::uint32_t* lanes, Banding banding,
                                            std::uint32_t* __restrict keys) {
  for (std::uint32_t band = 0; band < banding.bands; ++band) keys[band] = band;
  for (std::uint32_t row = 0; row < banding.rows; ++row, lanes += banding.bands) {
    for (std::uint32_t band = 0; band < banding.bands; ++band) {
      const std::uint32_t mixed = (keys[band] ^ lanes[band]) * kMixer;
      keys[band] = mixed ^ (mixed >> 15);
    }
  }
  for (std::uint32_t band = 0; band < banding.bands; ++band) {
    const std::uint32_t mixed = keys[band] * kLastMixer;
    keys[band] = mixed ^ (mixed >> 16);
  }
}

// What a pass holds in registers is three vectors each: 16 registers serve four, the 32 of AVX-512 eight.
struct Plain {
  static void lower(std::span<const std::uint64_t> shingles, Lanes lanes) { lower_all<4, 4>(shingles, lanes); }
  static void mix(const std::uint32_t* lanes, Banding banding, std::uint32_t* keys) { mix_rows(lanes, banding, keys); }
};

#if defined(__x86_64__)
struct V2 {
  [[gnu::target("arch=x86-64-v2")]] static void lower(std::span<const std::uint64_t> shingles, Lanes lanes) {
    lower_all<4, 4>(shingles, lanes);
  }
  [[gnu::target("arch=x86-64-v2")]] static void mix(const std::uint32_t* lanes, Banding banding, std::uint32_t* keys) {
    mix_rows(lanes, banding, keys);
  }
};
struct V3 {
  [[gnu::target("arch=x86-64-v3")]] static void lower(std::span<const std::uint64_t> shingles, Lanes lanes) {
    lower_all<8, 4>(shingles, lanes);
  }
  [[gnu::target("arch=x86-64-v3")]] static void mix(const std::uint32_t* lanes, Banding banding, std::uint32_t* keys) {
    mix_rows(lanes, banding, keys);
  }
};
struct V4 : V3 {  // a few bands do not fill wider registers
  [[gnu::target("arch=x86-64-v4")]] static void lower(std::span<const std::uint64_t> shingles, Lanes lanes) {
    lower_all<16, 8>(shingles, lanes);
  }
};
#endif

/// Calls `work` with the kernels of a level.
template <class Work>
void at_level(SimdLevel level, Work work) {
#if defined(__x86_64__)
  if (level == SimdLevel::kV4) return work(V4());
  if (level == SimdLevel::kV3) return work(V3());
  if (level == SimdLevel::kV2) return work(V2());
#endif
  static_cast<void>(level);
  work(Plain());
}

}  // namespace

MinHasher::MinHasher(Banding banding, std::uint64_t seed, SimdLevel level) : banding_(banding), level_(level) {
  const std::uint64_t lanes = std::uint64_t{banding.bands} * banding.rows;
  if (lanes == 0 || lanes > kMostLanes) {
    throw std::invalid_argument(std::to_string(banding.bands) + " bands of " + std::to_string(banding.rows) +
                                " rows are not between 1 and " + std::to_string(kMostLanes) + " lanes");
  }
  const std::size_t padded = (lanes + kWidest - 1) / kWidest * kWidest;
  for (std::size_t lane = 0; lane < padded; ++lane) {
    const std::uint64_t random = splitmix64(seed);
    multipliers_.push_back(static_cast<std::uint32_t>(random) | 1);
    offsets_.push_back(static_cast<std::uint32_t>(random >> 32));
  }
}

void MinHasher::signature(std::span<const std::uint64_t> shingles, std::span<std::uint32_t> lanes) const {
  std::array<std::uint32_t, kMostLanes> minima;  // only the part in use is touched
  std::fill_n(minima.begin(), multipliers_.size(), ~std::uint32_t{0});
  const Lanes all{multipliers_.data(), offsets_.data(), minima.data(), lane_count()};
  at_level(level_, [&](auto kernels) { kernels.lower(shingles, all); });
  std::copy_n(minima.begin(), lane_count(), lanes.begin());
}

void MinHasher::band_keys(std::span<const std::uint64_t> shingles, std::span<std::uint32_t> keys) const {
  std::array<std::uint32_t, kMostLanes> minima;
  std::fill_n(minima.begin(), multipliers_.size(), ~std::uint32_t{0});
  const Lanes all{multipliers_.data(), offsets_.data(), minima.data(), lane_count()};
  at_level(level_, [&](auto kernels) {
    kernels.lower(shingles, all);
    kernels.mix(minima.data(), banding_, keys.data());
  });
}

}  // namespace tunegate
