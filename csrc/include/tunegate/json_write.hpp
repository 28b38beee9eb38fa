#pragma once
#include <string>
#include <string_view>

#include "tunegate/json_reader.hpp"

namespace tunegate {

/// Appends `text` (valid UTF-8) as a JSON string, quotes included; only what RFC 8259 demands is escaped.
void append_json_string(std::string& out, std::string_view text);

/// Appends `value` without white space, members sorted by key, strings escaped in one way only, so that
/// equal values give equal bytes. Numbers keep their spelling; a string with a lone surrogate keeps its
/// escapes as they stand. O(n log n).
void append_canonical_json(std::string& out, JsonValue value);

}  // namespace tunegate
