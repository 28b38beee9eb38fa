#include "tunegate/merge_table.hpp"

#include <bit>

namespace tunegate {

MergeTable::MergeTable(std::span<const BpeMerge> merges) {
  const std::size_t size = std::bit_ceil(2 * merges.size() + 2);
  shift_ = 64 - static_cast<unsigned>(std::countr_zero(size));
  mask_ = size - 1;
  slots_.assign(size, kFree);
  results_.reserve(merges.size());
  for (const BpeMerge& merge : merges) {
    const std::uint64_t key = key_of(merge.left, merge.right);
    std::size_t at = first_slot(key);
    while (slots_[at] != kFree && (slots_[at] ^ key) >> kRankBits != 0) at = (at + 1) & mask_;
    slots_[at] = key | results_.size();
    results_.push_back(merge.result);
  }
}

}  // namespace tunegate
