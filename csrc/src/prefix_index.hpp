#pragma once
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "tunegate/prefix_join.hpp"

namespace tunegate {

/// Which records share which rare elements. Records go by their place among those indexed, below 2^31.
///
/// Elements are ordered by (count, hash), the same order for all records. The probe prefix of a set x is its first
/// |x| - ceil(t |x|) + 1 elements, its short prefix the first |x| - o + 1, o the least overlap of two sets of size |x|
/// that meets t. Two sets y, x with |y| <= |x| that meet it share an element that lies in the short prefix of y and in
/// the probe prefix of x: they share s >= max(least(|y|, |y|), ceil(t |x|)) elements, the first of them in the order
/// has s - 1 shared ones after it, and so at most |y| - s elements before it in y and |x| - s in x. Hence two elements
/// outside of both short prefixes are no candidates, and one outside only with one of a shorter set.
/// Source: Bayardo, Ma, Srikant 2007 (indexing prefix); Xiao, Wang, Lin, Yu 2008 (PPJoin).
struct PrefixIndex {
  /// The records of one element, or of several that share 32 bits of a hash: those that have it in their short prefix
  /// in postings[begin, middle), those that have it behind in [middle, begin of the next), both in increasing order.
  struct Group {
    std::uint32_t begin = 0;
    std::uint32_t middle = 0;
  };
  /// A group of a record, and whether the element stands behind its short prefix there.
  struct Element {
    std::uint32_t group : 31;
    std::uint32_t is_behind : 1;
  };

  std::vector<std::uint32_t> sizes;          // of the sets of distinct hashes
  std::vector<Group> groups;                 // and one past the last
  std::vector<std::uint32_t> postings;       // records
  std::vector<std::uint32_t> element_begin;  // of each record in `elements`, and one past the last
  std::vector<Element> elements;
  std::vector<std::uint16_t> positions;  // of `elements`: how many of the set stand before it, or fewer

  std::span<const std::uint32_t> in_short_prefix(std::uint32_t group) const {
    return std::span(postings).subspan(groups[group].begin, groups[group].middle - groups[group].begin);
  }
  std::span<const std::uint32_t> behind(std::uint32_t group) const {
    return std::span(postings).subspan(groups[group].middle, groups[group + 1].begin - groups[group].middle);
  }
  std::span<const Element> of_record(std::uint32_t place) const {
    return std::span(elements).subspan(element_begin[place], element_begin[place + 1] - element_begin[place]);
  }
};

/// Reads every record twice, and a few more to guess how many hashes there are. While it works: one byte a counter
/// (64 MiB at most) and 18 bytes a prefix element. Throws std::length_error for 2^31 records or 2^32 elements.
PrefixIndex build_prefix_index(std::span<const std::uint32_t> records, const ShingleSource& source, Threshold threshold,
                               std::size_t threads);

}  // namespace tunegate
