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
/// bounded cost. threshold in (0, 1], recall in (0, 1); throws std::invalid_argument on others.
Banding choose_banding(double threshold, double recall);

/// Computes MinHash signatures and band keys. Immutable; threads may share it.
///
/// Lane i is the minimum over the set of a_i * x + b_i mod 2^32 (a_i odd), x the upper half of a shingle's hash
/// multiplied by an odd constant; a_i and b_i come from the seed by splitmix64. A shingle that stands twice
/// changes nothing. The same numbers on every CPU level.
/// Source: Broder 1997; Dietzfelbinger et al. 1997 for multiply-shift hashing.
class MinHasher {
 public:
  MinHasher(Banding banding, std::uint64_t seed, SimdLevel level = simd_level());

  Banding banding() const { return banding_; }

  /// The minima of all lanes into `lanes` (bands * rows of them); all ones for an empty set.
  void signature(std::span<const std::uint64_t> shingles, std::span<std::uint32_t> lanes) const;

  /// One 32-bit key for each band, a hash of its rows and its number, into `keys` (bands of them).
  void band_keys(std::span<const std::uint64_t> shingles, std::span<std::uint32_t> keys) const;

 private:
  Banding banding_;
  SimdLevel level_;
  std::vector<std::uint32_t> multipliers_, offsets_;  // padded to whole vectors
};

}  // namespace tunegate
