#pragma once
#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>

#include "tunegate/byte_source.hpp"

namespace tunegate {

/// A file opened for reading at any place.
class OpenFile {
 public:
  explicit OpenFile(const std::string& path) : path_(path), descriptor_(::open(path.c_str(), O_RDONLY | O_CLOEXEC)) {
    if (descriptor_ < 0) throw SourceError(path + ": " + std::strerror(errno));
  }
  ~OpenFile() { ::close(descriptor_); }
  OpenFile(const OpenFile&) = delete;
  OpenFile& operator=(const OpenFile&) = delete;

  void read(std::uint64_t offset, char* out, std::size_t size) const {
    while (size > 0) {
      const ssize_t got = ::pread(descriptor_, out, size, static_cast<off_t>(offset));
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) throw SourceError(path_ + ": " + std::strerror(errno));
      if (got == 0) throw SourceError(path_ + " changed while it was read; run again when it is written completely");
      out += got;
      offset += static_cast<std::uint64_t>(got);
      size -= static_cast<std::size_t>(got);
    }
  }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
  int descriptor_;
};

}  // namespace tunegate
