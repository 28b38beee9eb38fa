#pragma once
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "tunegate/simd_level.hpp"

namespace tunegate {

/// A signature of bands * rows minima, cut into bands: two sets are candidates when a whole band agrees.
struct Banding {
  std::uint32_t bands = 0;
  std::uint32_t rows = 0;
  bool operator==(const Banding&) const = default;
};

/// The probability that two sets of this Jaccard similarity become candidates: 1 - (1 - s^rows)^bands.
/// Source: Leskovec, Rajaraman, Ullman, Mining of Massive Datasets, section 3.4.
double expected_recall(Banding banding, double similarity);

/// The banding whose expected recall at `threshold` is at least `recall`, with the fewest false candidates at a
/// bounded cost: the most rows, of up to 16, whose fewest bands that reach the recall make at most 96 lanes; two
/// rows may take 256, as single rows make candidates of most pairs that have anything in common; one row is the last
/// resort. 18 bands of 4 rows for 0.8 and 0.9999. threshold in (0, 1], recall in (0, 1); throws
/// std::invalid_argument on others and where one row takes more than MinHasher::kMostLanes (thresholds near 0.002).
Banding choose_banding(double threshold, double recall);

/// Computes MinHash signatures and band keys. Immutable; threads may share it.
///
/// Lane i is the minimum over the set of a_i * x + b_i mod 2^32, x the upper half of a shingle's hash multiplied by
/// 0x9E3779B97F4A7C15. The i-th number that splitmix64 draws from the seed gives a_i, its lower half made odd, and
/// b_i, its upper half. Lane row * bands + band is a row of a band. A shingle that stands twice changes nothing. The
/// same numbers on every CPU level.
/// Source: Broder 1997; Dietzfelbinger et al. 1997 for multiply-shift hashing.
class MinHasher {
 public:
  static constexpr std::uint32_t kMostLanes = 4096;

  /// `level` is at most best_simd_level(). Throws std::invalid_argument unless there are 1 to kMostLanes lanes.
  MinHasher(Banding banding, std::uint64_t seed, SimdLevel level = simd_level());

  Banding banding() const { return banding_; }

  /// The minima of all lanes into `lanes` (bands * rows of them); all ones for an empty set. O(shingles * lanes):
  /// with 72 lanes 2.6 ns a shingle on AVX-512, 3 on AVX2, 5 on SSE4.2, 19 without them.
  void signature(std::span<const std::uint64_t> shingles, std::span<std::uint32_t> lanes) const;

  /// One 32-bit key for each band, a hash of its rows and its number, into `keys` (bands of them).
  void band_keys(std::span<const std::uint64_t> shingles, std::span<std::uint32_t> keys) const;

 private:
  std::size_t lane_count() const { return std::size_t{banding_.bands} * banding_.rows; }

  Banding banding_;
  SimdLevel level_;
  std::vector<std::uint32_t> multipliers_, offsets_;  // padded to whole vectors
};

}  // namespace tunegate
