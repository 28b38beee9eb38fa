#pragma once
#include <bit>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "split_piece.hpp"
#include "tunegate/split_rule.hpp"

namespace tunegate {

/// Up to 64 ASCII bytes of a text, one bit each, the first byte in the lowest bit. Bits from BlockOfText::size on mean
/// nothing.
struct BlockBits {
  std::uint64_t letter = 0;
  std::uint64_t capital = 0;
  std::uint64_t number = 0;
  std::uint64_t space = 0;  // \s
  std::uint64_t blank = 0;  // ' '
  std::uint64_t line_end = 0;
  std::uint64_t apostrophe = 0;
  std::uint64_t slash = 0;
  std::uint64_t beyond_ascii = 0;
};

/// The text from the first byte of a block on, the number of bytes that the block knows, and whether the text ends
/// with them.
struct BlockOfText {
  std::string_view text;
  std::size_t size = 0;
  bool is_last = false;
};

/// The lowest `count` bits.
constexpr std::uint64_t lowest(std::size_t count) {
  return count >= 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << count) - 1;
}

constexpr std::uint64_t bit(std::size_t at) { return at >= 64 ? 0 : std::uint64_t{1} << at; }

/// Each bit where the byte before has the bit. A block starts with a piece, so nothing comes before it.
constexpr std::uint64_t after(std::uint64_t bits) { return bits << 1; }

/// White space that something else follows. The last byte of the block counts as followed by white space: `\s+(?!\S)`
/// gives nothing back at the end of the text, and elsewhere it is not known yet.
constexpr std::uint64_t last_of_space(const BlockBits& bits, const BlockOfText& block) {
  return bits.space & ~(bits.space >> 1 | bit(block.size - 1));
}

/// The bits of `through` that follow one of `from` without a gap, and `from` itself.
constexpr std::uint64_t flood(std::uint64_t from, std::uint64_t through) {
  for (int distance = 1; distance < 64; distance *= 2) {
    from |= through & (from << distance);
    through &= through << distance;
  }
  return from;
}

/// Contractions that are pieces: `candidates` are apostrophes with which a piece starts. Where the block ends too early
/// to tell, no piece is known to start after the apostrophe.
template <class BytesOf>
std::uint64_t split_contractions(std::uint64_t starts, std::uint64_t candidates, const BlockOfText& block,
                                 BytesOf bytes_of) {
  for (; candidates != 0; candidates &= candidates - 1) {
    const auto at = static_cast<std::size_t>(std::countr_zero(candidates));
    if (at + 3 > block.size && !block.is_last) return starts & lowest(at + 1);
    const std::size_t bytes = bytes_of(block.text, at);
    if (bytes > 0) starts = (starts & ~(lowest(bytes) << at)) | bit(at) | bit(at + bytes);
  }
  return starts;
}

/// Contractions that belong to the word before them: `candidates` are apostrophes after a letter. The word before a
/// second one in a row has ended with the first.
inline std::uint64_t join_contractions(std::uint64_t starts, std::uint64_t candidates, const BlockOfText& block) {
  std::size_t joined_end = 0;
  for (; candidates != 0; candidates &= candidates - 1) {
    const auto at = static_cast<std::size_t>(std::countr_zero(candidates));
    if (at + 3 > block.size && !block.is_last) return starts & lowest(at);
    if (at == joined_end) continue;
    const std::size_t bytes = caseless_contraction_bytes(block.text, at);
    if (bytes == 0) continue;
    joined_end = at + bytes;
    starts = (starts & ~(lowest(bytes) << at)) | bit(joined_end);
  }
  return starts;
}

/// Blanks after a line end start a piece unless another line end follows them, to which `\s*[\r\n]+` then reaches.
inline std::uint64_t indentation_starts(std::uint64_t candidates, const BlockBits& bits, const BlockOfText& block) {
  const std::uint64_t blank = bits.space & ~bits.line_end;
  std::uint64_t starts = 0;
  for (; candidates != 0; candidates &= candidates - 1) {
    const auto at = static_cast<std::size_t>(std::countr_zero(candidates));
    const std::size_t end = at + static_cast<std::size_t>(std::countr_one(blank >> at));
    const bool is_start = end < block.size ? (bits.line_end & bit(end)) == 0 : block.is_last;
    if (is_start) starts |= bit(at);
  }
  return starts;
}

