#pragma once
#include <algorithm>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>

#include "tunegate/page_array.hpp"

namespace tunegate {

/// In how many records a hash occurs, too high where hashes share a counter, 255 for that many and more.
///
/// A hash whose count is 1 occurs in one record: every record adds each of its distinct hashes once, each addition
/// raises a counter below 255 by exactly one (a single thread, or compare and exchange: no addition is lost), and no
/// counter is ever lowered or wraps, so a hash of two records counts 2 or more. The counts do not depend on the order
/// of additions.
class ElementCounts {
 public:
  static constexpr std::uint8_t kMost = 255;  // where a count stays
  static constexpr std::size_t kMostCounters = std::size_t{1} << 26;

  /// A counter for each fourth of a hash where that is possible, in 64 KiB to 64 MiB.
  explicit ElementCounts(std::size_t expected_hashes)
      : size_(std::bit_ceil(std::clamp(4 * expected_hashes, std::size_t{1} << 16, kMostCounters))),
        shift_(64 - std::countr_zero(size_)),
        counters_(size_) {}

  /// Adds the distinct hashes of one record, while no other thread adds any.
  void add_alone(std::span<const std::uint64_t> distinct) {
    for (const std::uint64_t hash : distinct) {
      auto& counter = counters_[place(hash)];
      const std::uint8_t before = counter.load(std::memory_order_relaxed);
      counter.store(static_cast<std::uint8_t>(before + (before < kMost)), std::memory_order_relaxed);
    }
  }

  /// The same, while other threads add as well.
  void add(std::span<const std::uint64_t> distinct) {
    for (const std::uint64_t hash : distinct) prefetch(hash);  // an exchange waits for its line, one at a time
    for (const std::uint64_t hash : distinct) {
      auto& counter = counters_[place(hash)];
      std::uint8_t before = counter.load(std::memory_order_relaxed);
      while (before < kMost &&
             !counter.compare_exchange_weak(before, static_cast<std::uint8_t>(before + 1), std::memory_order_relaxed)) {
      }
    }
  }

  /// The counts of many hashes at once, which the memory looks up side by side.
  void get(std::span<const std::uint64_t> hashes, std::uint8_t* counts) const {
    const int shift = shift_;  // a byte written could be anything of this
    const auto* counters = counters_.data();
    for (std::size_t i = 0; i < hashes.size(); ++i)
      counts[i] = counters[place(hashes[i], shift)].load(std::memory_order_relaxed);
  }

 private:
  static std::size_t place(std::uint64_t hash, int shift) {
    return static_cast<std::size_t>(hash * 0x9E3779B97F4A7C15U >> shift);
  }
  std::size_t place(std::uint64_t hash) const { return place(hash, shift_); }

  void prefetch(std::uint64_t hash) const {
#if defined(__GNUC__)
    __builtin_prefetch(&counters_[place(hash)], 1);
#endif
  }

  std::size_t size_;
  int shift_;
  PageArray<std::atomic<std::uint8_t>> counters_;
};

}  // namespace tunegate
