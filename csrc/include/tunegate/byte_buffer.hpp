#pragma once
#include <algorithm>
#include <cstring>
#include <memory>
#include <string_view>

namespace tunegate {

/// Bytes that grow at the end and go at the front, without the zero fill of std::string::resize.
class ByteBuffer {
 public:
  std::string_view view() const { return {bytes_.get(), size_}; }
  std::size_t size() const { return size_; }

  /// Room for `more` bytes behind the last; grow() then takes in those that were written.
  char* room(std::size_t more) {
    if (capacity_ - size_ < more) reallocate(std::max(size_ + more, 2 * capacity_));
    return bytes_.get() + size_;
  }
  void grow(std::size_t more) { size_ += more; }

  void append(std::string_view more) {
    if (more.empty()) return;
    std::memcpy(room(more.size()), more.data(), more.size());
    size_ += more.size();
  }
  void drop_front(std::size_t count) {
    size_ -= count;
    if (size_ > 0) std::memmove(bytes_.get(), bytes_.get() + count, size_);
  }
  void truncate(std::size_t size) { size_ = size; }
  void clear() { size_ = 0; }

 private:
  void reallocate(std::size_t capacity) {
    auto larger = std::make_unique_for_overwrite<char[]>(capacity);
    if (size_ > 0) std::memcpy(larger.get(), bytes_.get(), size_);
    bytes_ = std::move(larger);
    capacity_ = capacity;
  }

  std::unique_ptr<char[]> bytes_;
  std::size_t size_ = 0;
  std::size_t capacity_ = 0;
};

}  // namespace tunegate
