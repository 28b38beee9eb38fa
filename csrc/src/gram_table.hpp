#pragma once
#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <stdexcept>
#include <vector>

namespace tunegate {

/// Numbers distinct hashes from 0 on. Open addressing.
class GramTable {
 public:
  static constexpr std::uint32_t kNone = std::numeric_limits<std::uint32_t>::max();

  std::uint32_t add(std::uint64_t hash) {
    if ((size_ + 1) * 2 > slots_.size()) grow();
    Slot& slot = slots_[slot_of(hash)];
    if (slot.number == kNone) slot = {hash, new_number()};
    return slot.number;
  }

  /// The number of a hash, or kNone. Something must have been added.
  std::uint32_t find(std::uint64_t hash) const { return slots_[slot_of(hash)].number; }
  std::size_t size() const { return size_; }

  template <class Visit>
  void for_each(Visit visit) const {
    for (const Slot& slot : slots_) {
      if (slot.number != kNone) visit(slot.hash, slot.number);
    }
  }

 private:
  struct Slot {
    std::uint64_t hash = 0;
    std::uint32_t number = kNone;
  };

  /// Where the hash stands, or the free place where it would.
  std::size_t slot_of(std::uint64_t hash) const {
    const std::size_t mask = slots_.size() - 1;
    std::size_t at = hash & mask;
    while (slots_[at].number != kNone && slots_[at].hash != hash) at = (at + 1) & mask;
    return at;
  }

  void grow() {
    std::vector<Slot> old(std::max<std::size_t>(slots_.size() * 2, 64));
    old.swap(slots_);
    for (const Slot& slot : old) {
      if (slot.number != kNone) slots_[slot_of(slot.hash)] = slot;
    }
  }

  std::uint32_t new_number() {
    if (size_ >= kNone) throw std::length_error("the items have more than 2^32 - 1 distinct n-grams");
    return static_cast<std::uint32_t>(size_++);
  }

  std::vector<Slot> slots_;
  std::size_t size_ = 0;
};

/// A Bloom filter of two bits in one word: it answers nearly every question about a hash that is not there.
class Sieve {
 public:
  explicit Sieve(std::size_t hashes = 0) : words_(std::bit_ceil(std::max<std::size_t>(hashes / 4, 2)), 0) {}

  void add(std::uint64_t hash) { words_[place(hash)] |= bits(hash); }

  /// Keeps the hashes that may have been added, in their order; `kept` only grows. Returns how many they are.
  std::size_t sift(std::span<const std::uint64_t> hashes, std::vector<std::uint64_t>& kept) const {
    if (kept.size() < hashes.size()) kept.resize(hashes.size());
    std::size_t count = 0;
    for (const std::uint64_t hash : hashes) {
      kept[count] = hash;  // without a branch, for the few that stay cannot be foretold
      count += (~words_[place(hash)] & bits(hash)) == 0 ? 1 : 0;
    }
    return count;
  }

 private:
  std::size_t place(std::uint64_t hash) const { return hash >> 12 & (words_.size() - 1); }
  static std::uint64_t bits(std::uint64_t hash) {
    return std::uint64_t{1} << (hash & 63) | std::uint64_t{1} << (hash >> 6 & 63);
  }

  std::vector<std::uint64_t> words_;
};

}  // namespace tunegate
