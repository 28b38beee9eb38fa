#include "tunegate/blank.hpp"

#include "tunegate/unicode.hpp"

namespace tunegate {

bool is_blank(std::string_view text) {
  for (std::size_t at = 0; at < text.size();) {
    const Character character = decode(text, at);
    if (!is_white_space(character.value) && !is_invisible(character.value)) return false;
    at += character.bytes;
  }
  return true;
}

}  // namespace tunegate
