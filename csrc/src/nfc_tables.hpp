#pragma once
#include <cstdint>
#include <span>

namespace tunegate {

/// Characters with the same canonical combining class, which is not 0.
struct CombiningRange {
  char32_t first;
  char32_t last;
  std::uint8_t combining_class;
};

/// A character and the one or two that it is canonically made of; `second` is 0 where it is one.
struct Decomposition {
  char32_t character;
  char32_t first;
  char32_t second;
};

/// Tables of Unicode 9, made by scripts/tokenizer_tables.py, sorted by character; syllables of Hangul are in none.
///
/// Canonical pairs compose again. One-way decompositions do not: singletons and the composition exclusions.
extern const std::span<const CombiningRange> kCombiningRanges;
extern const std::span<const Decomposition> kCanonicalPairs;
extern const std::span<const Decomposition> kOneWayDecompositions;

}  // namespace tunegate
