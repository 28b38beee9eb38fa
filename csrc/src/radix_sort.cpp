#include "radix_sort.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <utility>

namespace tunegate {
namespace {

constexpr unsigned kMostDigitBits = 11;  // 2,048 places to write to: more would leave the first cache

/// One pass: orders by the bits from `shift` that `mask` keeps.
void sort_by_digit(const std::vector<std::uint64_t>& from, std::vector<std::uint64_t>& to, unsigned shift,
                   std::uint64_t mask) {
  std::array<std::size_t, std::size_t{1} << kMostDigitBits> starts{};
  for (const std::uint64_t value : from) ++starts[(value >> shift) & mask];
  std::size_t next = 0;
  for (std::size_t digit = 0; digit <= mask; ++digit) next += std::exchange(starts[digit], next);
  for (const std::uint64_t value : from) to[starts[(value >> shift) & mask]++] = value;
}

}  // namespace

void radix_sort(std::vector<std::uint64_t>& values, std::vector<std::uint64_t>& spare, BitRange bits) {
  spare.resize(values.size());
  const unsigned passes = (bits.end - bits.begin + kMostDigitBits - 1) / kMostDigitBits;
  for (unsigned left = passes; left > 0; --left) {
    const unsigned width = (bits.end - bits.begin + left - 1) / left;
    sort_by_digit(values, spare, bits.begin, (std::uint64_t{1} << width) - 1);
    values.swap(spare);
    bits.begin += width;
  }
}

}  // namespace tunegate
