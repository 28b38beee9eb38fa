#include "tunegate/lsh.hpp"

#include <algorithm>
#include <atomic>
#include <bit>
#include <future>
#include <iterator>
#include <limits>
#include <stdexcept>
#include <utility>

#include "band_buckets.hpp"
#include "radix_sort.hpp"

namespace tunegate {
namespace {

constexpr std::uint32_t kAnySize = std::numeric_limits<std::uint32_t>::max();

std::uint64_t pairs_of(std::uint64_t members) { return members * (members - 1) / 2; }

/// The stretches by increasing records, so that the members of a bucket increase too.
std::vector<KeyStretch> in_order(std::span<const KeyStretch> stretches, std::size_t records) {
  std::vector<KeyStretch> sorted(stretches.begin(), stretches.end());
  std::ranges::sort(sorted, {}, &KeyStretch::first);
  for (const KeyStretch& stretch : sorted) {
    if (std::size_t{stretch.first} + stretch.records > records) {
      throw std::invalid_argument("a stretch of keys reaches beyond the records");
    }
  }
  return sorted;
}

struct BucketCount {
  std::uint32_t members = 0;
  std::uint64_t buckets = 0;
};

/// How many buckets of each size there are.
class Sizes {
 public:
  /// Returns the pairs of the buckets added.
  std::uint64_t add(std::span<const BandBuckets::Bucket> buckets) {
    std::uint64_t pairs = 0;
    for (const BandBuckets::Bucket& bucket : buckets) {
      if (bucket.members >= counts_.size()) counts_.resize(std::size_t{bucket.members} + 1);
      ++counts_[bucket.members];
      pairs += pairs_of(bucket.members);
    }
    return pairs;
  }
  void add(const Sizes& other) {
    if (other.counts_.size() > counts_.size()) counts_.resize(other.counts_.size());
    for (std::size_t members = 0; members < other.counts_.size(); ++members) counts_[members] += other.counts_[members];
  }
  /// By increasing size, of two members and more.
  std::vector<BucketCount> counts() const {
    std::vector<BucketCount> out;
    for (std::size_t members = 2; members < counts_.size(); ++members) {
      if (counts_[members] > 0) out.push_back({static_cast<std::uint32_t>(members), counts_[members]});
    }
    return out;
  }

 private:
  std::vector<std::uint64_t> counts_;  // by members
};

/// The greatest size up to which all buckets together have at most `most_pairs` pairs.
std::uint32_t most_members(const std::vector<BucketCount>& sizes, std::uint64_t most_pairs) {
  std::uint32_t most = 1;
  for (const auto& [members, buckets] : sizes) {
    const std::uint64_t pairs = buckets * pairs_of(members);
    if (pairs > most_pairs) return most;
    most_pairs -= pairs;
    most = members;
  }
  return kAnySize;
}

/// The pairs of buckets as a << 32 | b.
class Pairs {
 public:
  void add(const BandBuckets& band, const BandBuckets::Bucket& bucket, std::uint32_t first_new) {
    std::size_t next = 1;
    for (std::size_t i = 0; i + 1 < bucket.members; ++i) {
      const std::uint64_t a = band.member(bucket, i);
      next = std::max(next, i + 1);
      while (next < bucket.members && band.member(bucket, next) < first_new) ++next;
      for (std::size_t j = next; j < bucket.members; ++j) packed_.push_back(a << 32 | band.member(bucket, j));
    }
  }
  /// Sorts them and leaves each once. Their numbers are below `records`.
  void make_unique(std::size_t records) {
    const unsigned bits = records == 0 ? 0 : static_cast<unsigned>(std::bit_width(records - 1));
    std::vector<std::uint64_t> spare;
    radix_sort(packed_, spare, {0, bits});
    radix_sort(packed_, spare, {32, 32 + bits});
    packed_.erase(std::unique(packed_.begin(), packed_.end()), packed_.end());
  }
  /// Takes in those of another, both made unique.
  void merge(const Pairs& other) {
    std::vector<std::uint64_t> both;
    both.reserve(packed_.size() + other.packed_.size());
    std::ranges::set_union(packed_, other.packed_, std::back_inserter(both));
    packed_.swap(both);
  }
  void drop() { std::vector<std::uint64_t>().swap(packed_); }
  std::vector<RecordPair> unpacked() const {
    std::vector<RecordPair> out;
    out.reserve(packed_.size());
    for (const std::uint64_t pair : packed_) {
      out.push_back({static_cast<std::uint32_t>(pair >> 32), static_cast<std::uint32_t>(pair)});
    }
    return out;
  }

