#include <algorithm>

#include "bpe_merge.hpp"

namespace tunegate {
namespace {

/// The place of the lowest rank, the first of equal ones; `count` is at least 1.
std::size_t find_lowest(const std::uint32_t* ranks, std::size_t count) {
  std::uint64_t lowest = std::uint64_t{ranks[0]} << 32;
  for (std::size_t i = 1; i < count; ++i) lowest = std::min(lowest, std::uint64_t{ranks[i]} << 32 | i);
  return static_cast<std::size_t>(static_cast<std::uint32_t>(lowest));
}

void remove_at(std::uint32_t* values, std::size_t at, std::size_t count) {
  for (std::size_t i = at + 1; i < count; ++i) values[i - 1] = values[i];
}

}  // namespace

std::size_t merge_short(const MergeTable& merges, std::uint32_t* ids, std::uint32_t* ranks, std::size_t count) {
  while (count > 1) {
    const std::size_t at = find_lowest(ranks, count - 1);
    if (ranks[at] == MergeTable::kNoRank) break;
    const std::uint32_t merged = merges.result(ranks[at]);
    if (at > 0) merges.prefetch(ids[at - 1], merged);
    if (at + 2 < count) merges.prefetch(merged, ids[at + 2]);
    ids[at] = merged;
    remove_at(ids, at + 1, count);
    remove_at(ranks, at, count - 1);
    --count;
    if (at > 0) ranks[at - 1] = merges.rank(ids[at - 1], ids[at]);
    if (at + 1 < count) ranks[at] = merges.rank(ids[at], ids[at + 1]);
  }
  return count;
}

}  // namespace tunegate
