#pragma once
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace tunegate {

/// Two records, by number; a < b.
struct RecordPair {
  std::uint32_t a = 0;
  std::uint32_t b = 0;
  auto operator<=>(const RecordPair&) const = default;
};

/// The band keys of consecutive records, band after band: the key of band k of record first + i is
/// keys[k * stride + i]. The stretches of one call come in any order; no record stands in two.
struct KeyStretch {
  const std::uint32_t* keys = nullptr;
  std::size_t stride = 0;
  std::uint32_t first = 0;
  std::uint32_t records = 0;
};

struct LshOptions {
  std::uint32_t bands = 0;
  std::uint32_t first_new = 0;   // pairs of two records below this number are left out
  std::uint64_t most_pairs = 0;  // pairs that may be enumerated, counted over all bands
  std::size_t threads = 1;
};

/// Candidate pairs, each once, sorted; and the records that share a bucket too full to enumerate, sorted.
struct Candidates {
  std::vector<RecordPair> pairs;
  std::vector<std::uint32_t> crowded;
};

/// Finds all pairs that share a key in some band.
///
/// The sum of g (g - 1) / 2 over all buckets is counted, whatever first_new. Where it exceeds most_pairs, only the
/// buckets up to the greatest size with which it stays within are enumerated, and the members of the others are
/// `crowded`: every pair that only such a bucket shows consists of two crowded records. A pair of two crowded records
/// that a smaller bucket shows stays among the pairs. `active` has one byte a record; records with 0 take no part.
/// The answer does not depend on threads nor on how the records are cut into stretches.
///
/// About 7 ns a key, twice that where most_pairs is exceeded; the bands are spread over the threads. Memory: for
/// each thread bitmaps of up to 8 MiB and 16 bytes for each key of one band that is not alone; 16 bytes for each pair
/// enumerated, repeats over bands included. Throws std::invalid_argument where `active` is shorter than the records.
Candidates find_candidates(std::span<const KeyStretch> stretches, std::span<const std::uint8_t> active,
                           const LshOptions& options);

}  // namespace tunegate
