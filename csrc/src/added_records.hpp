#pragma once
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "prefix_index.hpp"

namespace tunegate {

/// Numbers, each once. Adding is O(1), clearing O(those added).
class NumberSet {
 public:
  /// Accepts the numbers below `count`.
  void resize(std::size_t count) { is_in_.resize(count); }

  /// Whether it was new.
  bool add(std::uint32_t number) {
    if (is_in_[number] != 0) return false;
    is_in_[number] = 1;
    numbers_.push_back(number);
    return true;
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

/// The postings of the records added so far, those of a group in cohorts: of sets of one size, in which the element
/// stands at one position. What a cohort can share with a set that has the element at some position too, when both have
/// none in common before, is then known without a look at its records. Holds 8 bytes an element of the records added
/// and 20 a cohort, both up to twice while they grow, 4 a group and a record of `index`, and 4 for each record added.
/// Source: Xiao, Wang, Lin, Yu 2008 (PPJoin, positional filter).
class AddedRecords {
 public:
  static constexpr std::uint32_t kNone = UINT32_MAX;

  /// Records that may match, and a bound that none of their matches which are first found here exceeds.
  struct Offer {
    Overlap most;
    std::uint32_t first;  // link
  };
  /// A record of a cohort, in the order in which they were added.
  struct Link {
    std::uint32_t turn;  // increasing from 0 with each record added
    std::uint32_t next;  // or kNone
  };

  explicit AddedRecords(const PrefixIndex& index)
      : index_(index), heads_(index.groups.size(), kNone), turns_(index.sizes.size(), kNone) {}

  /// Does nothing for a record that was added before.
  void add(std::uint32_t place) {
    if (turns_[place] != kNone) return;
    const auto turn = turns_[place] = static_cast<std::uint32_t>(places_.size());
    places_.push_back(place);
    for (std::uint32_t i = index_.element_begin[place]; i < index_.element_begin[place + 1]; ++i) {
      Cohort& cohort = find_cohort(index_.elements[i], index_.positions[i], index_.sizes[place]);
      const auto link = static_cast<std::uint32_t>(links_.size());
      links_.push_back({turn, kNone});
      (cohort.first == kNone ? cohort.first : links_[cohort.last].next) = link;
      cohort.last = link;
    }
  }

  /// All that may match this record, the highest bound first, of equal ones that of the record added first. A record
  /// may be in several; one that matches is in one at least whose bound holds for it. Valid until the next call.
  std::span<const Offer> offers(std::uint32_t place, Threshold threshold) {
    offers_.clear();
    for (std::uint32_t i = index_.element_begin[place]; i < index_.element_begin[place + 1]; ++i) {
      append_offers(index_.elements[i], index_.positions[i], index_.sizes[place], threshold);
    }
    std::sort(offers_.begin(), offers_.end(), [](const Offer& left, const Offer& right) {
      if (is_less(right.most, left.most)) return true;
      return !is_less(left.most, right.most) && left.first < right.first;
    });
    return offers_;
  }

  Link link(std::uint32_t number) const { return links_[number]; }
  std::uint32_t place(std::uint32_t turn) const { return places_[turn]; }

 private:
  struct Cohort {
    std::uint32_t size;
    std::uint16_t position;
    bool is_behind;
    std::uint32_t first, last;  // links
    std::uint32_t next;         // cohort of the same group
  };

  Cohort& find_cohort(PrefixIndex::Element element, std::uint16_t position, std::uint32_t size) {
    for (std::uint32_t at = heads_[element.group]; at != kNone; at = cohorts_[at].next) {
      Cohort& cohort = cohorts_[at];
      const bool is_behind = element.is_behind != 0;
      if (cohort.size == size && cohort.position == position && cohort.is_behind == is_behind) return cohort;
    }
    cohorts_.push_back({size, position, element.is_behind != 0, kNone, kNone, heads_[element.group]});
    heads_[element.group] = static_cast<std::uint32_t>(cohorts_.size() - 1);
    return cohorts_.back();
  }

  void append_offers(PrefixIndex::Element element, std::uint16_t position, std::uint32_t size, Threshold threshold) {
    for (std::uint32_t at = heads_[element.group]; at != kNone; at = cohorts_[at].next) {
      const Cohort& cohort = cohorts_[at];
      if (element.is_behind != 0 && cohort.size >= size) continue;
      if (cohort.is_behind && size >= cohort.size) continue;
      const std::uint32_t shared = std::min(size - position, cohort.size - cohort.position);
      const Overlap most{shared, size + cohort.size - shared};
      if (threshold.is_met(most)) offers_.push_back({most, cohort.first});
    }
  }

  const PrefixIndex& index_;
  std::vector<std::uint32_t> heads_;  // cohorts, by group
  std::vector<Cohort> cohorts_;
  std::vector<Link> links_;
  std::vector<std::uint32_t> turns_;   // by place
  std::vector<std::uint32_t> places_;  // by turn
  std::vector<Offer> offers_;
};

}  // namespace tunegate
