#include <algorithm>
#include <functional>

#include "bpe_merge.hpp"
#include "radix_sort.hpp"

namespace tunegate {
namespace {

constexpr std::uint32_t kNone = 0xFFFFFFFF;

/// A pair that waits: its rank, then the position of its left token.
constexpr std::uint64_t waiting(std::uint32_t rank, std::uint32_t at) { return std::uint64_t{rank} << 32 | at; }
constexpr std::uint32_t rank_of(std::uint64_t pair) { return static_cast<std::uint32_t>(pair >> 32); }
constexpr std::uint32_t position_of(std::uint64_t pair) { return static_cast<std::uint32_t>(pair); }

/// Tokens as a linked list, and the pairs that wait to be merged.
///
/// The pairs of the start are sorted once; those that merges make go behind them where they are in order, as most of a
/// run of one character are, else to a binary heap. A pair whose tokens have changed since it was put there is seen by
/// its rank: two pairs of one rank are the same two tokens. (`tokenizers` looks at the token that the pair becomes
/// instead, which is the same: a position's pair changes only by growing, and no token of a piece is without
/// characters.)
class LongPiece {
 public:
  LongPiece(const MergeTable& merges, BpeScratch& scratch, std::size_t count)
      : merges_(merges), scratch_(scratch), count_(static_cast<std::uint32_t>(count)) {
    scratch.previous.resize(count);
    scratch.next.resize(count);
    scratch.ranks.resize(count);
    scratch.first.clear();
    scratch.later.clear();
    for (std::uint32_t at = 0; at < count_; ++at) link(at);
    radix_sort(scratch.first, scratch.spare, {32, 32 + MergeTable::kRankBits});
  }

  void merge_all() {
    for (std::uint64_t pair; take(pair);) {
      if (scratch_.ranks[position_of(pair)] == rank_of(pair)) merge(position_of(pair), rank_of(pair));
    }
  }

  /// Moves what is left to the start of the ids; returns how many.
  std::size_t collect() {
    std::size_t kept = 0;
    for (std::uint32_t at = 0; at != kNone; at = scratch_.next[at]) scratch_.ids[kept++] = scratch_.ids[at];
    return kept;
  }

 private:
  void link(std::uint32_t at) {
    const bool is_last = at + 1 == count_;
    scratch_.previous[at] = at == 0 ? kNone : at - 1;
    scratch_.next[at] = is_last ? kNone : at + 1;
    const std::uint32_t rank = is_last ? MergeTable::kNoRank : merges_.rank(scratch_.ids[at], scratch_.ids[at + 1]);
    scratch_.ranks[at] = rank;
    if (rank != MergeTable::kNoRank) scratch_.first.push_back(waiting(rank, at));
  }

  /// The lowest of all that wait; false when none does.
  bool take(std::uint64_t& pair) {
    auto& later = scratch_.later;
    const bool is_first_left = taken_ < scratch_.first.size();
    if (is_first_left && (later.empty() || scratch_.first[taken_] < later.front())) {
      pair = scratch_.first[taken_++];
      return true;
    }
    if (later.empty()) return false;
    pair = later.front();
    std::pop_heap(later.begin(), later.end(), std::greater<>());
    later.pop_back();
    return true;
  }

  void merge(std::uint32_t at, std::uint32_t rank) {
    const std::uint32_t gone = scratch_.next[at];
    const std::uint32_t behind = scratch_.next[gone];
    scratch_.ids[at] = merges_.result(rank);
    scratch_.ranks[gone] = MergeTable::kNoRank;
    scratch_.next[at] = behind;
    if (behind != kNone) scratch_.previous[behind] = at;
    if (scratch_.previous[at] != kNone) wait(scratch_.previous[at]);
    wait(at);
  }

  /// Puts the pair that starts at `at` in its place among those that wait.
  void wait(std::uint32_t at) {
    const std::uint32_t right = scratch_.next[at];
    const std::uint32_t rank =
        right == kNone ? MergeTable::kNoRank : merges_.rank(scratch_.ids[at], scratch_.ids[right]);
    scratch_.ranks[at] = rank;
    if (rank == MergeTable::kNoRank) return;
    const std::uint64_t pair = waiting(rank, at);
    if (scratch_.first.empty() || pair >= scratch_.first.back()) {
      scratch_.first.push_back(pair);
    } else {
      scratch_.later.push_back(pair);
      std::push_heap(scratch_.later.begin(), scratch_.later.end(), std::greater<>());
    }
  }

  const MergeTable& merges_;
  BpeScratch& scratch_;
  std::uint32_t count_;
  std::size_t taken_ = 0;  // of scratch_.first
};

}  // namespace

std::size_t merge_long(const MergeTable& merges, BpeScratch& scratch, std::size_t count) {
  LongPiece piece(merges, scratch, count);
  piece.merge_all();
  return piece.collect();
}

}  // namespace tunegate
