#pragma once
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "tunegate/lsh.hpp"

namespace tunegate {

/// Tells the slots that were met twice: two bitmaps, side by side in one cache line.
class SlotMap {
 public:
  /// Starts anew with 2^bits slots.
  void clear(unsigned bits) { words_.assign((std::size_t{1} << bits) / 32, {}); }
  /// Meets a slot where `present` is 1; with 0 nothing happens.
  void meet(std::uint32_t slot, std::uint32_t present) {
    const std::uint32_t bit = present << (slot % 32);
    const Word word = words_[slot / 32];
    words_[slot / 32] = {word.once | bit, word.twice | (word.once & bit)};
  }
  /// 1 where a slot was met twice, else 0.
  std::uint32_t is_shared(std::uint32_t slot) const { return (words_[slot / 32].twice >> (slot % 32)) & 1; }

 private:
  struct Word {
    std::uint32_t once = 0;
    std::uint32_t twice = 0;
  };
  std::vector<Word> words_;
};

/// The buckets of two records and more of one band after another. Keeps its memory; one per thread.
///
/// Most keys stand alone. A key has a slot in bitmaps that fit the cache; only keys whose slot was met twice are
/// gathered, sifted once more by another slot, sorted by the first one and compared within it. The bitmaps have 4 to
/// 8 bits for each record, up to 4 MiB each: beyond 8 million records more and more lone keys are sorted too.
class BandBuckets {
 public:
  /// The stretches in increasing order; both outlive this. `active` has one byte for each record of them.
  BandBuckets(std::span<const KeyStretch> stretches, std::span<const std::uint8_t> active);

  /// Finds the buckets of a band.
  void load(std::uint32_t band);

  struct Bucket {
    std::size_t begin = 0;
    std::uint32_t members = 0;
  };
  std::span<const Bucket> buckets() const { return buckets_; }

  /// A member of a bucket; the first has the smallest number, and they increase.
  std::uint32_t member(const Bucket& bucket, std::size_t i) const {
    return static_cast<std::uint32_t>(entries_[bucket.begin + i]);
  }

 private:
  void mark(const KeyStretch& stretch, const std::uint32_t* keys);
  void gather(const KeyStretch& stretch, const std::uint32_t* keys);
  void sift();
  void find_buckets();
  void find_buckets_of_slot(std::size_t begin, std::size_t end);

  std::span<const KeyStretch> stretches_;
  std::span<const std::uint8_t> active_;
  unsigned slot_bits_;
  SlotMap slots_;
  std::vector<std::uint64_t> entries_, spare_;  // scattered key << 32 | record; the slot is in the upper bits
  std::vector<Bucket> buckets_;
};

}  // namespace tunegate
