#pragma once
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace tunegate {

/// How many lists and objects may stand inside one another.
inline constexpr std::size_t kMaxJsonDepth = 128;

/// Why a text is no JSON: what is wrong, and the 0-based byte where it was seen.
struct JsonFault {
  std::string what;
  std::size_t offset = 0;
};

/// The obvious recursive checker of RFC 8259: the reference JsonDocument is tested against, and where
/// the words of its faults come from. Same language as JsonDocument; O(bytes), no allocation on success.
std::optional<JsonFault> check_json(std::string_view text, std::size_t max_depth = kMaxJsonDepth);

/// Writes the text of a JSON string body (between the quotes, escapes legal) to `out`, which has room for
/// body.size() bytes. Returns its end, or null at a lone surrogate.
char* unescape_json(std::string_view body, char* out);
/// The same as a string.
std::optional<std::string> unescape_json(std::string_view body);
/// The same for the legal escape at `body[at]` alone, or the two of a surrogate pair; moves `at` behind it.
char* unescape_one(std::string_view body, std::size_t& at, char* out);
/// Bytes of the escape \u at `text[at]`: 6, or 12 for a surrogate pair; 0 when it is none, or a lone surrogate.
std::size_t unicode_escape_bytes(std::string_view text, std::size_t at);

/// Length in bytes of the valid UTF-8 sequence at `text[at]`, 0 when there is none (RFC 3629: no
/// surrogates, no overlong forms, nothing above U+10FFFF).
std::size_t utf8_length(std::string_view text, std::size_t at);

}  // namespace tunegate