 private:
  std::vector<std::uint64_t> packed_;
};

/// What one thread finds in the bands it takes.
struct Findings {
  Sizes sizes;
  Pairs pairs;
  std::vector<std::uint8_t> crowded;  // one byte a record, empty while none is

  /// Enumerates the buckets of up to `most` members; the members of others are crowded.
  void enumerate(const BandBuckets& band, std::uint32_t first_new, std::uint32_t most, std::size_t records) {
    for (const BandBuckets::Bucket& bucket : band.buckets()) {
      if (bucket.members <= most) {
        pairs.add(band, bucket, first_new);
        continue;
      }
      crowded.resize(records);
      for (std::size_t i = 0; i < bucket.members; ++i) crowded[band.member(bucket, i)] = 1;
    }
  }
  void merge(const Findings& other) {
    sizes.add(other.sizes);
    pairs.merge(other.pairs);
    if (crowded.size() < other.crowded.size()) crowded.resize(other.crowded.size());
    for (std::size_t i = 0; i < other.crowded.size(); ++i) crowded[i] |= other.crowded[i];
  }
  Candidates candidates() const {
    Candidates out{pairs.unpacked(), {}};
    for (std::size_t i = 0; i < crowded.size(); ++i) {
      if (crowded[i] != 0) out.crowded.push_back(static_cast<std::uint32_t>(i));
    }
    return out;
  }
};

/// Runs work(findings) in each of `threads` threads and merges what they found.
template <class Work>
Findings in_threads(std::size_t threads, Work work) {
  std::vector<Findings> found(threads);
  std::vector<std::future<void>> others;
  for (std::size_t i = 1; i < threads; ++i) {
    others.push_back(std::async(std::launch::async, [&work, &found, i] { work(found[i]); }));
  }
  work(found[0]);
  for (auto& other : others) other.get();
  for (std::size_t i = 1; i < threads; ++i) found[0].merge(found[i]);
  return std::move(found[0]);
}

/// Goes over all bands of a set of keys, once or, where there are too many pairs, twice.
class Search {
 public:
  Search(std::span<const KeyStretch> stretches, std::span<const std::uint8_t> active, const LshOptions& options)
      : stretches_(in_order(stretches, active.size())),
        active_(active),
        options_(options),
        threads_(std::clamp<std::size_t>(options.threads, 1, std::max<std::size_t>(1, options.bands))) {}

  Candidates run() {
    Findings all = count_and_enumerate();
    if (!is_over_) return all.candidates();
    const std::uint32_t most = most_members(all.sizes.counts(), options_.most_pairs);
    all = {};
    return enumerate(most).candidates();
  }

 private:
  /// Calls work(buckets) for one band after another, each in one of the threads.
  template <class Work>
  Findings for_bands(Work work) {
    std::atomic<std::uint32_t> next{0};
    return in_threads(threads_, [&](Findings& found) {
      BandBuckets buckets(stretches_, active_);
      for (std::uint32_t band = next++; band < options_.bands; band = next++) {
        buckets.load(band);
        work(buckets, found);
      }
      found.pairs.make_unique(active_.size());
    });
  }

  /// Enumerates while it counts, in the hope that it will not be too many; drops the pairs once it is.
  Findings count_and_enumerate() {
    std::atomic<std::uint64_t> total{0};
    return for_bands([&](const BandBuckets& band, Findings& found) {
      const std::uint64_t pairs = found.sizes.add(band.buckets());
      if (!is_over_ && pairs <= options_.most_pairs && total.fetch_add(pairs) <= options_.most_pairs - pairs) {
        return found.enumerate(band, options_.first_new, kAnySize, active_.size());
      }
      is_over_ = true;
      found.pairs.drop();
    });
  }

  Findings enumerate(std::uint32_t most) {
    return for_bands([&](const BandBuckets& band, Findings& found) {
      found.enumerate(band, options_.first_new, most, active_.size());
    });
  }

  std::vector<KeyStretch> stretches_;
  std::span<const std::uint8_t> active_;
  LshOptions options_;
  std::size_t threads_;
  std::atomic<bool> is_over_ = false;
};

}  // namespace

Candidates find_candidates(std::span<const KeyStretch> stretches, std::span<const std::uint8_t> active,
                           const LshOptions& options) {
  return Search(stretches, active, options).run();
}

}  // namespace tunegate
