#pragma once
#include <span>

#include "word_tables.hpp"

namespace tunegate {

/// The characters that `\w` takes in regular expressions by the Unicode standard (UTS #18, annex C): letters, marks,
/// decimal digits, connectors and joiners. Python's `\w` is another: see kWordRanges.
extern const std::span<const CharacterRange> kRegexWordRanges;

/// Accepts kNoCharacter, which is in no word. O(log ranges).
bool is_regex_word(char32_t character);

}  // namespace tunegate
