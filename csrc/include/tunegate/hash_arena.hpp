#pragma once
#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>

#include "tunegate/page_array.hpp"

namespace tunegate {

/// Room for the shingles of records, up to so many hashes, for several threads. It takes memory as it fills.
class HashArena {
 public:
  explicit HashArena(std::size_t hashes) : room_(hashes) {}

  /// The copy, valid as long as this; empty when there is no room for it, and then for every later one.
  std::span<const std::uint64_t> copy(std::span<const std::uint64_t> hashes) {
    if (used_.load(std::memory_order_relaxed) > room_.size()) return {};
    const std::size_t begin = used_.fetch_add(hashes.size(), std::memory_order_relaxed);
    if (begin + hashes.size() > room_.size()) return {};
    return {room_.data() + begin, std::ranges::copy(hashes, room_.data() + begin).out};
  }

 private:
  PageArray<std::uint64_t> room_;
  std::atomic<std::size_t> used_ = 0;
};

}  // namespace tunegate
