#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>

namespace tunegate {

enum class Compression { kNone, kGzip, kZstd };

/// A file that cannot be read on: the system's reason, or damage in a compressed stream.
class SourceError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// A compressed stream that ends before its end mark. All bytes before were delivered.
class CutShort : public SourceError {
 public:
  using SourceError::SourceError;
};

/// A stream of bytes, decompressed.
class ByteSource {
 public:
  virtual ~ByteSource() = default;
  /// Reads up to `size` bytes; 0 only at the end. Throws SourceError, CutShort.
  virtual std::size_t read(char* out, std::size_t size) = 0;
  /// Bytes of the file consumed so far, compressed ones where it is.
  virtual std::uint64_t consumed() const = 0;
};

/// Opens `path`; several gzip members or zstd frames in a row are one stream. `begin` and `end` cut a stretch out of a
/// file that is not compressed. Throws SourceError.
std::unique_ptr<ByteSource> open_source(const std::string& path, Compression compression, std::uint64_t begin = 0,
                                        std::uint64_t end = ~std::uint64_t{0});

/// Writes the decompressed bytes of `path` to `out`. Throws SourceError, CutShort with the line the stream ends in.
void spool(const std::string& path, Compression compression, const std::string& out);

/// The decompressed bytes [offset, offset + length) of `path`, fewer when it ends before. Throws SourceError.
std::string read_stretch(const std::string& path, Compression compression, std::uint64_t offset, std::size_t length);

}  // namespace tunegate