/// `\p{N}{1,3}`
constexpr std::uint64_t starts_of_threes(std::uint64_t number) {
  std::uint64_t starts = number & ~after(number);
  const std::uint64_t goes_on = number & number << 1 & number << 2 & number << 3;
  for (std::uint64_t next = starts << 3 & goes_on; next != 0; next = next << 3 & goes_on) starts |= next;
  return starts;
}

inline std::uint64_t gpt2_starts(const BlockBits& bits, const BlockOfText& block) {
  const std::uint64_t sign = ~(bits.letter | bits.number | bits.space);
  const std::uint64_t runs =
      (bits.letter & ~after(bits.letter)) | (bits.number & ~after(bits.number)) | (sign & ~after(sign));
  const std::uint64_t starts =
      (runs & ~after(bits.blank)) | (bits.space & ~after(bits.space)) | last_of_space(bits, block);
  return split_contractions(starts, bits.apostrophe & starts & lowest(block.size), block, contraction_bytes);
}

/// All but kGpt2. Among ASCII characters, which have no marks, kQwen35 is kQwen2.
template <SplitRule kRule>
std::uint64_t line_aware_starts(const BlockBits& bits, const BlockOfText& block) {
  constexpr bool kIsCased = kRule == SplitRule::kO200k || kRule == SplitRule::kTekken;
  constexpr bool kTakesThree = kRule == SplitRule::kLlama3 || kRule == SplitRule::kO200k;
  const std::uint64_t sign = ~(bits.letter | bits.number | bits.space);
  const std::uint64_t signed_line_end = bits.line_end & after(sign);
  const std::uint64_t tail =  // [\r\n]* or [\r\n/]* after signs
      signed_line_end == 0 ? 0 : flood(signed_line_end, kIsCased ? bits.line_end | bits.slash : bits.line_end);
  const std::uint64_t free_sign = sign & ~tail;
  const std::uint64_t free_space = bits.space & ~tail;

  const std::uint64_t sign_starts = free_sign & ~after(free_sign | bits.blank);
  const std::uint64_t before_word = sign_starts | (bits.space & ~bits.line_end);  // [^\r\n\p{L}\p{N}]?
  std::uint64_t word_starts = bits.letter & ~after(bits.letter | before_word);
  if constexpr (kIsCased) word_starts |= bits.capital & after(bits.letter & ~bits.capital);
  const std::uint64_t number_starts = kTakesThree ? starts_of_threes(bits.number) : bits.number;
  const std::uint64_t space_starts =
      (free_space & ~after(free_space)) | (last_of_space(bits, block) & ~bits.line_end) |
      indentation_starts(free_space & ~bits.line_end & after(bits.line_end & ~tail) & lowest(block.size), bits, block);

  const std::uint64_t starts = sign_starts | word_starts | number_starts | space_starts;
  const std::uint64_t apostrophes = bits.apostrophe & lowest(block.size);
  if constexpr (kRule == SplitRule::kTekken) return starts;
  if constexpr (kRule == SplitRule::kO200k) return join_contractions(starts, apostrophes & after(bits.letter), block);
  return split_contractions(starts, apostrophes & sign_starts, block, caseless_contraction_bytes);
}

/// The bytes of the block with which pieces start, the first one included; a bit for each start that nothing after the
/// block can change.
template <SplitRule kRule>
std::uint64_t piece_starts(const BlockBits& bits, const BlockOfText& block) {
  std::uint64_t starts = 0;
  if constexpr (kRule == SplitRule::kGpt2) {
    starts = gpt2_starts(bits, block);
  } else {
    starts = line_aware_starts<kRule>(bits, block);
  }
  return starts & lowest(block.size);
}

}  // namespace tunegate
