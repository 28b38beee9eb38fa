#pragma once
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace tunegate {

/// The sizes of an intersection and of a union: an exact Jaccard similarity.
struct Overlap {
  std::uint32_t shared = 0;
  std::uint32_t united = 0;
  /// shared / united; 0 for two empty sets.
  double similarity() const { return united == 0 ? 0.0 : static_cast<double>(shared) / united; }
  bool operator==(const Overlap&) const = default;
};

/// Whether `left` is less similar than `right`, compared as integers.
inline bool is_less(Overlap left, Overlap right) {
  return std::uint64_t{left.shared} * std::max(right.united, 1U) <
         std::uint64_t{right.shared} * std::max(left.united, 1U);
}

/// A similarity threshold as a fraction, inclusive, compared as integers: 0.8 is 4 / 5. Above 0, at most 1; sizes of
/// sets below 2^31.
struct Threshold {
  std::uint32_t numerator = 4;
  std::uint32_t denominator = 5;

  bool is_met(Overlap overlap) const {
    return overlap.united > 0 &&
           std::uint64_t{overlap.shared} * denominator >= std::uint64_t{overlap.united} * numerator;
  }
  /// Whether sets of these sizes can meet it at all: the smaller holds at least that share of the larger.
  bool is_possible(std::size_t a, std::size_t b) const {
    return std::min(a, b) > 0 &&
           std::uint64_t{std::min(a, b)} * denominator >= std::uint64_t{std::max(a, b)} * numerator;
  }
  /// The least intersection of two sets of these sizes that meets it; more than the smaller one when none does.
  std::size_t least_shared(std::size_t a, std::size_t b) const {
    const std::uint64_t parts =
        std::uint64_t{numerator} + denominator;  // s / (a + b - s) >= t: s >= t (a + b) / (1 + t)
    return static_cast<std::size_t>((std::uint64_t{a + b} * numerator + parts - 1) / parts);
  }
};

/// Compares one set with many. The hashes come in any order, repeated or not; repeats count once.
///
/// Open addressing on the hashes themselves. Loading a set is O(its size), comparing O(size of the other): 2 to 4 ns
/// a hash. Holds 16 KiB, and 64 to 128 bytes a hash of the largest set loaded.
/// The reference in the tests is std::set_intersection over sorted unique hashes.
class SetComparer {
 public:
  void load(std::span<const std::uint64_t> hashes);
  /// The distinct hashes of the loaded set, in the order of their first occurrence, and how many there are.
  std::span<const std::uint64_t> distinct() const { return distinct_; }
  std::size_t size() const { return distinct_.size(); }
  /// The overlap of the loaded set with another.
  Overlap compare(std::span<const std::uint64_t> hashes);
  /// The same when it meets the threshold, else nothing: it gives up as soon as too many hashes are not shared, and
  /// looks from both ends by turns, for what texts share often stands at one.
  std::optional<Overlap> match(std::span<const std::uint64_t> hashes, Threshold threshold);

 private:
  /// Occupied by the loaded set when `loaded` is its stamp, by the other one when `seen` is: nothing is cleared
  /// between sets, and the slots of the other one are free again for the next.
  struct Slot {
    std::uint64_t hash = 0;
    std::uint16_t loaded = 0;
    std::uint16_t seen = 0;
  };

  void begin_other(std::size_t hashes);
  void make_room(std::size_t hashes);
  void make_more_room(std::size_t hashes);
  void insert(std::uint64_t hash);
  Slot& find(std::uint64_t hash);
  void count(std::uint64_t hash, Overlap& counted);
  std::size_t home(std::uint64_t hash) const;
  bool is_loaded(const Slot& slot) const { return slot.loaded == loaded_; }
  bool is_seen(const Slot& slot) const { return slot.seen == seen_; }

  std::vector<std::uint64_t> distinct_;
  std::vector<Slot> slots_;
  std::size_t mask_ = 0;  // of the slots in use, a power of two less one
  int shift_ = 0;
  std::uint16_t loaded_ = 0, seen_ = 0;
};

}  // namespace tunegate
