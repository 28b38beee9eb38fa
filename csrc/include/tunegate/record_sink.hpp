#pragma once
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string_view>

#include "tunegate/record_parser.hpp"

namespace tunegate {

/// Where a record was found.
struct RecordPlace {
  std::int64_t record_id;
  std::int64_t line;
  std::int64_t byte_offset;
  std::int64_t byte_length;
};

/// What the records of one stretch of a source are turned into. Filled by one thread.
class RecordSink {
 public:
  virtual ~RecordSink() = default;

  /// Takes the record `raw`, parsed by `parser`; or returns why it is unreadable and takes nothing:
  /// add_unreadable() follows, unless the record breaks the list it stands in.
  virtual std::optional<Unreadable> add(const RecordPlace& place, std::string_view raw, RecordParser& parser) = 0;

  /// Takes a record that cannot be read. `fingerprint` is that of its bytes.
  virtual void add_unreadable(const RecordPlace& place, std::string_view fingerprint, std::string_view reason) = 0;
};

/// Makes the sink of a stretch of `bytes` bytes. Called by the threads that fill them.
using SinkFactory = std::function<std::unique_ptr<RecordSink>(std::size_t bytes)>;

}  // namespace tunegate
