#pragma once
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace tunegate {

/// Tells which records stand in a crowd, while they are read: those with a band key that many shortly before had, as
/// records have that share a template or the beginning of their prompts.
///
/// A table of frequent keys, in which a key that is met raises its count and another one of the same slot lowers it. It
/// learns from every fourth record: that costs ordinary data next to nothing. What it says depends on the order of the
/// records; nothing but speed may depend on it.
/// Source: Misra, Gries 1982 (frequent items), with one counter a slot.
class CrowdWatch {
 public:
  bool is_crowded(std::span<const std::uint32_t> band_keys) {
    if (records_++ % kStep == 0) learn(band_keys);
    return has_crowd_ && std::ranges::any_of(band_keys, [this](std::uint32_t key) {
             return slot(key).key == key && slot(key).count >= kCrowd;
           });
  }

 private:
  struct Slot {
    std::uint32_t key = 0;
    std::uint32_t count = 0;
  };
  static constexpr std::uint32_t kStep = 4;
  static constexpr std::uint32_t kCrowd = 4;  // of the records that it learns from
  static constexpr int kSlotBits = 11;

  /// Without a branch: what comes could not be foreseen.
  void learn(std::span<const std::uint32_t> band_keys) {
    std::uint32_t most = 0;
    for (const std::uint32_t key : band_keys) {
      Slot& known = slot(key);
      const bool is_met = known.key == key, is_free = known.count == 0;
      known.key = is_met || is_free ? key : known.key;
      known.count = is_met || is_free ? known.count + 1 : known.count - 1;
      most = std::max(most, is_met ? known.count : 0);
    }
    has_crowd_ |= most >= kCrowd;
  }

  Slot& slot(std::uint32_t key) { return slots_[key * 0x9E3779B1u >> (32 - kSlotBits)]; }

  std::array<Slot, std::size_t{1} << kSlotBits> slots_{};
  std::uint32_t records_ = 0;
  bool has_crowd_ = false;
};

}  // namespace tunegate
