#include "band_buckets.hpp"

#include <algorithm>
#include <bit>

#include "radix_sort.hpp"

namespace tunegate {
namespace {

constexpr unsigned kLeastSlotBits = 10, kMostSlotBits = 25;
constexpr std::uint32_t kGathered = 4096;  // records for which room is made at once

unsigned slot_bits_for(std::size_t records) {
  const auto bits = static_cast<unsigned>(std::bit_width(records * 4));
  return std::clamp(bits, kLeastSlotBits, kMostSlotBits);
}

/// A key for each key, spread evenly over its upper bits even where the keys are not.
std::uint32_t scattered(std::uint32_t key) { return key * 0x9E3779B1u; }

}  // namespace

BandBuckets::BandBuckets(std::span<const KeyStretch> stretches, std::span<const std::uint8_t> active)
    : stretches_(stretches), active_(active), slot_bits_(slot_bits_for(active.size())) {}

void BandBuckets::load(std::uint32_t band) {
  slots_.clear(slot_bits_);
  entries_.clear();
  for (const KeyStretch& stretch : stretches_) mark(stretch, stretch.keys + band * stretch.stride);
  for (const KeyStretch& stretch : stretches_) gather(stretch, stretch.keys + band * stretch.stride);
  sift();
  radix_sort(entries_, spare_, {64 - slot_bits_, 64});
  find_buckets();
}

// None of the next three has a branch that depends on the data.

void BandBuckets::mark(const KeyStretch& stretch, const std::uint32_t* keys) {
  const std::uint8_t* active = active_.data() + stretch.first;
  for (std::uint32_t i = 0; i < stretch.records; ++i) {
    slots_.meet(scattered(keys[i]) >> (32 - slot_bits_), std::uint32_t{active[i] != 0});
  }
}

void BandBuckets::gather(const KeyStretch& stretch, const std::uint32_t* keys) {
  const std::uint8_t* active = active_.data() + stretch.first;
  for (std::uint32_t i = 0; i < stretch.records;) {
    const std::uint32_t end = i + std::min(kGathered, stretch.records - i);
    std::size_t gathered = entries_.size();
    entries_.resize(gathered + end - i);
    for (; i < end; ++i) {
      const std::uint32_t key = scattered(keys[i]);
      entries_[gathered] = std::uint64_t{key} << 32 | (stretch.first + i);
      gathered += slots_.is_shared(key >> (32 - slot_bits_)) & std::uint32_t{active[i] != 0};
    }
    entries_.resize(gathered);
  }
}

void BandBuckets::sift() {
  const unsigned bits = slot_bits_for(entries_.size());
  const auto slot = [mask = (std::uint32_t{1} << bits) - 1](std::uint64_t entry) {
    return static_cast<std::uint32_t>(entry >> 32) &
           mask;  // the lower bits of the key: the upper ones agreed by chance
  };
  slots_.clear(bits);
  for (const std::uint64_t entry : entries_) slots_.meet(slot(entry), 1);
  std::size_t kept = 0;
  for (const std::uint64_t entry : entries_) {
    entries_[kept] = entry;
    kept += slots_.is_shared(slot(entry));
  }
  entries_.resize(kept);
}

void BandBuckets::find_buckets() {
  buckets_.clear();
  const unsigned shift = 64 - slot_bits_;
  for (std::size_t begin = 0, end = 0; begin < entries_.size(); begin = end) {
    const std::uint64_t slot = entries_[begin] >> shift;
    while (end < entries_.size() && entries_[end] >> shift == slot) ++end;
    find_buckets_of_slot(begin, end);
  }
}

void BandBuckets::find_buckets_of_slot(std::size_t begin, std::size_t end) {
  const auto at = [&](std::size_t i) { return entries_.begin() + static_cast<std::ptrdiff_t>(i); };
  const auto same_key = [](std::uint64_t a, std::uint64_t b) { return a >> 32 == b >> 32; };
  if (!std::is_sorted(at(begin), at(end))) std::sort(at(begin), at(end));  // it is, when all have one key
  while (begin < end) {
    const auto stop =
        std::find_if_not(at(begin), at(end), [&](auto entry) { return same_key(entry, entries_[begin]); });
    const auto members = static_cast<std::uint32_t>(stop - at(begin));
    if (members > 1) buckets_.push_back({begin, members});
    begin += members;
  }
}

}  // namespace tunegate
