#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "tunegate/key_file.hpp"
#include "tunegate/near_duplicates.hpp"
#include "tunegate/source_reader.hpp"

namespace tunegate {

struct FileState;

/// What a run compares by.
struct DedupOptions {
  TextField field = TextField::kPair;
  ShingleOptions shingles;
  Threshold threshold;
  double recall = 0.9999;
  JoinMode mode = JoinMode::kMinHash;
  std::uint64_t seed = 1;
  std::size_t threads = 1;
  bool by_besides = false;  // see JoinOptions
};

/// A plain file of a run, or the records of an index.
struct DedupSource {
  std::string name;  // in messages and outputs
  std::string path;
  bool is_lines = false;         // its records can be copied as they stand
  std::uint32_t first_line = 0;  // added to the lines of its keys
  std::uint32_t first = 0;
  std::uint32_t records = 0;
  std::uint64_t bytes = 0;
  std::uint64_t lines = 0;  // line breaks in it
  std::string fault;        // why its first unreadable record is so; empty without one
  bool is_in_index = false;
};

/// A new record that holds an item of a benchmark.
struct Contaminated {
  std::uint32_t record = 0;
  std::uint32_t item_source = 0;  // number of a name given to exclude()
  std::uint64_t item_line = 0;
  double containment = 0;
  double similarity = 0;
};

/// One search for near-duplicates: sources are read one after the other, then find() compares all records.
///
/// Records are numbered in the order of reading. Old records, those of an index or of sources to compare against, must
/// be read before new ones. Memory: RecordKeys and 14 bytes a record; of the texts nothing is kept.
class DedupRun {
 public:
  /// Throws std::invalid_argument for a threshold or recall that no banding meets.
  explicit DedupRun(DedupOptions options);
  ~DedupRun();

  Banding banding() const { return settings_.banding; }
  const KeySettings& settings() const { return settings_; }

  /// Takes the records of an index as old ones. Throws KeyFileError, SourceError.
  void open_index(const std::string& path);
  /// Takes keys that a stage has written for a stretch of a plain file of lines; stretches of one file, named alike,
  /// come one after the other.
  void open_keys(const std::string& keys, const std::string& name, const std::string& path);

  /// Begins a plain file; read_more() then reads a part of it and is false at its end. Throws SourceError.
  void open_source(const std::string& name, ReadOptions options);
  bool read_more();
  std::uint64_t consumed() const { return reader_ ? reader_->consumed() : 0; }

  /// All records read so far are old.
  void end_old() { first_new_ = records(); }

  std::uint32_t records() const;
  std::uint32_t first_new() const { return first_new_; }
  const std::vector<DedupSource>& sources() const { return sources_; }
  const DedupSource& source_of(std::uint32_t record) const;
  const RecordKey& key(std::uint32_t record) const;
  /// The physical line on which a record starts.
  std::uint64_t line(std::uint32_t record) const {
    return std::uint64_t{key(record).line} + source_of(record).first_line;
  }
  std::vector<std::uint32_t> unreadable() const;

  /// The new records by how many shingles they have, most first, of equals the first read: an order for find().
  std::vector<std::uint32_t> longest_first() const;

  /// Sets records aside before find(): they are removed whatever they are like. By increasing record.
  void exclude(std::vector<std::string> item_sources, std::vector<Contaminated> records);
  std::span<const Contaminated> excluded() const { return excluded_; }
  const std::string& item_source(std::uint32_t number) const { return item_sources_[number]; }

  /// order: all new records, best keeper first; empty for the order of reading. Old records come before them.
  void find(PairScope scope, std::span<const std::uint32_t> order = {});
  const NearDuplicates& found() const { return *found_; }

  /// How alike the two records of each pair are by another field. Only while every source is a file.
  std::vector<Overlap> compare(std::span<const RecordPair> pairs, TextField field) const;

  /// Throws SourceError when a file is not what it was when it was opened. To be called when everything is written.
  void require_unchanged() const;

  /// The new sources whose records are those of a source of the index, in order, each with the name it has there.
  std::vector<std::pair<std::string, std::string>> known_again() const;

  /// Writes an index of the records of the index that was opened and of the new ones, and which of them were kept.
  /// Throws SourceError.
  void write_index(const std::string& path) const;
  /// Writes the keys alone, for open_keys() of a later run. Throws SourceError.
  void write_keys(const std::string& path) const;

 private:
  static constexpr std::size_t kCrowdHashes = std::size_t{1} << 22;  // 32 MiB

  void add_part(std::unique_ptr<RecordKeys> keys, std::vector<DedupSource> sources);
  std::vector<RecordPart> parts(TextField field) const;
  std::string path_of(std::size_t part) const;
  bool is_indexed(std::size_t part) const;
  std::vector<std::uint8_t> removed_old() const;
  std::vector<std::uint8_t> kept() const;
  std::uint64_t digest(const DedupSource& source) const;
  KeyFileContent content() const;
  std::vector<std::uint32_t> full_order(std::span<const std::uint32_t> order) const;

  DedupOptions options_;
  KeySettings settings_;
  std::unique_ptr<MinHasher> hasher_;
  HashArena crowd_room_{kCrowdHashes};
  std::unique_ptr<SourceReader> reader_;
  std::vector<DedupSource> sources_;
  std::vector<std::unique_ptr<RecordKeys>> keys_;
  std::vector<std::size_t> first_sources_;  // of each of keys_, its first source
  std::vector<std::uint32_t> firsts_;       // of each of keys_, its first record
  std::vector<FileState> states_;           // of each of keys_, its file
  std::unique_ptr<RecordShingles> texts_;
  std::unique_ptr<NearDuplicates> found_;
  const MappedKeys* index_ = nullptr;
  std::vector<std::uint8_t> removed_old_;
  std::uint32_t first_new_ = 0;
  std::vector<std::string> item_sources_;
  std::vector<Contaminated> excluded_;
};

}  // namespace tunegate
