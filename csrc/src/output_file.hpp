#pragma once
#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>
#include <string_view>

#include "tunegate/byte_source.hpp"

namespace tunegate {

/// A file written from start to end through a buffer. Throws SourceError, with the path, when that fails.
class OutputFile {
 public:
  explicit OutputFile(std::string path) : path_(std::move(path)) {
    if (path_.empty()) return;
    descriptor_ = ::open(path_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (descriptor_ < 0) fail();
  }
  ~OutputFile() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }
  OutputFile(const OutputFile&) = delete;
  OutputFile& operator=(const OutputFile&) = delete;

  bool is_open() const { return descriptor_ >= 0; }

  void add(std::string_view bytes) {
    if (!is_open()) return;
    buffer_ += bytes;
    if (buffer_.size() >= kBuffer) flush();
  }

  /// Must be called at the end: only then are all bytes written.
  void flush() {
    std::string_view left = buffer_;
    while (!left.empty()) {
      const ssize_t done = ::write(descriptor_, left.data(), left.size());
      if (done < 0 && errno == EINTR) continue;
      if (done < 0) fail();
      left.remove_prefix(static_cast<std::size_t>(done));
    }
    buffer_.clear();
  }

 private:
  static constexpr std::size_t kBuffer = 1 << 18;

  [[noreturn]] void fail() const { throw SourceError(path_ + ": " + std::strerror(errno)); }

  std::string path_, buffer_;
  int descriptor_ = -1;
};

}  // namespace tunegate
