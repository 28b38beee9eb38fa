#pragma once
#include <cstdint>
#include <vector>

namespace tunegate {

/// Bits of a number, from `begin` to before `end`; at most 64.
struct BitRange {
  unsigned begin = 0;
  unsigned end = 0;
};

/// Sorts by some bits of each value; values that agree in them keep their order. O(values), a pass over them for
/// every 11 bits. `spare` is memory to work in, of any size; it takes what it needs and holds nothing of use after.
void radix_sort(std::vector<std::uint64_t>& values, std::vector<std::uint64_t>& spare, BitRange bits);

}  // namespace tunegate
