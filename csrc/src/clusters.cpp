#include "tunegate/clusters.hpp"

#include <algorithm>
#include <numeric>
#include <optional>
#include <utility>

namespace tunegate {
namespace {

/// The matches of each record with those before it in `order`.
class EarlierMatches {
 public:
  EarlierMatches(std::span<const std::uint32_t> order, std::span<const Match> matches)
      : turns_(order.size()), begins_(order.size() + 1), numbers_(matches.size()), matches_(matches) {
    for (std::uint32_t turn = 0; turn < order.size(); ++turn) turns_[order[turn]] = turn;
    for (const Match& match : matches) ++begins_[later(match) + 1];
    std::partial_sum(begins_.begin(), begins_.end(), begins_.begin());
    std::vector<std::size_t> next = begins_;
    for (std::size_t i = 0; i < matches.size(); ++i) numbers_[next[later(matches[i])]++] = i;
  }

  std::uint32_t turn(std::uint32_t record) const { return turns_[record]; }

  /// Calls visit(other record, overlap).
  template <class Visit>
  void for_each(std::uint32_t record, Visit visit) const {
    for (std::size_t i = begins_[record]; i < begins_[record + 1]; ++i) {
      const Match& match = matches_[numbers_[i]];
      visit(match.a == record ? match.b : match.a, match.overlap);
    }
  }

 private:
  std::uint32_t later(const Match& match) const { return turns_[match.a] > turns_[match.b] ? match.a : match.b; }

  std::vector<std::uint32_t> turns_;  // by record
  std::vector<std::size_t> begins_, numbers_;
  std::span<const Match> matches_;
};

/// More similar, or as similar and earlier.
bool is_better(const Membership& offered, const Membership& best, const EarlierMatches& earlier) {
  if (is_less(best.overlap, offered.overlap)) return true;
  return !is_less(offered.overlap, best.overlap) && earlier.turn(offered.keeper) < earlier.turn(best.keeper);
}

class UnionFind {
 public:
  explicit UnionFind(std::uint32_t count) : parents_(count), sizes_(count, 1) {
    std::iota(parents_.begin(), parents_.end(), 0U);
  }

  std::uint32_t root(std::uint32_t i) {
    while (parents_[i] != i) i = parents_[i] = parents_[parents_[i]];
    return i;
  }

  void unite(std::uint32_t a, std::uint32_t b) {
    a = root(a);
    b = root(b);
    if (a == b) return;
    if (sizes_[a] < sizes_[b]) std::swap(a, b);
    parents_[b] = a;
    sizes_[a] += sizes_[b];
  }

 private:
  std::vector<std::uint32_t> parents_, sizes_;
};

}  // namespace

std::vector<Membership> star_clusters(std::span<const std::uint32_t> order, std::span<const Match> matches,
                                      const ClusterOptions& options) {
  const EarlierMatches earlier(order, matches);
  std::vector<Membership> members(order.size());
  for (const std::uint32_t record : order) {
    const bool is_joined = options.crowded != nullptr && options.is_crowded[record] != 0;
    const bool is_old = record < options.first_new;
    std::optional<Membership> best;
    const auto offer = [&](std::uint32_t keeper, Overlap overlap) {
      const Membership offered{keeper, overlap};
      if (!best || is_better(offered, *best, earlier)) best = offered;
    };
    if (is_old && !options.removed_old.empty() && options.removed_old[record] != 0) best = Membership{kNoKeeper, {}};
    if (!is_old) {
      earlier.for_each(record, [&](std::uint32_t other, Overlap overlap) {
        if (members[other].keeper == other) offer(other, overlap);
      });
    }
    if (!is_old && is_joined) {
      if (const auto match = options.crowded->best_added(record)) offer(match->a, match->overlap);
    }
    members[record] = best.value_or(Membership{record, {}});
    if (is_joined && !best) options.crowded->add(record);
  }
  return members;
}

std::vector<std::uint32_t> connected_components(std::uint32_t records, std::span<const Match> matches) {
  UnionFind components(records);
  for (const Match& match : matches) components.unite(match.a, match.b);
  std::vector<std::uint32_t> smallest(records, records);  // by root
  std::vector<std::uint32_t> labels(records);
  for (std::uint32_t record = 0; record < records; ++record) {
    auto& label = smallest[components.root(record)];
    label = std::min(label, record);
    labels[record] = label;
  }
  return labels;
}

}  // namespace tunegate
