#pragma once
#include <cstdint>
#include <optional>
#include <string_view>

namespace tunegate {

/// The instruction sets that hot loops are compiled for: plain, SSE4.2, AVX2, AVX-512 (x86-64-v2 to v4).
enum class SimdLevel : std::uint8_t { kScalar, kV2, kV3, kV4 };

/// The highest level of this processor.
SimdLevel best_simd_level();

/// The level in use: the best one, or a lower one named by TUNEGATE_SIMD=scalar|v2|v3|v4, read once. A name
/// that is none of these, or a level that the processor lacks, counts as not given.
SimdLevel simd_level();

/// scalar, v2, v3 or v4.
std::string_view simd_level_name(SimdLevel level);

/// The level of that name; nothing for other names.
std::optional<SimdLevel> find_simd_level(std::string_view name);

}  // namespace tunegate
