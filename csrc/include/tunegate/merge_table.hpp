#pragma once
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "tunegate/tokenizer_file.hpp"

namespace tunegate {

/// The rank of a pair of tokens in the list of merges, and what the pair becomes.
///
/// Open addressing, at most half full, 8 bytes a slot: both ids and the rank fit into one number, so that 150,000
/// merges take 4 MB and 0.6 MB for the results.
class MergeTable {
 public:
  static constexpr unsigned kIdBits = 21;
  static constexpr unsigned kRankBits = 22;
  static constexpr std::uint32_t kMostId = (1U << kIdBits) - 2;
  static constexpr std::size_t kMostMerges = std::size_t{1} << kRankBits;
  static constexpr std::uint32_t kNoRank = 0xFFFFFFFF;

  /// At most kMostMerges, of ids up to kMostId. Of a pair that comes twice the later rank counts.
  explicit MergeTable(std::span<const BpeMerge> merges);

  /// The rank of the pair, kNoRank when it does not merge. O(1).
  std::uint32_t rank(std::uint32_t left, std::uint32_t right) const {
    const std::uint64_t key = key_of(left, right);
    for (std::size_t at = first_slot(key);; at = (at + 1) & mask_) {
      const std::uint64_t difference = slots_[at] ^ key;
      if (difference >> kRankBits == 0) return static_cast<std::uint32_t>(difference);
      if (slots_[at] == kFree) return kNoRank;
    }
  }

  /// Has what rank() needs brought from memory in the meantime.
  void prefetch(std::uint32_t left, std::uint32_t right) const {
    __builtin_prefetch(slots_.data() + first_slot(key_of(left, right)));
  }

  std::uint32_t result(std::uint32_t rank) const { return results_[rank]; }

 private:
  static constexpr std::uint64_t kFree = ~std::uint64_t{0};  // the pair of ids behind kMostId, which cannot be

  static constexpr std::uint64_t key_of(std::uint64_t left, std::uint64_t right) {
    return (left << kIdBits | right) << kRankBits;
  }
  /// Fibonacci hashing: Knuth, The Art of Computer Programming 3, section 6.4.
  std::size_t first_slot(std::uint64_t key) const { return (key * 0x9E3779B97F4A7C15 >> shift_) & mask_; }

  unsigned shift_;
  std::size_t mask_;
  std::vector<std::uint64_t> slots_;
  std::vector<std::uint32_t> results_;
};

}  // namespace tunegate
