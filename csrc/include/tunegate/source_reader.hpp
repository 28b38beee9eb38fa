#pragma once
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tunegate/byte_buffer.hpp"
#include "tunegate/byte_source.hpp"
#include "tunegate/record_parser.hpp"
#include "tunegate/record_sink.hpp"
#include "tunegate/splitter.hpp"

namespace tunegate {

/// How to read one source.
struct ReadOptions {
  std::string path;
  Compression compression = Compression::kNone;
  bool lines = false;  // one value a line whatever the first byte, as .jsonl promises
  FieldNames fields;
  std::int64_t first_record_id = 0;
  std::size_t threads = 1;
  std::size_t max_record_bytes = std::size_t{64} << 20;
  std::size_t block_bytes = std::size_t{4} << 20;
  std::optional<SimdLevel> scan = simd_level();  // as RecordParser has it
  // A stretch of a plain file that holds whole lines, for readers side by side; lines then count from its start.
  std::uint64_t begin = 0;
  std::uint64_t end = ~std::uint64_t{0};
};

/// Reads a source from start to end, once, into sinks: one for each stretch of it, in reading order.
///
/// The calling thread reads and splits, `threads` threads parse; the sinks do not depend on how many
/// they are, nor, joined, on block_bytes. Memory: threads x (block_bytes or the longest record) for the
/// bytes, and the sinks. A record that cannot be read is a row with its reason; a
/// longer one than max_record_bytes is hashed and skipped. A list that breaks is read up to the break,
/// and the rest of the source is one unreadable record. Throws SourceError when the file cannot be read
/// on, and says how far it came.
class SourceReader {
 public:
  SourceReader(ReadOptions options, SinkFactory make_sink);
  ~SourceReader();

  /// The filled sink of the next stretch, or null at the end.
  std::unique_ptr<RecordSink> next();

  /// Bytes of the file consumed so far, for a progress bar.
  std::uint64_t consumed() const { return source_->consumed(); }
  /// Whether every record stands on a line of its own. Known after the first next().
  bool is_lines() const { return is_lines_; }
  /// Line breaks seen so far.
  std::uint64_t line_breaks() const { return splitter_ ? splitter_->line() - 1 : 0; }
  std::int64_t records() const { return next_record_id_ - options_.first_record_id; }

 private:
  struct Block;
  struct Oversize;

  void open_container();
  bool read_more();
  void drop_oversize();
  void end_oversize();
  ByteBuffer take_spare();
  std::optional<Block> next_block();
  void parse_round();
  void deliver(std::vector<Block>& blocks);
  void give_up_list(std::vector<Block>& blocks, std::size_t broken);

  ReadOptions options_;
  SinkFactory make_sink_;
  std::unique_ptr<ByteSource> source_;
  std::unique_ptr<Splitter> splitter_;
  bool is_list_ = false;
  bool is_lines_ = false;
  bool ended_ = false;
  std::uint64_t cut_at_line_ = 0;  // where a compressed stream broke off; told after all before it
  ByteBuffer buffer_;              // bytes not yet in a block
  std::vector<ByteBuffer> spare_;
  std::uint64_t buffer_offset_ = 0;
  std::vector<RecordSpan> spans_;  // complete records in the buffer
  std::unique_ptr<Oversize> oversize_;
  bool holds_all_ = false;  // a list may break in a block not parsed yet, and claim all bytes behind
  std::int64_t next_record_id_;
  std::vector<RecordParser> parsers_;
  std::deque<std::unique_ptr<RecordSink>> ready_;
};

}  // namespace tunegate
