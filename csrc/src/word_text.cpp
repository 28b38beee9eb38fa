#include "word_text.hpp"

#include <algorithm>

#include "tunegate/unicode.hpp"

namespace tunegate {
namespace {

bool beyond_ascii(std::string_view text, std::size_t at) {
  return at < text.size() && static_cast<unsigned char>(text[at]) >= 0x80;
}

}  // namespace

WordText::WordText(SimdLevel level)
    : lower_ascii_(lower_ascii(level)), characters_(WordCharacters::table()), bytes_(kReadable), word_bits_(2) {}

void WordText::clear() {
  size_ = 0;
  word_bits_[0] = 0;
}

void WordText::append(std::string_view piece) {
  reserve(piece.size());
  std::size_t at = 0;
  while (at < piece.size()) {
    const std::size_t ascii = lower_ascii_(piece.substr(at), bytes_.data(), word_bits_.data(), size_);
    at += ascii;
    size_ += ascii;
    at = append_other(piece, at);
  }
  append_bits(word_bits_.data(), size_, 0);
  ++size_;
}

void WordText::reserve(std::size_t more) {
  // Lower case takes at most half as much again: two bytes may become three.
  const std::size_t size = size_ + more + more / 2 + 1;
  if (bytes_.size() < size + kReadable) bytes_.resize(std::max(size + kReadable, 2 * bytes_.size()));
  if (word_bits_.size() < size / 64 + 2) word_bits_.resize(std::max(size / 64 + 2, 2 * word_bits_.size()));
}

std::size_t WordText::append_other(std::string_view piece, std::size_t at) {
  char* const bytes = bytes_.data();  // locals, because a write to bytes could change any member
  std::uint64_t* const word_bits = word_bits_.data();
  std::size_t size = size_;
  // A space between words of another script is no reason to look for a stretch of ASCII.
  while (beyond_ascii(piece, at) || (at < piece.size() && beyond_ascii(piece, at + 1))) {
    const Character character = decode(piece, at);
    const bool word = characters_.is_word(character.value);
    if (word) {
      const bool sigma = character.value == kCapitalSigma;
      const char32_t lower = sigma ? characters_.lower_sigma(piece, at) : characters_.lower(character.value);
      const std::size_t length = write_utf8(lower, bytes + size);
      append_bits(word_bits, size, (std::uint64_t{1} << length) - 1);
      size += length;
    }
    if (!word || character.value == kDottedCapitalI) append_bits(word_bits, size++, 0);
    at += character.bytes;
  }
  size_ = size;
  return at;
}

}  // namespace tunegate
