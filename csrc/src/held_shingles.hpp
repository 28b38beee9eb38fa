#pragma once
#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "tunegate/prefix_join.hpp"

namespace tunegate {

/// The shingles of some records in memory, for those who look at them many times. It has no others.
class HeldShingles final : public ShingleSource {
 public:
  /// Reads every record once, in threads. records: in increasing order; they must outlive this. Memory: 8 to 16 bytes a
  /// hash, 268 a record, and 4 for each number between the first and the last.
  HeldShingles(std::span<const std::uint32_t> records, const ShingleSource& source, std::size_t threads);

  /// Whether two of the records may meet the threshold, by bits that their hashes set: eight times as many as
  /// ShingleBits has, so that hardly a pair is compared in vain.
  bool may_match(std::uint32_t a, std::uint32_t b, Threshold threshold) const;

  std::unique_ptr<Reader> reader() const override;
  bool is_in_memory() const override { return true; }

 private:
  class HeldReader;
  /// The sets of consecutive records.
  struct Chunk {
    std::vector<std::uint64_t> hashes;
    std::vector<std::size_t> ends{0};
  };
  static constexpr std::size_t kChunkRecords = 256;

  using WideBits = std::array<std::uint64_t, 32>;

  std::size_t place(std::uint32_t record) const { return places_[record - records_.front()]; }
  std::span<const std::uint64_t> held(std::size_t place) const {
    const Chunk& chunk = chunks_[place / kChunkRecords];
    const std::size_t at = place % kChunkRecords;
    return std::span(chunk.hashes).subspan(chunk.ends[at], chunk.ends[at + 1] - chunk.ends[at]);
  }

  std::span<const std::uint32_t> records_;
  std::vector<std::uint32_t> places_;  // of the records from the first to the last; only those held are set
  std::vector<WideBits> bits_;         // by place
  std::vector<Chunk> chunks_;
};

}  // namespace tunegate
