#pragma once
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

#include "tunegate/jaccard.hpp"

namespace tunegate {

template <std::size_t N>
[[gnu::always_inline]] inline std::uint32_t count_differing(const std::array<std::uint64_t, N>& left,
                                                            const std::array<std::uint64_t, N>& right) {
  std::uint32_t differing = 0;
  for (std::size_t i = 0; i < N; ++i) differing += static_cast<std::uint32_t>(std::popcount(left[i] ^ right[i]));
  return differing;
}

#if defined(__x86_64__)
template <std::size_t N>
[[gnu::target("popcnt")]] std::uint32_t count_differing_by_instruction(const std::array<std::uint64_t, N>& left,
                                                                       const std::array<std::uint64_t, N>& right) {
  return count_differing(left, right);
}
#endif

/// Whether two sets that set these bits, each hash one, can meet the threshold. `hashes`: of both sets together,
/// repeats included. Sets that differ in d bits differ in d hashes or more; repeats only make them look larger, and so
/// more alike.
template <std::size_t N>
bool may_meet(Threshold threshold, const std::array<std::uint64_t, N>& left, const std::array<std::uint64_t, N>& right,
              std::size_t hashes) {
#if defined(__x86_64__)
  static const bool has_instruction = __builtin_cpu_supports("popcnt") != 0;
  const std::uint32_t differing =
      has_instruction ? count_differing_by_instruction(left, right) : count_differing(left, right);
#else
  const std::uint32_t differing = count_differing(left, right);
#endif
  const auto both = static_cast<std::uint32_t>(hashes);
  return differing < both && threshold.is_met({both - differing, both + differing});
}

}  // namespace tunegate
