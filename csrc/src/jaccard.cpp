#include "tunegate/jaccard.hpp"

#include <bit>
#include <utility>

namespace tunegate {
namespace {

/// 16 KiB. A fifth full with two sets of 100, so that the first slot is nearly always the right one and the branches
/// are foreseen: half the time of a table half full.
constexpr std::size_t kFewestSlots = 1024;

}  // namespace

/// The upper bits of a product by 2^64 / golden ratio: hashes of few low bits spread as well.
std::size_t SetComparer::home(std::uint64_t hash) const {
  return static_cast<std::size_t>(hash * 0x9E3779B97F4A7C15U >> shift_);
}

/// Twice as many slots as hashes, from the front of the memory: a small set after a large one stays in the cache.
void SetComparer::make_room(std::size_t hashes) {
  const std::size_t slots = std::bit_ceil(std::max(kFewestSlots, 2 * hashes));
  if (slots > slots_.size()) slots_.resize(slots);
  mask_ = slots - 1;
  shift_ = 64 - std::countr_zero(slots);
  if (++loaded_ == 0) {
    for (Slot& slot : slots_) slot.loaded = 0;
    loaded_ = 1;
  }
}

void SetComparer::load(std::span<const std::uint64_t> hashes) {
  make_room(2 * hashes.size());  // for another one of the same size too
  distinct_.clear();
  for (const std::uint64_t hash : hashes) insert(hash);
}

void SetComparer::insert(std::uint64_t hash) {
  std::size_t at = home(hash);
  for (; slots_[at].loaded == loaded_; at = (at + 1) & mask_) {
    if (slots_[at].hash == hash) return;
  }
  slots_[at].hash = hash;
  slots_[at].loaded = loaded_;
  distinct_.push_back(hash);
}

/// The same set in more slots.
void SetComparer::make_more_room(std::size_t hashes) {
  const std::vector<std::uint64_t> loaded = std::move(distinct_);
  make_room(hashes);
  distinct_.clear();
  for (const std::uint64_t hash : loaded) insert(hash);
}

/// The slot of a hash of either set, or a free one.
inline SetComparer::Slot& SetComparer::find(std::uint64_t hash) {
  std::size_t at = home(hash);
  while ((is_loaded(slots_[at]) || is_seen(slots_[at])) && slots_[at].hash != hash) at = (at + 1) & mask_;
  return slots_[at];
}

void SetComparer::begin_other(std::size_t hashes) {
  if (2 * (size() + hashes) > mask_ + 1) make_more_room(size() + hashes);
  if (++seen_ == 0) {
    for (Slot& slot : slots_) slot.seen = 0;
    seen_ = 1;
  }
}

/// Counts a hash of the other set, unless it was seen: as shared, or as one more in the union.
inline void SetComparer::count(std::uint64_t hash, Overlap& counted) {
  Slot& slot = find(hash);
  if (is_seen(slot)) return;
  slot.seen = seen_;
  if (is_loaded(slot)) {
    ++counted.shared;
  } else {
    slot.hash = hash;
    ++counted.united;
  }
}

Overlap SetComparer::compare(std::span<const std::uint64_t> hashes) {
  begin_other(hashes.size());
  Overlap counted{0, static_cast<std::uint32_t>(size())};
  for (const std::uint64_t hash : hashes) count(hash, counted);
  return counted;
}

/// Repeats only make the other set smaller, and a smaller one may have fewer hashes that are not shared.
std::optional<Overlap> SetComparer::match(std::span<const std::uint64_t> hashes, Threshold threshold) {
  if (hashes.size() < size() && !threshold.is_possible(size(), hashes.size())) return std::nullopt;
  const std::size_t least = std::min(threshold.least_shared(size(), hashes.size()), hashes.size());
  begin_other(hashes.size());
  const std::size_t most = size() + hashes.size() - least;
  Overlap counted{0, static_cast<std::uint32_t>(size())};
  for (std::size_t i = 0; i < hashes.size(); ++i) {
    count(i % 2 == 0 ? hashes[i / 2] : hashes[hashes.size() - 1 - i / 2], counted);
    if (counted.united > most) return std::nullopt;
  }
  return threshold.is_met(counted) ? std::optional(counted) : std::nullopt;
}

}  // namespace tunegate
