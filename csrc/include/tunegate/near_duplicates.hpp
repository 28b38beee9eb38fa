#pragma once
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "tunegate/clusters.hpp"
#include "tunegate/record_keys.hpp"
#include "tunegate/record_shingles.hpp"

namespace tunegate {

class HeldShingles;

/// How candidates are found: by MinHash bands, or by the exact prefix join.
enum class JoinMode : std::uint8_t { kMinHash, kExact };

/// What is to be known of the pairs: only each record's keeper, which stays cheap where thousands of records are
/// near copies of one another, or every pair.
enum class PairScope : std::uint8_t { kKeepers, kAll };

struct JoinOptions {
  Threshold threshold;
  JoinMode mode = JoinMode::kMinHash;
  PairScope scope = PairScope::kKeepers;
  std::uint32_t first_new = 0;  // records below are old; pairs of two of them do not matter
  bool by_besides = false;      // only records with the same besides_hash() can be keeper and member, or copies
  std::size_t threads = 1;
};

/// Some figures of a search, for messages and tests.
struct JoinCounts {
  std::uint64_t copies = 0;      // records whose words are those of another, which were not compared
  std::uint64_t candidates = 0;  // pairs found by bands
  std::uint64_t verified = 0;    // of these, those whose shingles were compared
  std::uint64_t crowded = 0;     // records that went through the exact join
  bool has_all_pairs = true;     // whether matches() lacks none, which PairScope::kKeepers does not promise
};

/// The near-duplicates among records whose keys are given.
///
/// Records with the same words in the same order are copies: one stands for all, and they match it with similarity 1;
/// old and new records each have their own.
/// The others are candidates by MinHash, or, where buckets are too full to enumerate, by PrefixJoin; every candidate
/// is verified on its shingles, so that no pair is wrong. The answer depends on the keys, the order and the
/// threshold, not on threads or on how the keys are cut into parts.
class NearDuplicates {
 public:
  /// `keys` in order, all made with the same settings; they and `texts` must outlive this.
  NearDuplicates(std::vector<const RecordKeys*> keys, const ShingleSource& texts, KeySettings settings);

  /// order: all records, best keeper first, old ones before new ones. removed_old: one byte for each old record, not 0
  /// for one that was removed and can be no keeper; empty: none was. excluded: records that take no part, as if they
  /// had no text.
  void find(const JoinOptions& options, std::span<const std::uint32_t> order,
            std::span<const std::uint8_t> removed_old = {}, std::span<const std::uint32_t> excluded = {});

  std::uint32_t records() const { return records_; }
  /// For each record the one that stands for it: the first, in `order`, with its words.
  std::span<const std::uint32_t> copy_of() const { return copy_of_; }
  /// The verified matches of records that stand for themselves, sorted by a, then b: all of them with
  /// PairScope::kAll, else those that were not left to the exact join.
  std::span<const Match> matches() const { return matches_; }
  /// The keeper of every record, copies included; kNoKeeper for old records that were removed.
  std::span<const Membership> memberships() const { return memberships_; }
  /// The connected components of all matches and copies: the least record of each. Needs PairScope::kAll.
  std::vector<std::uint32_t> components() const;
  const JoinCounts& counts() const { return counts_; }

 private:
  template <class Take>
  void for_each_key(Take take) const;
  void choose_active(std::span<const std::uint32_t> excluded);
  void find_copies(const JoinOptions& options, std::span<const std::uint32_t> order);
  std::vector<RecordPair> candidates(const JoinOptions& options);
  bool may_match(RecordPair pair, Threshold threshold) const;
  std::unique_ptr<HeldShingles> hold_crowded(std::size_t threads) const;
  void cluster_crowded(const JoinOptions& options, std::span<const std::uint32_t> order);
  void cluster(const JoinOptions& options, std::span<const std::uint32_t> order, PrefixJoin* join);
  bool may_cluster(std::uint32_t a, std::uint32_t b, const JoinOptions& options) const;
  void sort_matches();
  void place_copies();
  std::pair<const RecordKeys*, std::uint32_t> place(std::uint32_t record) const;

  std::vector<const RecordKeys*> keys_;
  std::vector<std::uint32_t> firsts_;  // number of the first record of each part
  const ShingleSource& texts_;
  KeySettings settings_;
  std::uint32_t records_ = 0;
  std::vector<std::uint8_t> active_, is_crowded_;
  std::span<const std::uint8_t> removed_old_;
  std::vector<std::uint32_t> copy_of_, crowded_;
  std::vector<Match> matches_;
  std::vector<Membership> memberships_;
  JoinCounts counts_;
};

}  // namespace tunegate
