#pragma once
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "tunegate/prefix_join.hpp"

namespace tunegate {

/// A reader that keeps the sets read last, those that are not in memory anyway, because reading one costs as much as
/// five comparisons. One slot for each remainder of the record's number; sets of more hashes than kMostHashes are read
/// again each time. 16 MiB at most.
class SetCache {
 public:
  explicit SetCache(const ShingleSource& source) : source_(source), reader_(source.reader()), kept_(kSlots) {}

  /// Valid until the next call.
  std::span<const std::uint64_t> shingles(std::uint32_t record) {
    const auto held = source_.held(record);
    if (!held.empty()) return held;
    Kept& kept = kept_[record % kSlots];
    if (kept.is_filled && kept.record == record) return kept.hashes;
    const std::span<const std::uint64_t> read = reader_->shingles(record);
    if (read.size() > kMostHashes) return read;
    kept.hashes.assign(read.begin(), read.end());
    kept.record = record;
    kept.is_filled = true;
    return kept.hashes;
  }

 private:
  static constexpr std::size_t kSlots = 512;
  static constexpr std::size_t kMostHashes = 4096;

  struct Kept {
    std::uint32_t record = 0;
    bool is_filled = false;
    std::vector<std::uint64_t> hashes;
  };

  const ShingleSource& source_;
  std::unique_ptr<ShingleSource::Reader> reader_;
  std::vector<Kept> kept_;
};

}  // namespace tunegate
