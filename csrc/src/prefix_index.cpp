#include "prefix_index.hpp"

#include <algorithm>
#include <cstdint>
#include <numeric>
#include <stdexcept>

#include "chunk_queue.hpp"
#include "element_counts.hpp"

namespace tunegate {
namespace {

constexpr std::size_t kChunkRecords = 1024;
constexpr std::size_t kProbes = 32;
constexpr std::size_t kBuckets = 256;
constexpr std::uint64_t kBehind = std::uint64_t{1} << 31;

/// 32 bits of group, 1 bit for an element behind the short prefix, 31 bits of record: sorted, they are the postings.
using Key = std::uint64_t;

using Records = std::span<const std::uint32_t>;

std::uint64_t group_of(Key key) { return key >> 32; }
std::size_t bucket_of(Key key) { return static_cast<std::size_t>(key >> 56); }

/// Other bits than the counters use: hashes that share a counter by chance shall not share a group.
Key make_key(std::uint64_t hash, bool is_behind, std::size_t place) {
  return (hash ^ hash >> 32) << 32 | (is_behind ? kBehind : 0) | place;
}

std::size_t chunks_of(Records records) { return (records.size() + kChunkRecords - 1) / kChunkRecords; }

/// Calls visit(place, hashes) for the records of a chunk.
template <class Visit>
void for_each_set(Records records, std::size_t chunk, ShingleSource::Reader& reader, Visit visit) {
  const std::size_t first = chunk * kChunkRecords, last = std::min(first + kChunkRecords, records.size());
  for (std::size_t place = first; place < last; ++place) visit(place, reader.shingles(records[place]));
}

std::size_t guess_hashes(Records records, const ShingleSource& source) {
  const std::size_t probes = std::min(kProbes, records.size());
  if (probes == 0) return 0;
  const auto reader = source.reader();
  std::size_t hashes = 0;
  for (std::size_t i = 0; i < probes; ++i) hashes += reader->shingles(records[i * records.size() / probes]).size();
  return hashes / probes * records.size();
}

ElementCounts count_elements(Records records, const ShingleSource& source, std::size_t threads,
                             std::vector<std::uint32_t>& sizes) {
  ElementCounts counts(guess_hashes(records, source));
  const bool is_alone = threads < 2 || chunks_of(records) < 2;
  for_each_chunk(chunks_of(records), threads, [&] {
    return [&, reader = source.reader(), set = SetComparer()](std::size_t chunk) mutable {
      for_each_set(records, chunk, *reader, [&](std::size_t place, std::span<const std::uint64_t> hashes) {
        set.load(hashes);
        sizes[place] = static_cast<std::uint32_t>(set.size());
        is_alone ? counts.add_alone(set.distinct()) : counts.add(set.distinct());
      });
    };
  });
  return counts;
}

/// Finds the elements of probe prefixes that may occur in another record.
class PrefixSelector {
 public:
  PrefixSelector(const ElementCounts& counts, Threshold threshold) : counts_(counts), threshold_(threshold) {}

  void append_keys(std::size_t place, std::span<const std::uint64_t> distinct, std::vector<Key>& keys) {
    const std::size_t size = distinct.size();
    if (size == 0) return;
    const std::size_t probe = prefix(size, least_of_any(size));
    const std::size_t alone = split_off_alone(distinct, probe);
    if (alone >= probe) return;
    const std::size_t short_prefix = prefix(size, threshold_.least_shared(size, size));
    sort_first(size - alone, probe - alone);
    for (std::size_t i = 0; alone + i < probe; ++i) {
      keys.push_back(make_key(common_[i].hash, alone + i >= short_prefix, place));
    }
  }

 private:
  struct Element {
    std::uint8_t count;
    std::uint64_t hash;
    auto operator<=>(const Element&) const = default;
  };

  static std::size_t prefix(std::size_t size, std::size_t least_shared) { return size - least_shared + 1; }

  /// ceil(t size): what any set shares with this one when they match.
  std::size_t least_of_any(std::size_t size) const {
    return static_cast<std::size_t>((std::uint64_t{size} * threshold_.numerator + threshold_.denominator - 1) /
                                    threshold_.denominator);
  }

  /// Gathers the elements that may occur in another record and returns how many do not: the first ones in the order.
  /// Stops when those fill the prefix. Half of the elements may be of either kind: no branch could foresee which.
  std::size_t split_off_alone(std::span<const std::uint64_t> distinct, std::size_t probe) {
    common_.resize(std::max(common_.size(), distinct.size()));
    std::size_t common = 0, seen = 0;
    while (seen < distinct.size() && seen - common < probe) {
      const auto stretch = distinct.subspan(seen, std::min(kStretch, distinct.size() - seen));
      std::uint8_t counts[kStretch];  // first all of them: the memory answers many at once
      for (std::size_t i = 0; i < stretch.size(); ++i) counts[i] = counts_.count(stretch[i]);
      for (std::size_t i = 0; i < stretch.size(); ++i) {
        common_[common] = {counts[i], stretch[i]};
        common += counts[i] > 1;
      }
      seen += stretch.size();
    }
    return seen - common;
  }

