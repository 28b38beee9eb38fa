#pragma once
#include <sys/stat.h>

#include <cstdint>
#include <string>

namespace tunegate {

/// What changes when a file is written to or replaced; all zero for one that is not there.
struct FileState {
  std::uint64_t device = 0, inode = 0;
  std::int64_t bytes = 0, modified_s = 0, modified_ns = 0, changed_s = 0, changed_ns = 0;
  bool operator==(const FileState&) const = default;
};

inline FileState file_state(const std::string& path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) return {};
  return {status.st_dev,          status.st_ino,         status.st_size,        status.st_mtim.tv_sec,
          status.st_mtim.tv_nsec, status.st_ctim.tv_sec, status.st_ctim.tv_nsec};
}

}  // namespace tunegate
