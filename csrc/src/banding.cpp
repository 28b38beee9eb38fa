#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <string>

#include "tunegate/minhash.hpp"

namespace tunegate {
namespace {

constexpr std::uint32_t kMostRows = 16;
constexpr std::uint32_t kUsualLanes = 96;     // six AVX-512 registers
constexpr std::uint32_t kTwoRowsLanes = 256;  // what two rows may take

/// The fewest bands of `rows` rows that reach the recall; 0 where they take more than kMostLanes.
std::uint32_t fewest_bands(std::uint32_t rows, double threshold, double recall) {
  const double estimate = std::log1p(-recall) / std::log1p(-std::pow(threshold, rows));
  if (!(estimate * rows <= MinHasher::kMostLanes)) return 0;
  auto bands = static_cast<std::uint32_t>(std::max(1.0, std::ceil(estimate)));
  // The estimate may be off by its rounding.
  while (bands > 1 && expected_recall({bands - 1, rows}, threshold) >= recall) --bands;
  while (expected_recall({bands, rows}, threshold) < recall) ++bands;
  return bands * rows <= MinHasher::kMostLanes ? bands : 0;
}

void require(bool is_right, const std::string& what) {
  if (!is_right) throw std::invalid_argument(what);
}

}  // namespace

double expected_recall(Banding banding, double similarity) {
  return 1 - std::pow(1 - std::pow(similarity, banding.rows), banding.bands);
}

Banding choose_banding(double threshold, double recall) {
  require(threshold > 0 && threshold <= 1,
          "threshold " + std::to_string(threshold) + " is not above 0 and at most 1, such as 0.8");
  require(recall > 0 && recall < 1, "recall " + std::to_string(recall) + " is not between 0 and 1, such as 0.9999");
  for (std::uint32_t rows = kMostRows; rows > 0; --rows) {
    const std::uint32_t most_lanes = rows > 2 ? kUsualLanes : rows == 2 ? kTwoRowsLanes : MinHasher::kMostLanes;
    const std::uint32_t bands = fewest_bands(rows, threshold, recall);
    if (bands > 0 && bands * rows <= most_lanes) return {bands, rows};
  }
  throw std::invalid_argument("threshold " + std::to_string(threshold) +
                              " is too low to find similar pairs by MinHash");
}

}  // namespace tunegate