  void sort_first(std::size_t common, std::size_t elements) {
    const auto begin = common_.begin(), end = begin + static_cast<std::ptrdiff_t>(elements);
    std::nth_element(begin, end - 1, begin + static_cast<std::ptrdiff_t>(common));
    std::sort(begin, end);
  }

  static constexpr std::size_t kStretch = 32;

  const ElementCounts& counts_;
  Threshold threshold_;
  std::vector<Element> common_;
};

std::vector<std::vector<Key>> select_keys(Records records, const ShingleSource& source, Threshold threshold,
                                          std::size_t threads, const ElementCounts& counts,
                                          const std::vector<std::uint32_t>& sizes) {
  std::vector<std::vector<Key>> keys(chunks_of(records));
  for_each_chunk(keys.size(), threads, [&] {
    return [&, reader = source.reader(), set = SetComparer(),
            selector = PrefixSelector(counts, threshold)](std::size_t chunk) mutable {
      for_each_set(records, chunk, *reader, [&](std::size_t place, std::span<const std::uint64_t> hashes) {
        const bool is_distinct = hashes.size() == sizes[place];
        if (!is_distinct) set.load(hashes);
        selector.append_keys(place, is_distinct ? hashes : set.distinct(), keys[chunk]);
      });
    };
  });
  return keys;
}

/// Joins and sorts: by the first bits into buckets, then each bucket on its own.
std::vector<Key> sort_keys(std::vector<std::vector<Key>>& parts, std::size_t threads) {
  std::vector<std::size_t> begins(kBuckets + 1);
  for (const auto& part : parts) {
    for (const Key key : part) ++begins[bucket_of(key) + 1];
  }
  for (std::size_t i = 0; i < kBuckets; ++i) begins[i + 1] += begins[i];
  std::vector<Key> keys(begins.back());
  std::vector<std::size_t> next = begins;
  for (auto& part : parts) {
    for (const Key key : part) keys[next[bucket_of(key)]++] = key;
    std::vector<Key>().swap(part);
  }
  for_each_chunk(kBuckets, threads, [&] {
    return [&](std::size_t bucket) {
      const auto begin = keys.begin();
      std::sort(begin + static_cast<std::ptrdiff_t>(begins[bucket]),
                begin + static_cast<std::ptrdiff_t>(begins[bucket + 1]));
    };
  });
  return keys;
}

/// Calls visit(begin, end) for the keys of each group.
template <class Visit>
void for_each_group(const std::vector<Key>& keys, Visit visit) {
  for (std::size_t begin = 0, end = 0; begin < keys.size(); begin = end) {
    while (end < keys.size() && group_of(keys[end]) == group_of(keys[begin])) ++end;
    visit(begin, end);
  }
}

/// Drops the groups of one member; returns how many are left.
std::size_t drop_single(std::vector<Key>& keys) {
  std::size_t kept = 0, groups = 0;
  for_each_group(keys, [&](std::size_t begin, std::size_t end) {
    if (end - begin < 2) return;
    ++groups;
    while (begin < end) keys[kept++] = keys[begin++];
  });
  keys.resize(kept);
  return groups;
}

void fill_postings(std::vector<Key>& keys, PrefixIndex& index) {
  index.groups.reserve(drop_single(keys) + 1);
  if (keys.size() > UINT32_MAX) throw std::length_error("the records share too many rare elements to index them");
  index.postings.resize(keys.size());
  for_each_group(keys, [&](std::size_t begin, std::size_t end) {
    std::size_t middle = begin;
    for (std::size_t i = begin; i < end; ++i) {
      index.postings[i] = static_cast<std::uint32_t>(keys[i] & (kBehind - 1));
      middle += (keys[i] & kBehind) == 0;
    }
    index.groups.push_back({static_cast<std::uint32_t>(begin), static_cast<std::uint32_t>(middle)});
  });
  const auto end = static_cast<std::uint32_t>(keys.size());
  index.groups.push_back({end, end});
}

void fill_elements(PrefixIndex& index) {
  index.element_begin.assign(index.sizes.size() + 1, 0);
  for (const std::uint32_t place : index.postings) ++index.element_begin[place + 1];
  std::partial_sum(index.element_begin.begin(), index.element_begin.end(), index.element_begin.begin());
  std::vector<std::uint32_t> next = index.element_begin;
  index.elements.resize(index.postings.size());
  for (std::uint32_t group = 0; group + 1 < index.groups.size(); ++group) {
    for (const std::uint32_t place : index.in_short_prefix(group)) index.elements[next[place]++] = {group, 0};
    for (const std::uint32_t place : index.behind(group)) index.elements[next[place]++] = {group, 1};
  }
}

}  // namespace

PrefixIndex build_prefix_index(std::span<const std::uint32_t> records, const ShingleSource& source, Threshold threshold,
                               std::size_t threads) {
  if (records.size() > kBehind) throw std::length_error("more than 2^31 records to join");
  PrefixIndex index;
  index.sizes.resize(records.size());
  auto parts = [&] {
    const ElementCounts counts = count_elements(records, source, threads, index.sizes);
    return select_keys(records, source, threshold, threads, counts, index.sizes);
  }();
  std::vector<Key> keys = sort_keys(parts, threads);
  fill_postings(keys, index);
  std::vector<Key>().swap(keys);
  fill_elements(index);
  return index;
}

}  // namespace tunegate
