#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "tunegate/simd_level.hpp"

namespace tunegate {

/// What a shingle is made of: words, or characters for languages that put no space between words.
enum class ShingleUnit : std::uint8_t { kWords, kCharacters };

struct ShingleOptions {
  ShingleUnit unit = ShingleUnit::kWords;
  std::size_t size = 5;  // n of the n-gram, at least 1
  bool operator==(const ShingleOptions&) const = default;
};

/// Cuts a text into its shingles, as 64-bit hashes. Reuses its memory; one per thread.
///
/// Definition: the text in lower case (Python's str.lower, the context of a final sigma included), its words
/// the longest runs of `\w` (Python's re: str.isalnum or the underscore); a shingle is `size` words in a row,
/// or all of them when there are fewer; a text without a word has none. With kCharacters the words are joined
/// without anything between them and a shingle is `size` code points in a row. Unicode 14; bytes that are no
/// UTF-8 separate words. Two different shingles have the same hash with a probability of 2^-64. The hashes
/// are the same on every CPU level and machine.
///
/// Source: Broder 1997, On the resemblance and containment of documents ("w-shingling"); lower case, `\w+`
/// and n = 5 as in text-dedup and Lee et al. 2022 (n-grams of words).
class Shingler {
 public:
  explicit Shingler(ShingleOptions options, SimdLevel level = simd_level());
  ~Shingler();
  Shingler(Shingler&&) noexcept;
  Shingler& operator=(Shingler&&) noexcept;

  /// Begins a new text.
  void clear();
  /// Adds a piece of the text. Two pieces are apart as if a line break stood between them.
  void add(std::string_view piece);

  /// The hashes of all shingles in the order of the text, repeated where the text repeats. Valid until the
  /// next clear() or add(). O(bytes + shingles * log size); for words about 0.6 ns a byte of ASCII with AVX-512,
  /// 0.8 with AVX2, 2.5 to 5 in other scripts; for characters 2.5 to 6.
  std::span<const std::uint64_t> shingles();

  /// A hash of the words (kCharacters: of the characters) in order: two texts with the same one have the same
  /// shingles. 0 for a text without any.
  std::uint64_t text_hash();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace tunegate
