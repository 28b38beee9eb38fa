#pragma once
#include <sys/mman.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>

namespace tunegate {

/// A large array of zeros that takes memory only where it is touched, in pages of 2 MiB where the system has them: five
/// hundred times fewer faults, and fewer misses of the address cache when it is read at random.
template <class T>
class PageArray {
 public:
  /// T: one of whose values zero bytes are, and whose destructor does nothing. Throws std::bad_alloc.
  explicit PageArray(std::size_t size) : memory_(map(size * sizeof(T))), size_(size) {}

  T* data() const { return reinterpret_cast<T*>(memory_.get()); }
  T& operator[](std::size_t at) const { return data()[at]; }
  std::size_t size() const { return size_; }

 private:
  static constexpr std::size_t kHugePage = std::size_t{1} << 21;

  struct Unmap {
    void* begin;
    std::size_t bytes;
    void operator()(std::byte*) const { munmap(begin, bytes); }
  };
  using Memory = std::unique_ptr<std::byte, Unmap>;

  /// Begins where a huge page can begin, when it is as large as one.
  static Memory map(std::size_t bytes) {
    const std::size_t spare = bytes < kHugePage ? 1 : kHugePage;
    void* const begin = mmap(nullptr, bytes + spare, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANON, -1, 0);
    if (begin == MAP_FAILED) throw std::bad_alloc();
    auto* at = static_cast<std::byte*>(begin);
    if (spare == kHugePage) at += (kHugePage - reinterpret_cast<std::uintptr_t>(begin) % kHugePage) % kHugePage;
#if defined(MADV_HUGEPAGE)
    if (spare == kHugePage) madvise(at, bytes, MADV_HUGEPAGE);  // advice only: without it the array is slower
#endif
    return Memory(at, Unmap{begin, bytes + spare});
  }

  Memory memory_;
  std::size_t size_;
};

}  // namespace tunegate
