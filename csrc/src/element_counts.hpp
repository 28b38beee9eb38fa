#pragma once
#include <algorithm>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

namespace tunegate {

/// In how many records a hash occurs, too high where hashes share a counter, 255 for that many and more.
///
/// A hash whose count is 1 occurs in one record: every record adds each of its distinct hashes once, each addition
/// raises a counter below 255 by exactly one (a single thread, or compare and exchange: no addition is lost), and no
/// counter is ever lowered or wraps, so a hash of two records counts 2 or more. The counts do not depend on the order
/// of additions.
class ElementCounts {
 public:
  static constexpr std::size_t kMostCounters = std::size_t{1} << 26;

  /// A counter for each fourth of a hash where that is possible, in 64 KiB to 64 MiB.
  explicit ElementCounts(std::size_t expected_hashes)
      : size_(std::bit_ceil(std::clamp(4 * expected_hashes, std::size_t{1} << 16, kMostCounters))),
        shift_(64 - std::countr_zero(size_)),
        counters_(std::make_unique<std::atomic<std::uint8_t>[]>(size_)) {}

  /// Adds the distinct hashes of one record, while no other thread adds any.
  void add_alone(std::span<const std::uint64_t> distinct) {
    for (const std::uint64_t hash : distinct) {
      auto& counter = counters_[place(hash)];
      const std::uint8_t before = counter.load(std::memory_order_relaxed);
      counter.store(static_cast<std::uint8_t>(before + (before < 255)), std::memory_order_relaxed);
    }
  }

  /// The same, while other threads add as well.
  void add(std::span<const std::uint64_t> distinct) {
    for (const std::uint64_t hash : distinct) prefetch(hash);  // an exchange waits for its line, one at a time
    for (const std::uint64_t hash : distinct) {
      auto& counter = counters_[place(hash)];
      std::uint8_t before = counter.load(std::memory_order_relaxed);
      while (before < 255 &&
             !counter.compare_exchange_weak(before, static_cast<std::uint8_t>(before + 1), std::memory_order_relaxed)) {
      }
    }
  }

  std::uint8_t count(std::uint64_t hash) const { return counters_[place(hash)].load(std::memory_order_relaxed); }

 private:
  std::size_t place(std::uint64_t hash) const { return static_cast<std::size_t>(hash * 0x9E3779B97F4A7C15U >> shift_); }

  void prefetch(std::uint64_t hash) const {
#if defined(__GNUC__)
    __builtin_prefetch(&counters_[place(hash)], 1);
#endif
  }

  std::size_t size_;
  int shift_;
  std::unique_ptr<std::atomic<std::uint8_t>[]> counters_;
};

}  // namespace tunegate
