#pragma once
#include <cstdint>
#include <memory>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

#include "tunegate/prefix_join.hpp"
#include "tunegate/record_keys.hpp"

namespace tunegate {

struct KeyFileHeader;

/// A key file that cannot be used: damaged, of another version, or made with other settings. The text says which.
class KeyFileError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// A source whose records stand in a key file: its name in messages, and how large it was.
struct KeySource {
  std::string name;
  std::uint64_t bytes = 0;
  std::uint64_t lines = 0;  // line breaks in it
  std::uint32_t records = 0;
};

/// Consecutive records, and what is added to the numbers of their sources and lines.
struct KeyPart {
  const RecordKeys* keys = nullptr;
  std::uint32_t first_source = 0;
  std::uint32_t first_line = 0;
  std::uint32_t first = 0;  // number by which `sets` knows the first of them
};

/// What a key file holds. With `sets`, texts are needed no more: it is an index that later runs compare with.
struct KeyFileContent {
  KeySettings settings;
  Threshold threshold;  // by which records were kept or removed
  std::vector<KeySource> sources;
  std::vector<KeyPart> parts;
  std::span<const std::uint8_t> kept;  // of an index: one byte a record, 0 for those that were removed
  const ShingleSource* sets = nullptr;
};

/// Writes a key file to `path`. The same content gives the same bytes. Throws SourceError when the disk is full.
///
/// Layout, little-endian, every section on a multiple of 64 bytes: a header of 256 bytes (magic, version, settings,
/// where each section begins and how long it is, XXH3-128 of the rest and of itself), then records, bits, band keys,
/// unreadable records, sources, kept, sets (sorted, without repeats), set ends. Names no time and no machine.
void write_key_file(const std::string& path, const KeyFileContent& content);

/// A key file mapped into memory: pages are read when they are looked at, and belong to the page cache.
///
/// Opening reads it once from end to end for the checksum. Throws KeyFileError for a file that is damaged or was
/// made with other settings, SourceError when it cannot be read.
class MappedKeys final : public RecordKeys {
 public:
  MappedKeys(const std::string& path, const KeySettings& expected);
  ~MappedKeys() override;
  MappedKeys(const MappedKeys&) = delete;
  MappedKeys& operator=(const MappedKeys&) = delete;

  std::span<const RecordKey> records() const override;
  std::span<const ShingleBits> bits() const override;
  std::span<const KeyStretch> stretches() const override { return {&stretch_, 1}; }
  std::span<const std::uint32_t> unreadable() const override;

  const std::vector<KeySource>& sources() const { return sources_; }
  Threshold threshold() const { return threshold_; }
  std::span<const std::uint8_t> kept() const;
  std::span<const std::uint64_t> set_ends() const;
  std::span<const std::uint64_t> sets() const;

 private:
  const KeyFileHeader& header() const;
  template <class T>
  std::span<const T> section(std::size_t number) const;
  void check(const KeySettings& expected) const;
  void check_layout() const;
  void check_content() const;
  void read_sources();
  void unmap();

  const char* bytes_ = nullptr;
  std::size_t size_ = 0;
  KeyStretch stretch_;
  Threshold threshold_;
  std::vector<KeySource> sources_;
};

}  // namespace tunegate
