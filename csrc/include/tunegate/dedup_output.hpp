#pragma once
#include <cstdint>
#include <string>

#include "tunegate/dedup_run.hpp"

namespace tunegate {

/// How many records went where.
struct DedupFunnel {
  std::uint64_t records = 0;       // new ones, all of them
  std::uint64_t kept = 0;          // the unreadable ones among them
  std::uint64_t removed = 0;       // near-duplicates of a record that is kept or old
  std::uint64_t contaminated = 0;  // removed because they hold an item of a benchmark
  std::uint64_t unreadable = 0;
};

DedupFunnel count_funnel(const DedupRun& run);

/// Writes the new records to `kept`, or to `removed` (empty: nowhere) when they have a keeper or were excluded, in the
/// order of reading.
///
/// A record of a file with one record a line is copied byte for byte, any other as its JSON without white space; each
/// ends with a line break. `why` (empty: nowhere) gets one line of JSON for each removed record: source, line, keeper
/// {source, line}, similarity; of an excluded one source, line, item {source, line}, containment, similarity. Throws
/// SourceError when a file cannot be read or written on, or when an unreadable record stands in a file whose records
/// are not lines.
void write_records(const DedupRun& run, const std::string& kept, const std::string& removed, const std::string& why);

/// Writes every pair that meets the threshold and has a new record, copies included, one line of JSON each:
/// {"a": {"source", "line"}, "b": {"source", "line"}, "similarity"}, a read before b, sorted by a, then b where records
/// stand for themselves, then by the copies of both. Returns their number. The run must have found all pairs.
std::uint64_t write_pairs(const DedupRun& run, const std::string& path);

}  // namespace tunegate
