#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

namespace tunegate {

/// Where a record stands in a source: decompressed bytes [begin, end), and the 1-based line of its start.
struct RecordSpan {
  std::uint64_t begin;
  std::uint64_t end;
  std::uint64_t line;
  /// Set when the container is broken here: the span is unreadable for this reason, and it is the last.
  std::string_view broken = {};
};

/// Finds the records of one container in bytes that are fed in order. O(bytes), constant memory.
class Splitter {
 public:
  virtual ~Splitter() = default;
  /// Feeds the next bytes; complete records are appended to `spans`.
  virtual void feed(std::string_view bytes, std::vector<RecordSpan>& spans) = 0;
  /// The stream has ended: what is still open is appended.
  virtual void finish(std::vector<RecordSpan>& spans) = 0;
  /// Where the record begins that is not complete yet; the position itself when none is.
  virtual std::uint64_t open_since() const = 0;
  /// Line breaks seen so far, plus one.
  virtual std::uint64_t line() const = 0;
  /// Whether no record can follow: the container is broken, or a list has ended in one.
  virtual bool is_broken() const { return false; }
};

/// `start` is the offset of the first byte that will be fed (3 after a byte order mark).
std::unique_ptr<Splitter> split_lines(std::uint64_t start);    // one record a line, blank lines are none
std::unique_ptr<Splitter> split_array(std::uint64_t start);    // the elements of one JSON list
std::unique_ptr<Splitter> split_nothing(std::uint64_t start);  // all bytes are one record

/// How the records of a source without a telling name stand in it, from its first bytes (byte order mark
/// removed): a list, one object over several lines, or else one record a line. `head` must reach to the
/// second line that is not blank, unless the source ends before.
enum class Container { kLines, kArray, kWhole };
Container sniff_container(std::string_view head);

}  // namespace tunegate
