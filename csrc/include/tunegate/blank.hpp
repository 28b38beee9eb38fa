#pragma once
#include <string_view>

namespace tunegate {

/// Whether a reader would see nothing: only white space and invisible characters, or no character at all.
///
/// Invisible is is_invisible() of unicode.hpp: controls, zero-width characters, fillers, the braille blank.
/// Any bytes are accepted; one that is no UTF-8 counts as visible. Stops at the first visible character.
bool is_blank(std::string_view text);

}  // namespace tunegate
