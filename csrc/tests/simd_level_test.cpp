#include "tunegate/simd_level.hpp"

#include "check.hpp"

using namespace tunegate;

TEST(each_level_is_found_by_its_name) {
  for (const SimdLevel level : {SimdLevel::kScalar, SimdLevel::kV2, SimdLevel::kV3, SimdLevel::kV4}) {
    CHECK(find_simd_level(simd_level_name(level)) == level);
  }
  CHECK(find_simd_level("scalar") == SimdLevel::kScalar);
  CHECK(find_simd_level("v4") == SimdLevel::kV4);
  for (const char* name : {"", "v1", "v5", "V3", "v3 "}) CHECK(!find_simd_level(name));
}

TEST(the_level_in_use_is_one_that_the_processor_has) {
  CHECK(simd_level() <= best_simd_level());
  CHECK(simd_level() == simd_level());
}
