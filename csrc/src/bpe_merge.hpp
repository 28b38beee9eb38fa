#pragma once
#include <cstddef>
#include <cstdint>

#include "tunegate/bpe.hpp"

namespace tunegate {

/// Merges the first `count` tokens of `ids` in place, a few only; returns how many are left. ranks[i] is that of the
/// tokens i and i + 1.
std::size_t merge_short(const MergeTable& merges, std::uint32_t* ids, std::uint32_t* ranks, std::size_t count);

/// The same for any number, those of scratch.ids, whose ranks it looks up.
std::size_t merge_long(const MergeTable& merges, BpeScratch& scratch, std::size_t count);

}  // namespace tunegate
