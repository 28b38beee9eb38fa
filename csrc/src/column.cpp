#include "tunegate/column.hpp"

#include <array>
#include <bit>
#include <mutex>
#include <new>
#include <vector>

namespace tunegate {
namespace {

constexpr std::size_t kSmallest = std::size_t{1} << 12;
constexpr std::align_val_t kAlignment{64};

#if defined(__SANITIZE_ADDRESS__)
constexpr std::size_t kMostKept = 0;  // so that a use after the end is seen
#else
constexpr std::size_t kMostKept = std::size_t{64} << 20;
#endif

/// Free blocks by the power of two that is their size.
class Pool {
 public:
  char* take(std::size_t bytes) {
    const std::lock_guard lock(mutex_);
    auto& blocks = free_[static_cast<std::size_t>(std::countr_zero(bytes))];
    if (blocks.empty()) return nullptr;
    char* block = blocks.back();
    blocks.pop_back();
    kept_ -= bytes;
    return block;
  }

  bool keep(char* block, std::size_t bytes) noexcept {
    const std::lock_guard lock(mutex_);
    if (kept_ + bytes > kMostKept) return false;
    try {
      free_[static_cast<std::size_t>(std::countr_zero(bytes))].push_back(block);
    } catch (const std::bad_alloc&) {
      return false;
    }
    kept_ += bytes;
    return true;
  }

 private:
  std::mutex mutex_;
  std::array<std::vector<char*>, 64> free_;
  std::size_t kept_ = 0;
};

Pool& pool() {
  static Pool& all = *new Pool();  // columns may outlive all destructors
  return all;
}

}  // namespace

ColumnMemory::ColumnMemory(std::size_t bytes) : bytes_(std::bit_ceil(std::max(bytes, kSmallest))) {
  data_ = pool().take(bytes_);
  if (data_ == nullptr) data_ = static_cast<char*>(::operator new(bytes_, kAlignment));
}

ColumnMemory::~ColumnMemory() {
  if (data_ != nullptr && !pool().keep(data_, bytes_)) ::operator delete(data_, kAlignment);
}

}  // namespace tunegate
