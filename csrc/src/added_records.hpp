#pragma once
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "prefix_index.hpp"

namespace tunegate {

/// Numbers, each once. Adding is O(1), clearing O(those added).
class NumberSet {
 public:
  /// Accepts the numbers below `count`.
  void resize(std::size_t count) { is_in_.resize(count); }

  void add(std::uint32_t number) {
    if (is_in_[number] != 0) return;
    is_in_[number] = 1;
    numbers_.push_back(number);
  }
  void clear() {
    for (const std::uint32_t number : numbers_) is_in_[number] = 0;
    numbers_.clear();
  }
  /// In increasing order; valid until the next change.
  std::span<const std::uint32_t> sorted() {
    std::sort(numbers_.begin(), numbers_.end());
    return numbers_;
  }

 private:
  std::vector<std::uint8_t> is_in_;
  std::vector<std::uint32_t> numbers_;
};

/// The postings of the records added so far. Holds 4 bytes an element, 8 a group and 4 a record of `index`, and 5
/// for each record added.
class AddedRecords {
 public:
  static constexpr std::uint32_t kNever = UINT32_MAX;

  explicit AddedRecords(const PrefixIndex& index)
      : index_(index),
        postings_(index.postings.size()),
        filled_(index.groups.size()),
        turns_(index.sizes.size(), kNever) {}

  /// Does nothing for a record that was added before.
  void add(std::uint32_t place) {
    if (turns_[place] != kNever) return;
    const auto turn = turns_[place] = static_cast<std::uint32_t>(places_.size());
    places_.push_back(place);
    found_.resize(places_.size());
    for (const auto [group, is_behind] : index_.of_record(place)) {
      Filled& filled = filled_[group];
      const std::size_t at = is_behind ? index_.groups[group].middle + filled.behind++
                                       : index_.groups[group].begin + filled.in_short_prefix++;
      postings_[at] = turn;
    }
  }

  /// The turns, increasing from 0, at which records were added that may match this one.
  std::span<const std::uint32_t> candidates(std::uint32_t place, Threshold threshold) {
    found_.clear();
    const std::size_t size = index_.sizes[place];
    for (const auto [group, is_behind] : index_.of_record(place)) {
      const auto postings = std::span(std::as_const(postings_));
      const Filled filled = filled_[group];
      for (const std::uint32_t turn : postings.subspan(index_.groups[group].begin, filled.in_short_prefix)) {
        const std::size_t other = index_.sizes[places_[turn]];
        if ((!is_behind || other < size) && threshold.is_possible(size, other)) found_.add(turn);
      }
      if (is_behind) continue;
      for (const std::uint32_t turn : postings.subspan(index_.groups[group].middle, filled.behind)) {
        const std::size_t other = index_.sizes[places_[turn]];
        if (size < other && threshold.is_possible(size, other)) found_.add(turn);
      }
    }
    return found_.sorted();
  }

  std::uint32_t place(std::uint32_t turn) const { return places_[turn]; }

 private:
  /// How far the two parts of a group are filled.
  struct Filled {
    std::uint32_t in_short_prefix = 0;
    std::uint32_t behind = 0;
  };

  const PrefixIndex& index_;
  std::vector<std::uint32_t> postings_;  // turns, laid out as in the index
  std::vector<Filled> filled_;
  std::vector<std::uint32_t> turns_;   // by place
  std::vector<std::uint32_t> places_;  // by turn
  NumberSet found_;
};

}  // namespace tunegate
