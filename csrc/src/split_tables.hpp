#pragma once
#include <cstdint>
#include <span>

namespace tunegate {

/// What the split rules tell characters apart by, one bit each.
enum CharacterClass : std::uint8_t {
  kCapital = 1,   // Lu, Lt
  kSmall = 2,     // Ll
  kUncased = 4,   // Lm, Lo
  kMark = 8,      // M
  kNumber = 16,   // N
  kBlank = 32,    // \s but for the line ends
  kLineEnd = 64,  // CR, LF
  kSymbol = 128,  // everything else, unassigned characters too
};

/// Every step-th character from first to last is of the class.
struct ClassRange {
  char32_t first;
  char32_t last;
  std::uint8_t step;
  std::uint8_t character_class;
};

/// The characters that are no kSymbol, made by scripts/tokenizer_tables.py; later ranges do not touch earlier ones.
extern const std::span<const ClassRange> kClassRanges;

}  // namespace tunegate
