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
/// What star_clusters() walks over beside the matches.
struct ClusterOptions {
  PrefixJoin* crowded = nullptr;              // a join over some records, whose matches are not given
  std::span<const std::uint8_t> is_crowded;   // one byte a record, when there is one
  std::uint32_t first_new = 0;                // records below are old: they are kept, or were removed
  std::span<const std::uint8_t> removed_old;  // one byte for each of them, not 0 when it was removed; empty: none was
};

/// order: all records, each once, best keeper first. matches: pairs that meet the threshold, any order. An old record
/// is not looked up: it is a keeper, or, when it was removed, neither that nor a member (its keeper is kNoKeeper).
/// O(records + matches) and what the join costs. The answer depends on `order`, not on that of matches.
std::vector<Membership> star_clusters(std::span<const std::uint32_t> order, std::span<const Match> matches,
                                      const ClusterOptions& options = {});

inline constexpr std::uint32_t kNoKeeper = ~std::uint32_t{0};

/// Connected components: the smallest record of its component for each of `records` records.
/// Union-find with path halving and union by size. O(records + pairs), nearly.
std::vector<std::uint32_t> connected_components(std::uint32_t records, std::span<const Match> matches);

}  // namespace tunegate
