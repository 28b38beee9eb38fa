#pragma once
#include <cstdint>
#include <span>
#include <vector>

#include "tunegate/prefix_join.hpp"

namespace tunegate {

/// Where a record ended up: its keeper, itself when it is kept, and the overlap with it.
struct Membership {
  std::uint32_t keeper = 0;
  Overlap overlap;  // of a keeper with itself: {0, 0}
};

/// Star clusters: walks the records in keeper order; one that no keeper before it matches becomes a keeper, any
/// other a member of the most similar keeper before it, of several the earliest. Every member is thus within the
/// threshold of its keeper, and no keeper within it of another.
///
/// order: all records, each once, best keeper first. matches: pairs that meet the threshold, any order. crowded: a
/// join over some of the records whose matches among each other are not in `matches`, or null; `is_crowded` has one
/// byte a record, and two records below `first_new` are not looked up in the join. O(records + matches) and what the
/// join costs. The answer depends on `order`, not on that of matches.
std::vector<Membership> star_clusters(std::span<const std::uint32_t> order, std::span<const Match> matches,
                                      PrefixJoin* crowded = nullptr, std::span<const std::uint8_t> is_crowded = {},
                                      std::uint32_t first_new = 0);

/// Connected components: the smallest record of its component for each of `records` records.
/// Union-find with path halving and union by size. O(records + pairs), nearly.
std::vector<std::uint32_t> connected_components(std::uint32_t records, std::span<const Match> matches);

}  // namespace tunegate
