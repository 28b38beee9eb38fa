#pragma once
#include <cstdint>
#include <span>

namespace tunegate {

struct CharacterRange {
  char32_t first;
  char32_t last;
};

/// Every step-th character from first to last has the lower case that lies `difference` further on.
struct CaseRange {
  char32_t first;
  char32_t last;
  std::uint32_t step;
  std::int32_t difference;
};

/// Sorted tables of Unicode 14, made by scripts/unicode_tables.py.
///
/// Words: Python's str.isalnum, and the underscore. Case-ignorable and cased: what str.lower looks at around a
/// capital sigma; a character that is both stands with the ignorable ones. U+0130, whose lower case is two
/// characters, is in no CaseRange.
extern const std::span<const CharacterRange> kWordRanges;
extern const std::span<const CharacterRange> kCaseIgnorableRanges;
extern const std::span<const CharacterRange> kCasedRanges;
extern const std::span<const CaseRange> kLowerCaseRanges;

}  // namespace tunegate
