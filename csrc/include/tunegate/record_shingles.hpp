#pragma once
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "tunegate/prefix_join.hpp"
#include "tunegate/record_keys.hpp"

namespace tunegate {

/// Consecutive records that have their texts in one place: a plain file, or the sets of an index.
struct RecordPart {
  std::uint32_t first = 0;  // number of its first record
  std::span<const RecordKey> records;
  std::string path;  // a plain file, in which offsets count
  // Of an index: the hashes of record i are hashes[set_ends[i - 1]] up to hashes[set_ends[i]].
  std::span<const std::uint64_t> set_ends = {};
  std::span<const std::uint64_t> hashes = {};
  std::span<const HeldSet> held = {};  // sets of the first reading, by numbers that count from `first`
};

/// Makes the shingles of a record again by reading its bytes again, where they were not kept and stand in no index.
///
/// A file must not change meanwhile: a record that is no longer there throws SourceError.
class RecordShingles final : public ShingleSource {
 public:
  RecordShingles(std::vector<RecordPart> parts, TextField field, ShingleOptions shingles);

  std::unique_ptr<Reader> reader() const override;
  std::span<const std::uint64_t> held(std::uint32_t record) const override;

 private:
  class FileReader;
  std::size_t part_of(std::uint32_t record) const;

  std::vector<RecordPart> parts_;  // by increasing `first`
  TextField field_;
  ShingleOptions shingles_;
};

}  // namespace tunegate
