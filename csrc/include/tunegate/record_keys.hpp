#pragma once
#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "tunegate/crowd_watch.hpp"
#include "tunegate/hash_arena.hpp"
#include "tunegate/lsh.hpp"
#include "tunegate/minhash.hpp"
#include "tunegate/record_sink.hpp"
#include "tunegate/sample_text.hpp"
#include "tunegate/shingle.hpp"

namespace tunegate {

/// What the keys of a record depend on; keys made with other settings cannot be compared.
struct KeySettings {
  TextField field = TextField::kPair;
  ShingleOptions shingles;
  Banding banding;
  std::uint64_t seed = 0;
  bool operator==(const KeySettings&) const = default;
};

/// A set of shingles as 256 bits: each sets one. Two sets differ in at least as many shingles as their bits do.
using ShingleBits = std::array<std::uint64_t, 4>;

/// What is kept of a record: where it stands and what its text is like. The text itself is not kept.
struct RecordKey {
  std::uint64_t offset = 0;     // decompressed bytes
  std::uint64_t text_hash = 0;  // Shingler::text_hash(); 0: no text to compare
  std::uint32_t length = 0;
  std::uint32_t line = 0;
  std::uint32_t shingles = 0;  // repeats included
  std::uint32_t source = 0;    // the number of its source in an index; 0 elsewhere
  std::uint64_t besides = 0;   // besides_hash()
  bool operator==(const RecordKey&) const = default;
};
static_assert(sizeof(RecordKey) == 40, "stands in files as it is");

/// The shingles of a record in memory.
struct HeldSet {
  std::uint32_t record = 0;
  std::span<const std::uint64_t> hashes;
};

/// The keys of records in reading order, 72 + 4 * bands bytes each.
class RecordKeys {
 public:
  virtual ~RecordKeys() = default;
  virtual std::span<const RecordKey> records() const = 0;
  virtual std::span<const ShingleBits> bits() const = 0;
  /// The band keys of all records; `first` counts from the first record of these keys.
  virtual std::span<const KeyStretch> stretches() const = 0;
  /// The numbers of the records that cannot be read, in increasing order; they have no text.
  virtual std::span<const std::uint32_t> unreadable() const = 0;
  /// The sets that were kept when they were read first, by increasing record.
  virtual std::span<const HeldSet> held() const { return {}; }
};

/// Takes the keys of one stretch of a source. With a banding of 0 bands only the places, hashes and bits. While
/// `room` has some, the shingles of records in crowds are kept there.
class KeySink final : public RecordSink {
 public:
  KeySink(const KeySettings& settings, const MinHasher* hasher, std::size_t bytes, HashArena* room = nullptr);

  std::optional<Unreadable> add(const RecordPlace& place, std::string_view raw, RecordParser& parser) override;
  void add_unreadable(const RecordPlace& place, std::string_view fingerprint, std::string_view reason) override;

  /// The first fault found, for a message.
  std::string_view reason() const { return reason_; }

 private:
  friend class HeapKeys;
  void add_key(const RecordPlace& place);
  void add_text(const Sample& sample);
  void widen();

  KeySettings settings_;
  const MinHasher* hasher_;
  Shingler shingler_;
  std::vector<RecordKey> records_;
  std::vector<ShingleBits> bits_;
  std::unique_ptr<std::uint32_t[]> keys_;  // band after band, each `stride_` wide
  std::size_t stride_;
  std::vector<std::uint32_t> unreadable_;
  std::vector<std::uint32_t> row_;
  HashArena* room_;
  CrowdWatch watch_;
  std::vector<HeldSet> held_;
  std::string reason_;
};

/// Keys held in memory: sinks put one after the other.
class HeapKeys final : public RecordKeys {
 public:
  void append(KeySink& sink);

  std::span<const RecordKey> records() const override { return records_; }
  std::span<const ShingleBits> bits() const override { return bits_; }
  std::span<const KeyStretch> stretches() const override { return stretches_; }
  std::span<const std::uint32_t> unreadable() const override { return unreadable_; }
  std::span<const HeldSet> held() const override { return held_; }

 private:
  std::vector<RecordKey> records_;
  std::vector<ShingleBits> bits_;
  std::vector<std::unique_ptr<std::uint32_t[]>> keys_;
  std::vector<KeyStretch> stretches_;
  std::vector<std::uint32_t> unreadable_;
  std::vector<HeldSet> held_;
};

/// Sets the bits of the shingles.
ShingleBits shingle_bits(std::span<const std::uint64_t> shingles);

}  // namespace tunegate
