#pragma once
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "tunegate/simd_level.hpp"

namespace tunegate {

/// What stands in 64 bytes of JSON, a bit for each byte, least significant first.
struct JsonMarks {
  std::uint64_t quotes;   // that no backslash escapes
  std::uint64_t escapes;  // backslashes that begin one
  std::uint64_t unknown;  // bytes behind those, of escapes that are none of the eight of one letter
};

/// What mark_json() saw anywhere in the text.
struct JsonMarksSeen {
  bool odd = false;  // control characters, or bytes that are no ASCII
  bool unknown = false;
};

/// Marks every byte of `text`, as if all of it were the body of one string. `marks` has one for each 64 bytes of it
/// and one behind, without bits beyond the end; what follows in the vector, which only grows, means nothing. The
/// same on every level. O(bytes); reads no byte outside of `text`.
JsonMarksSeen mark_json(std::string_view text, std::vector<JsonMarks>& marks, SimdLevel level);

}  // namespace tunegate
