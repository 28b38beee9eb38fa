#include "prefix_index.hpp"

#include <algorithm>
#include <bit>
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

/// 32 bits of group, 1 bit for an element behind the short prefix, 31 bits of record and position: sorted, they are the
/// postings.
using Key = std::uint64_t;

using Records = std::span<const std::uint32_t>;

std::uint64_t group_of(Key key) { return key >> 32; }
std::size_t bucket_of(Key key) { return static_cast<std::size_t>(key >> 56); }

/// Makes keys. The position in the set gets the bits that the places leave, and stops at the most that fits: it bounds
/// what may follow, and one that is too low only bounds less.
class KeyFormat {
 public:
  explicit KeyFormat(std::size_t records)
      : shift_(std::min(16, 31 - static_cast<int>(std::bit_width(std::max<std::size_t>(records, 1) - 1)))) {}

  /// Other bits than the counters use: hashes that share a counter by chance shall not share a group.
  Key key(std::uint64_t hash, bool is_behind, std::size_t place, std::size_t position) const {
    return (hash ^ hash >> 32) << 32 | (is_behind ? kBehind : 0) | place << shift_ | std::min(position, most());
  }
  std::uint32_t place(Key key) const { return static_cast<std::uint32_t>((key & (kBehind - 1)) >> shift_); }
  std::uint16_t position(Key key) const { return static_cast<std::uint16_t>(key & most()); }

 private:
  std::size_t most() const { return (std::size_t{1} << shift_) - 1; }

  int shift_;
};

std::size_t chunks_of(Records records) { return (records.size() + kChunkRecords - 1) / kChunkRecords; }

/// Calls visit(place, hashes) for the records of a chunk.
template <class Visit>
void for_each_set(Records records, std::size_t chunk, ShingleSource::Reader& reader, Visit visit) {
  const std::size_t first = chunk * kChunkRecords, last = std::min(first + kChunkRecords, records.size());
  for (std::size_t place = first; place < last; ++place) visit(place, reader.shingles(records[place]));
}

/// About how many different hashes there are: one that several probes have counts once for them all.
std::size_t guess_hashes(Records records, const ShingleSource& source) {
  const std::size_t probes = std::min(kProbes, records.size());
  if (probes == 0) return 0;
  const auto reader = source.reader();
  std::vector<std::uint64_t> hashes;
  for (std::size_t i = 0; i < probes; ++i) {
    const auto read = reader->shingles(records[i * records.size() / probes]);
    hashes.insert(hashes.end(), read.begin(), read.end());
  }
  std::ranges::sort(hashes);
  const auto repeats = std::ranges::unique(hashes);
  return (hashes.size() - repeats.size()) * records.size() / probes;
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
  PrefixSelector(const ElementCounts& counts, Threshold threshold, KeyFormat format)
      : counts_(counts), threshold_(threshold), format_(format) {}

  void append_keys(std::size_t place, std::span<const std::uint64_t> distinct, std::vector<Key>& keys) {
    const std::size_t size = distinct.size();
    if (size == 0) return;
    const std::size_t probe = prefix(size, least_of_any(size));
    const std::size_t alone = split_off_alone(distinct, probe);
    if (alone >= probe) return;
    const std::size_t short_prefix = prefix(size, threshold_.least_shared(size, size));
    sort_first(size - alone, probe - alone);
    for (std::size_t i = alone; i < probe; ++i) {
      keys.push_back(format_.key(common_[i - alone].hash, i >= short_prefix, place, i));
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
      std::uint8_t counts[kStretch];
      counts_.get(stretch, counts);
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
  KeyFormat format_;
  std::vector<Element> common_;
};

std::vector<std::vector<Key>> select_keys(Records records, const ShingleSource& source, Threshold threshold,
                                          std::size_t threads, const ElementCounts& counts,
                                          const std::vector<std::uint32_t>& sizes) {
  std::vector<std::vector<Key>> keys(chunks_of(records));
  for_each_chunk(keys.size(), threads, [&] {
    return [&, reader = source.reader(), set = SetComparer(),
            selector = PrefixSelector(counts, threshold, KeyFormat(records.size()))](std::size_t chunk) mutable {
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

/// Returns the positions, in the order of the postings.
std::vector<std::uint16_t> fill_postings(std::vector<Key>& keys, KeyFormat format, PrefixIndex& index) {
  index.groups.reserve(drop_single(keys) + 1);
  if (keys.size() > UINT32_MAX) throw std::length_error("the records share too many rare elements to index them");
  index.postings.resize(keys.size());
  std::vector<std::uint16_t> positions(keys.size());
  for_each_group(keys, [&](std::size_t begin, std::size_t end) {
    std::size_t middle = begin;
    for (std::size_t i = begin; i < end; ++i) {
      index.postings[i] = format.place(keys[i]);
      positions[i] = format.position(keys[i]);
      middle += (keys[i] & kBehind) == 0;
    }
    index.groups.push_back({static_cast<std::uint32_t>(begin), static_cast<std::uint32_t>(middle)});
  });
  const auto end = static_cast<std::uint32_t>(keys.size());
  index.groups.push_back({end, end});
  return positions;
}

void fill_elements(const std::vector<std::uint16_t>& positions, PrefixIndex& index) {
  index.element_begin.assign(index.sizes.size() + 1, 0);
  for (const std::uint32_t place : index.postings) ++index.element_begin[place + 1];
  std::partial_sum(index.element_begin.begin(), index.element_begin.end(), index.element_begin.begin());
  std::vector<std::uint32_t> next = index.element_begin;
  index.elements.resize(index.postings.size());
  index.positions.resize(index.postings.size());
  for (std::uint32_t group = 0; group + 1 < index.groups.size(); ++group) {
    for (std::uint32_t i = index.groups[group].begin; i < index.groups[group + 1].begin; ++i) {
      const std::uint32_t at = next[index.postings[i]]++;
      index.elements[at] = {group, i >= index.groups[group].middle};
      index.positions[at] = positions[i];
    }
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
  const auto positions = fill_postings(keys, KeyFormat(records.size()), index);
  std::vector<Key>().swap(keys);
  fill_elements(positions, index);
  return index;
}

}  // namespace tunegate
