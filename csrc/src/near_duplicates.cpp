#include "tunegate/near_duplicates.hpp"

#include <algorithm>
#include <bit>
#include <iterator>
#include <numeric>
#include <tuple>

#include "held_shingles.hpp"
#include "shingle_bits.hpp"

namespace tunegate {
namespace {

// What may be looked at before the exact join takes over: enough for any data that is not made from templates.
constexpr std::uint64_t kPairsPerRecord = 4;
constexpr std::uint64_t kJoinPairsPerRecord = 64;
constexpr std::uint64_t kHeldHashes = std::uint64_t{1} << 22;  // 32 MiB
constexpr std::uint64_t kFreePairs = 100'000;

/// The place of every record in the order; empty for the order of the records themselves.
std::vector<std::uint32_t> ranks(std::span<const std::uint32_t> order) {
  std::vector<std::uint32_t> rank(order.size());
  for (std::uint32_t place = 0; place < order.size(); ++place) rank[order[place]] = place;
  return rank;
}

/// A record with the hash of its words, on its way to those that have the same.
struct Worded {
  std::uint64_t hash;
  bool is_new;
  bool was_removed;
  std::uint32_t rank;
  std::uint32_t record;
  auto operator<=>(const Worded&) const = default;
};

/// Two bitmaps that tell, with some false alarms, which hashes occur twice.
class SeenTwice {
 public:
  explicit SeenTwice(std::size_t hashes)
      : shift_(64 - std::max(6, static_cast<int>(std::bit_width(8 * hashes)))),
        once_(std::size_t{1} << (64 - shift_ - 6)),
        twice_(once_.size()) {}

  void add(std::uint64_t hash) {
    const auto [word, bit] = place(hash);
    twice_[word] |= once_[word] & bit;
    once_[word] |= bit;
  }
  bool maybe(std::uint64_t hash) const {
    const auto [word, bit] = place(hash);
    return (twice_[word] & bit) != 0;
  }

 private:
  std::pair<std::size_t, std::uint64_t> place(std::uint64_t hash) const {
    const std::uint64_t slot = hash >> shift_;
    return {slot >> 6, std::uint64_t{1} << (slot & 63)};
  }

