#pragma once
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "lower_ascii.hpp"
#include "word_characters.hpp"

namespace tunegate {

/// A text in lower case, in UTF-8, with a bit for each byte that says whether it is part of a word; between words
/// are bytes of no meaning. Any bytes are accepted, those that are no UTF-8 separate words. Reuses its memory.
class WordText {
 public:
  static constexpr std::size_t kReadable = 64;  // bytes that can be read beyond the last one

  explicit WordText(SimdLevel level);

  void clear();
  /// Adds a piece and ends the word at its end. O(bytes).
  void append(std::string_view piece);

  const char* bytes() const { return bytes_.data(); }
  /// 64 bytes each, the first one lowest; zero beyond the text.
  std::span<const std::uint64_t> word_bits() const { return {word_bits_.data(), (size_ + 63) / 64}; }

 private:
  void reserve(std::size_t more);
  std::size_t append_other(std::string_view piece, std::size_t at);

  LowerAscii lower_ascii_;
  const WordCharacters& characters_;
  std::vector<char> bytes_;
  std::vector<std::uint64_t> word_bits_;
  std::size_t size_ = 0;
};

}  // namespace tunegate
