#include "tunegate/simd_level.hpp"

#include <algorithm>
#include <array>
#include <cstdlib>

namespace tunegate {
namespace {

constexpr std::array<std::string_view, 4> kNames{"scalar", "v2", "v3", "v4"};

SimdLevel detect() {
#if defined(__x86_64__)
  // By features, because only newer compilers know the levels by name here.
  if (!__builtin_cpu_supports("sse4.2") || !__builtin_cpu_supports("popcnt")) return SimdLevel::kScalar;
  const bool v3 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi") && __builtin_cpu_supports("bmi2") &&
                  __builtin_cpu_supports("fma");
  if (!v3) return SimdLevel::kV2;
  const bool v4 = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                  __builtin_cpu_supports("avx512cd") && __builtin_cpu_supports("avx512dq") &&
                  __builtin_cpu_supports("avx512vl");
  return v4 ? SimdLevel::kV4 : SimdLevel::kV3;
#else
  return SimdLevel::kScalar;
#endif
}

SimdLevel choose() {
  const char* name = std::getenv("TUNEGATE_SIMD");
  const auto named = name == nullptr ? std::nullopt : find_simd_level(name);
  return named && *named <= best_simd_level() ? *named : best_simd_level();
}

}  // namespace

SimdLevel best_simd_level() {
  static const SimdLevel best = detect();
  return best;
}

SimdLevel simd_level() {
  static const SimdLevel chosen = choose();
  return chosen;
}

std::string_view simd_level_name(SimdLevel level) { return kNames[static_cast<std::size_t>(level)]; }

std::optional<SimdLevel> find_simd_level(std::string_view name) {
  const auto found = std::find(kNames.begin(), kNames.end(), name);
  if (found == kNames.end()) return std::nullopt;
  return static_cast<SimdLevel>(found - kNames.begin());
}

}  // namespace tunegate
