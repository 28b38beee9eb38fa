#include "tunegate/prefix_join.hpp"

#include <algorithm>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>

#include "added_records.hpp"
#include "chunk_queue.hpp"
#include "prefix_index.hpp"
#include "set_cache.hpp"

namespace tunegate {
namespace {

constexpr std::size_t kChunkRecords = 256;

using Places = std::span<const std::uint32_t>;

/// The part of an increasing list from `least` on.
Places tail(Places places, std::uint32_t least) {
  return places.subspan(
      static_cast<std::size_t>(std::lower_bound(places.begin(), places.end(), least) - places.begin()));
}

/// Finds the matches of records with later ones. One per thread.
class MatchFinder {
 public:
  MatchFinder(Places records, const PrefixIndex& index, const ShingleSource& source, Threshold threshold,
              const PairFilter& may_match)
      : records_(records), index_(index), sets_(source), threshold_(threshold), may_match_(may_match) {
    found_.resize(records.size());
  }

  /// Appends the matches of the record at `place` with those at `least` and later, in their order.
  void append_matches(std::uint32_t place, std::uint32_t least, std::vector<Match>& matches) {
    find_candidates(place, least);
    bool is_loaded = false;
    for (const std::uint32_t other : found_.sorted()) {
      if (!may_match_(records_[place], records_[other])) continue;
      if (!is_loaded) comparer_.load(sets_.shingles(records_[place]));
      is_loaded = true;
      const auto overlap = comparer_.match(sets_.shingles(records_[other]), threshold_);
      if (overlap) matches.push_back({records_[place], records_[other], *overlap});
    }
  }

 private:
  void find_candidates(std::uint32_t place, std::uint32_t least) {
    found_.clear();
    const std::size_t size = index_.sizes[place];
    for (const auto [group, is_behind] : index_.of_record(place)) {
      for (const std::uint32_t other : tail(index_.in_short_prefix(group), least)) {
        if (!is_behind || index_.sizes[other] < size) add_if_possible(size, other);
      }
      if (is_behind) continue;
      for (const std::uint32_t other : tail(index_.behind(group), least)) {
        if (size < index_.sizes[other]) add_if_possible(size, other);
      }
    }
  }

  void add_if_possible(std::size_t size, std::uint32_t other) {
    if (threshold_.is_possible(size, index_.sizes[other])) found_.add(other);
  }

  Places records_;
  const PrefixIndex& index_;
  SetCache sets_;
  SetComparer comparer_;
  Threshold threshold_;
  const PairFilter& may_match_;
  NumberSet found_;
};

/// A walk in keeper order: the records added, and the best of them for another. Looks at the most promising first: what
/// follows is seldom looked at, for it must be more similar than the best so far, or as similar and added earlier.
class KeeperWalk {
 public:
  KeeperWalk(Places records, const PrefixIndex& index, const ShingleSource& source, Threshold threshold,
             const PairFilter& may_match)
      : records_(records), added_(index), sets_(source), threshold_(threshold), may_match_(may_match) {
    looked_at_.resize(records.size());
  }

  void add(std::uint32_t place) { added_.add(place); }

  std::optional<Match> best(std::uint32_t place) {
    looked_at_.clear();
    best_.reset();
    is_loaded_ = false;
    for (const auto& offer : added_.offers(place, threshold_)) {
      if (best_ && is_less(offer.most, best_->overlap)) break;
      look_through(place, offer);
    }
    return best_;
  }

 private:
  void look_through(std::uint32_t place, const AddedRecords::Offer& offer) {
    for (std::uint32_t next = offer.first; next != AddedRecords::kNone; next = added_.link(next).next) {
      const std::uint32_t turn = added_.link(next).turn;
      if (!wins(turn, offer.most)) return;
      if (added_.place(turn) != place && looked_at_.add(turn)) look_at(place, turn);
    }
  }

