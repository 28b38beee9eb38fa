#pragma once
#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "tunegate/hash_arena.hpp"
#include "tunegate/page_array.hpp"
#include "tunegate/prefix_join.hpp"

namespace tunegate {

/// The shingles of some records in memory, for those who look at them many times. It has no others.
class HeldShingles final : public ShingleSource {
 public:
  /// Reads every record once that the source does not hold, in threads. records: in increasing order; they and the
  /// source must outlive this. hashes: how many the records have, repeats included. Memory: 8 bytes a hash that was
  /// read, 272 a record, and 4 for each number between the first and the last.
  HeldShingles(std::span<const std::uint32_t> records, std::size_t hashes, const ShingleSource& source,
               std::size_t threads);

  /// Whether two of the records may meet the threshold, by bits that their hashes set: eight times as many as
  /// ShingleBits has, so that hardly a pair is compared in vain.
  bool may_match(std::uint32_t a, std::uint32_t b, Threshold threshold) const;

  std::unique_ptr<Reader> reader() const override;
  std::span<const std::uint64_t> held(std::uint32_t record) const override { return sets_[place(record)]; }

 private:
  class HeldReader;
  static constexpr std::size_t kChunkRecords = 256;

  using WideBits = std::array<std::uint64_t, 32>;
  std::size_t place(std::uint32_t record) const { return places_[record - records_.front()]; }

  std::span<const std::uint32_t> records_;
  std::vector<std::uint32_t> places_;  // of the records from the first to the last; only those held are set
  PageArray<WideBits> bits_;           // by place
  std::vector<std::span<const std::uint64_t>> sets_;  // by place
  HashArena read_;
};

}  // namespace tunegate