  int shift_;
  std::vector<std::uint64_t> once_, twice_;
};

bool by_records(const Match& left, const Match& right) { return std::tie(left.a, left.b) < std::tie(right.a, right.b); }

bool same_records(const Match& left, const Match& right) { return left.a == right.a && left.b == right.b; }

}  // namespace

NearDuplicates::NearDuplicates(std::vector<const RecordKeys*> keys, const ShingleSource& texts, KeySettings settings)
    : keys_(std::move(keys)), texts_(texts), settings_(settings) {
  for (const RecordKeys* part : keys_) {
    firsts_.push_back(records_);
    records_ += static_cast<std::uint32_t>(part->records().size());
  }
}

void NearDuplicates::find(const JoinOptions& options, std::span<const std::uint32_t> order,
                          std::span<const std::uint8_t> removed_old, std::span<const std::uint32_t> excluded) {
  removed_old_ = removed_old;
  choose_active(excluded);
  find_copies(options, order);
  is_crowded_.assign(records_, 0);
  matches_ = verify(candidates(options), texts_, options.threshold, options.threads);
  counts_.crowded = crowded_.size();
  if (crowded_.empty()) {
    cluster(options, order, nullptr);
  } else {
    cluster_crowded(options, order);
  }
  place_copies();
}

/// The shingles of the crowded records, unless they are too many to hold: then every look at one reads it again.
std::unique_ptr<HeldShingles> NearDuplicates::hold_crowded(std::size_t threads) const {
  std::uint64_t hashes = 0;
  for (const std::uint32_t record : crowded_) {
    const auto [part, at] = place(record);
    hashes += part->records()[at].shingles;
  }
  return hashes > kHeldHashes ? nullptr : std::make_unique<HeldShingles>(crowded_, hashes, texts_, threads);
}

void NearDuplicates::cluster_crowded(const JoinOptions& options, std::span<const std::uint32_t> order) {
  const auto held = hold_crowded(options.threads);
  const ShingleSource& texts = held ? static_cast<const ShingleSource&>(*held) : texts_;
  bool is_walk = false;
  const auto filter = [&](std::uint32_t a, std::uint32_t b) {
    const bool can = held ? held->may_match(a, b, options.threshold) : may_match({a, b}, options.threshold);
    return can && (!is_walk || may_cluster(a, b, options));
  };
  PrefixJoin join(crowded_, texts, options.threshold, options.threads, filter);
  is_walk =
      options.scope == PairScope::kKeepers && join.candidates() > kJoinPairsPerRecord * crowded_.size() + kFreePairs;
  if (is_walk) {
    counts_.has_all_pairs = false;
  } else {
    const auto more = join.all_matches(options.first_new);
    matches_.insert(matches_.end(), more.begin(), more.end());
  }
  cluster(options, order, is_walk ? &join : nullptr);
}

/// join: what finds the matches of crowded records with each other, when those are not among the matches.
void NearDuplicates::cluster(const JoinOptions& options, std::span<const std::uint32_t> order, PrefixJoin* join) {
  sort_matches();
  std::vector<Match> alike;
  std::span<const Match> matches = matches_;
  if (options.by_besides) {
    std::copy_if(matches_.begin(), matches_.end(), std::back_inserter(alike),
                 [&](const Match& match) { return may_cluster(match.a, match.b, options); });
    matches = alike;
  }
  memberships_ = star_clusters(order, matches, {join, is_crowded_, options.first_new, removed_old_});
}

bool NearDuplicates::may_cluster(std::uint32_t a, std::uint32_t b, const JoinOptions& options) const {
  if (!options.by_besides) return true;
  const auto [part_a, at_a] = place(a);
  const auto [part_b, at_b] = place(b);
  return part_a->records()[at_a].besides == part_b->records()[at_b].besides;
}

void NearDuplicates::sort_matches() {
  std::sort(matches_.begin(), matches_.end(), by_records);
  matches_.erase(std::unique(matches_.begin(), matches_.end(), same_records), matches_.end());
}

void NearDuplicates::choose_active(std::span<const std::uint32_t> excluded) {
  active_.assign(records_, 0);
  for_each_key([&](std::uint32_t record, const RecordKey& key) { active_[record] = key.text_hash != 0; });
  for (const std::uint32_t record : excluded) active_[record] = 0;
}

/// One of the records with the same words stays active: the first in `order`, of old ones the first that was kept. A
/// new record is no copy of an old one, for its pairs with other old ones count.
void NearDuplicates::find_copies(const JoinOptions& options, std::span<const std::uint32_t> order) {
  copy_of_.resize(records_);
  std::iota(copy_of_.begin(), copy_of_.end(), 0u);
  SeenTwice seen(records_);
  const auto hash = [&](const RecordKey& key) {
    return options.by_besides ? key.text_hash ^ key.besides * 0x9E3779B97F4A7C15u : key.text_hash;
  };
  for_each_key([&](std::uint32_t record, const RecordKey& key) {
    if (active_[record] != 0) seen.add(hash(key));
  });
  const auto rank = ranks(order);
  std::vector<Worded> worded;
  for_each_key([&](std::uint32_t record, const RecordKey& key) {
    if (active_[record] == 0 || !seen.maybe(hash(key))) return;
    const bool is_new = record >= options.first_new;
    const bool was_removed = record < removed_old_.size() && removed_old_[record] != 0;
    worded.push_back({hash(key), is_new, was_removed, rank[record], record});
  });
  std::sort(worded.begin(), worded.end());
  for (std::size_t i = 1; i < worded.size(); ++i) {
    if (worded[i].hash != worded[i - 1].hash || worded[i].is_new != worded[i - 1].is_new) continue;
    copy_of_[worded[i].record] = copy_of_[worded[i - 1].record];
    active_[worded[i].record] = 0;
    ++counts_.copies;
  }
}

template <class Take>
void NearDuplicates::for_each_key(Take take) const {
  std::uint32_t record = 0;
  for (const RecordKeys* part : keys_) {
    for (const RecordKey& key : part->records()) take(record++, key);
  }
}

/// The pairs worth verifying; sets crowded_ to the records that the exact join must take.
std::vector<RecordPair> NearDuplicates::candidates(const JoinOptions& options) {
  if (options.mode == JoinMode::kExact) {
    for (std::uint32_t record = 0; record < records_; ++record) {
      if (active_[record] != 0) crowded_.push_back(record);
      is_crowded_[record] = active_[record];
    }
    return {};
  }
  std::vector<KeyStretch> stretches;
  for (std::size_t i = 0; i < keys_.size(); ++i) {
    for (KeyStretch stretch : keys_[i]->stretches()) {
      stretch.first += firsts_[i];
      stretches.push_back(stretch);
    }
  }
  auto [pairs, crowded] = find_candidates(
      stretches, active_,
      {settings_.banding.bands, options.first_new, kPairsPerRecord * records_ + kFreePairs, options.threads});
  crowded_ = std::move(crowded);
  for (const std::uint32_t record : crowded_) is_crowded_[record] = 1;
  counts_.candidates = pairs.size();
  std::erase_if(pairs, [&](RecordPair pair) {
    const bool is_joined = is_crowded_[pair.a] != 0 && is_crowded_[pair.b] != 0;  // the exact join finds it
    return is_joined || !may_match(pair, options.threshold);
  });
  counts_.verified = pairs.size();
  return pairs;
}

bool NearDuplicates::may_match(RecordPair pair, Threshold threshold) const {
  const auto [part_a, a] = place(pair.a);
  const auto [part_b, b] = place(pair.b);
  const std::size_t hashes = std::size_t{part_a->records()[a].shingles} + part_b->records()[b].shingles;
  return may_meet(threshold, part_a->bits()[a], part_b->bits()[b], hashes);
}

std::pair<const RecordKeys*, std::uint32_t> NearDuplicates::place(std::uint32_t record) const {
  const auto after = std::upper_bound(firsts_.begin(), firsts_.end(), record);
  const auto part = static_cast<std::size_t>(after - firsts_.begin()) - 1;
  return {keys_[part], record - firsts_[part]};
}

std::vector<std::uint32_t> NearDuplicates::components() const {
  std::vector<Match> links = matches_;
  for (std::uint32_t record = 0; record < records_; ++record) {
    const auto [a, b] = std::minmax(record, copy_of_[record]);
    if (a != b) links.push_back({a, b, {1, 1}});
  }
  return connected_components(records_, links);
}

/// A copy goes where the record went that stands for it.
void NearDuplicates::place_copies() {
  for (std::uint32_t record = 0; record < records_; ++record) {
    const std::uint32_t first = copy_of_[record];
    if (first == record || memberships_[record].keeper == kNoKeeper) continue;
    memberships_[record] = memberships_[first].keeper == first ? Membership{first, {1, 1}} : memberships_[first];
  }
}

}  // namespace tunegate
