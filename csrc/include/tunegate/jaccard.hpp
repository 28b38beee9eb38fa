#pragma once
#include <cstddef>
#include <cstdint>
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
bool is_less(Overlap left, Overlap right);

/// A similarity threshold as a fraction, inclusive, compared as integers: 0.8 is 4 / 5.
struct Threshold {
  std::uint32_t numerator = 4;
  std::uint32_t denominator = 5;

  bool is_met(Overlap overlap) const {
    return overlap.united > 0 &&
           std::uint64_t{overlap.shared} * denominator >= std::uint64_t{overlap.united} * numerator;
  }
  /// Whether sets of these sizes can meet it at all: the smaller holds at least that share of the larger.
  bool is_possible(std::size_t a, std::size_t b) const;
  /// The least intersection of two sets of these sizes that meets it.
  std::size_t least_shared(std::size_t a, std::size_t b) const;
};

/// Compares one set with many. The hashes come in any order, repeated or not; repeats count once.
///
/// Open addressing on the hashes themselves. Loading a set is O(its size), comparing O(size of the other).
/// The reference in the tests is std::set_intersection over sorted unique hashes.
class SetComparer {
 public:
  void load(std::span<const std::uint64_t> hashes);
  /// Distinct hashes of the loaded set.
  std::size_t size() const { return size_; }
  /// The overlap of the loaded set with another.
  Overlap compare(std::span<const std::uint64_t> hashes);

 private:
  std::size_t size_ = 0;
  std::vector<std::uint64_t> slots_, others_;
  std::vector<std::uint32_t> stamps_, other_stamps_;
  std::uint32_t stamp_ = 0, other_stamp_ = 0;
};

}  // namespace tunegate
