#pragma once
#include <atomic>
#include <cstdint>
#include <memory>
#include <random>
#include <set>
#include <span>
#include <vector>

#include "tunegate/byte_source.hpp"
#include "tunegate/prefix_join.hpp"

/// Sets of hashes in memory, which count how often each thread's reader reads; reading a record of `broken` throws.
class MemorySets final : public tunegate::ShingleSource {
 public:
  using Set = std::vector<std::uint64_t>;

  explicit MemorySets(std::vector<Set> sets, std::set<std::uint32_t> broken = {})
      : sets_(std::move(sets)), broken_(std::move(broken)) {}

  std::unique_ptr<Reader> reader() const override { return std::make_unique<MemoryReader>(*this); }

  std::uint32_t size() const { return static_cast<std::uint32_t>(sets_.size()); }
  const Set& operator[](std::uint32_t record) const { return sets_[record]; }
  std::size_t reads() const { return reads_; }

 private:
  class MemoryReader final : public Reader {
   public:
    explicit MemoryReader(const MemorySets& sets) : sets_(sets) {}

    /// From a copy of its own, so that a view kept too long is found by the sanitizers.
    std::span<const std::uint64_t> shingles(std::uint32_t record) override {
      ++sets_.reads_;
      if (sets_.broken_.contains(record)) throw tunegate::SourceError("no record " + std::to_string(record));
      last_ = std::make_unique<Set>(sets_.sets_.at(record));
      return *last_;
    }

   private:
    const MemorySets& sets_;
    std::unique_ptr<Set> last_;
  };

  std::vector<Set> sets_;
  std::set<std::uint32_t> broken_;
  mutable std::atomic<std::size_t> reads_ = 0;
};

/// What SetComparer and the joins must find, from sorted sets.
inline tunegate::Overlap true_overlap(const MemorySets::Set& left, const MemorySets::Set& right) {
  const std::set<std::uint64_t> a(left.begin(), left.end()), b(right.begin(), right.end());
  tunegate::Overlap overlap;
  for (const std::uint64_t hash : a) overlap.shared += b.contains(hash);
  overlap.united = static_cast<std::uint32_t>(a.size() + b.size()) - overlap.shared;
  return overlap;
}

/// Sets of up to `most` of `vocabulary` hashes, some of them empty; every second one is an earlier one with a few
/// changes, and every third one repeats some of its hashes.
inline std::vector<MemorySets::Set> random_sets(std::uint64_t seed, std::size_t records, std::size_t vocabulary,
                                                std::size_t most) {
  std::mt19937_64 random(seed);
  std::vector<std::uint64_t> words(vocabulary);
  for (auto& word : words) word = random();
  std::vector<MemorySets::Set> sets(records);
  for (std::size_t i = 0; i < records; ++i) {
    auto& set = sets[i];
    for (std::size_t size = random() % (most + 1); size > 0; --size) set.push_back(words[random() % vocabulary]);
    if (i % 2 == 1) {
      set = sets[random() % i];
      for (std::size_t edits = random() % 4; edits > 0 && !set.empty(); --edits) {
        set[random() % set.size()] = words[random() % vocabulary];
      }
    }
    if (i % 3 == 0) set.insert(set.end(), set.begin(), set.begin() + static_cast<std::ptrdiff_t>(set.size() / 2));
  }
  return sets;
}