  void look_at(std::uint32_t place, std::uint32_t turn) {
    const std::uint32_t record = records_[place], other = records_[added_.place(turn)];
    if (!may_match_(record, other)) return;
    if (!is_loaded_) comparer_.load(sets_.shingles(record));
    is_loaded_ = true;
    const auto least = best_ ? Threshold{best_->overlap.shared, best_->overlap.united} : threshold_;
    const auto overlap = comparer_.match(sets_.shingles(other), least);
    if (!overlap || !wins(turn, *overlap)) return;
    best_ = Match{other, record, *overlap};
    best_turn_ = turn;
  }

  bool wins(std::uint32_t turn, Overlap overlap) const {
    if (!best_ || is_less(best_->overlap, overlap)) return true;
    return turn < best_turn_ && !is_less(overlap, best_->overlap);
  }

  Places records_;
  AddedRecords added_;
  SetCache sets_;
  SetComparer comparer_;
  Threshold threshold_;
  const PairFilter& may_match_;
  NumberSet looked_at_;  // turns
  std::optional<Match> best_;
  std::uint32_t best_turn_ = 0;
  bool is_loaded_ = false;
};

}  // namespace

struct PrefixJoin::State {
  std::uint32_t place(std::uint32_t record) const {
    const auto at = std::lower_bound(records.begin(), records.end(), record);
    if (at == records.end() || *at != record) {
      throw std::out_of_range("record " + std::to_string(record) + " is none of those joined");
    }
    return static_cast<std::uint32_t>(at - records.begin());
  }

  std::vector<std::uint32_t> records;  // by place
  const ShingleSource& source;
  Threshold threshold;
  std::size_t threads;
  PairFilter may_match;
  PrefixIndex index;
  std::optional<KeeperWalk> walk;
};

PrefixJoin::PrefixJoin(std::span<const std::uint32_t> records, const ShingleSource& source, Threshold threshold,
                       std::size_t threads, PairFilter may_match) {
  if (threshold.numerator == 0 || threshold.numerator > threshold.denominator) {
    throw std::invalid_argument("a threshold of " + std::to_string(threshold.numerator) + " / " +
                                std::to_string(threshold.denominator) + " is not above 0 and at most 1");
  }
  state_.reset(new State{{records.begin(), records.end()},
                         source,
                         threshold,
                         threads,
                         std::move(may_match),
                         build_prefix_index(records, source, threshold, threads),
                         std::nullopt});
}

PrefixJoin::~PrefixJoin() = default;

std::uint64_t PrefixJoin::candidates() const {
  const PrefixIndex& index = state_->index;
  std::uint64_t pairs = 0;
  for (std::uint32_t group = 0; group + 1 < index.groups.size(); ++group) {
    const std::uint64_t members = index.in_short_prefix(group).size();
    pairs += members * index.behind(group).size() + members * (members - 1) / 2;
  }
  return pairs;
}

std::vector<Match> PrefixJoin::all_matches(std::uint32_t first_new) const {
  const Places records = state_->records;
  const auto least = static_cast<std::uint32_t>(records.size() - tail(records, first_new).size());
  std::vector<std::vector<Match>> found((records.size() + kChunkRecords - 1) / kChunkRecords);
  for_each_chunk(found.size(), state_->threads, [&] {
    return [&, finder = MatchFinder(records, state_->index, state_->source, state_->threshold, state_->may_match)](
               std::size_t chunk) mutable {
      const std::size_t end = std::min((chunk + 1) * kChunkRecords, records.size());
      for (std::size_t place = chunk * kChunkRecords; place < end; ++place) {
        const auto number = static_cast<std::uint32_t>(place);
        finder.append_matches(number, std::max(number + 1, least), found[chunk]);
      }
    };
  });
  return concatenate(found);
}

std::optional<Match> PrefixJoin::best_added(std::uint32_t record) {
  const std::uint32_t place = state_->place(record);
  return state_->walk ? state_->walk->best(place) : std::nullopt;
}

void PrefixJoin::add(std::uint32_t record) {
  const std::uint32_t place = state_->place(record);
  auto& [records, source, threshold, threads, may_match, index, walk] = *state_;
  if (!walk) walk.emplace(records, index, source, threshold, may_match);
  walk->add(place);
}

}  // namespace tunegate
