#include "tunegate/split_rule.hpp"

#include <algorithm>
#include <bit>
#include <cstring>

#include "split_bits.hpp"
#include "split_blocks.hpp"
#include "split_classes.hpp"
#include "split_piece.hpp"

namespace tunegate {
namespace {

using FindEnds = std::size_t (*)(std::string_view text, std::size_t begin, std::span<std::size_t> ends);

template <SplitRule kRule>
std::size_t find_ends_scalar(std::string_view text, std::size_t begin, std::span<std::size_t> ends) {
  const ClassedText classed(CharacterClasses::table(), text);
  std::size_t count = 0;
  for (; begin < text.size() && count < ends.size(); ++count) ends[count] = begin = piece_end<kRule>(classed, begin);
  return count;
}

#if defined(__x86_64__)
/// The bits of up to 64 bytes from `at` on; fewer stand at the end of the text.
template <class Block>
[[gnu::always_inline]] inline BlockBits read_block(std::string_view text, std::size_t at) {
  const std::size_t rest = text.size() - at;
  if (rest >= kBlock) return Block::read(text.data() + at);
  char padded[kBlock] = {};
  std::memcpy(padded, text.data() + at, rest);
  return Block::read(padded);
}

/// Whether a block is worth the work: at least eight bytes of ASCII.
inline bool starts_in_ascii(std::string_view text, std::size_t at) {
  std::uint64_t word = 0;
  if (text.size() - at < sizeof word) return false;
  std::memcpy(&word, text.data() + at, sizeof word);
  return (word & 0x8080808080808080) == 0;
}

/// The ends of the pieces of one block, as far as they lie within it; returns how many.
template <SplitRule kRule, class Block>
[[gnu::always_inline]] inline std::size_t find_ends_in_block(std::string_view text, std::size_t at, std::size_t* ends) {
  const BlockBits bits = read_block<Block>(text, at);
  const std::size_t rest = std::min(text.size() - at, kBlock);
  const std::size_t size = std::min(rest, static_cast<std::size_t>(std::countr_zero(bits.beyond_ascii)));
  const BlockOfText block{text.substr(at), size, size == text.size() - at};
  std::size_t count = 0;
  for (std::uint64_t starts = piece_starts<kRule>(bits, block) & ~bit(0); starts != 0; starts &= starts - 1) {
    ends[count++] = at + static_cast<std::size_t>(std::countr_zero(starts));
  }
  if (block.is_last) ends[count++] = text.size();
  return count;
}

template <SplitRule kRule, class Block>
[[gnu::always_inline]] inline std::size_t find_ends_in_blocks(std::string_view text, std::size_t begin,
                                                              std::span<std::size_t> ends) {
  const ClassedText classed(CharacterClasses::table(), text);
  std::size_t count = 0;
  while (begin < text.size() && ends.size() - count >= kBlock) {
    std::size_t found = 0;
    if (starts_in_ascii(text, begin)) found = find_ends_in_block<kRule, Block>(text, begin, ends.data() + count);
    if (found == 0) {
      ends[count] = piece_end<kRule>(classed, begin);
      found = 1;
    }
    count += found;
    begin = ends[count - 1];
  }
  return count;
}

template <SplitRule kRule>
[[gnu::target("arch=x86-64-v2")]] std::size_t find_ends_v2(std::string_view text, std::size_t begin,
                                                           std::span<std::size_t> ends) {
  return find_ends_in_blocks<kRule, BlockV2>(text, begin, ends);
}

template <SplitRule kRule>
[[gnu::target("arch=x86-64-v3")]] std::size_t find_ends_v3(std::string_view text, std::size_t begin,
                                                           std::span<std::size_t> ends) {
  return find_ends_in_blocks<kRule, BlockV3>(text, begin, ends);
}
#endif

template <SplitRule kRule>
FindEnds finder(SimdLevel level) {
#if defined(__x86_64__)
  switch (level) {
    case SimdLevel::kV4:  // has little left to gain
    case SimdLevel::kV3: return &find_ends_v3<kRule>;
    case SimdLevel::kV2: return &find_ends_v2<kRule>;
    case SimdLevel::kScalar: break;
  }
#endif
  static_cast<void>(level);
  return &find_ends_scalar<kRule>;
}

}  // namespace

std::size_t find_piece_ends(SplitRule rule, std::string_view text, std::size_t begin, std::span<std::size_t> ends,
                            SimdLevel level) {
  switch (rule) {
    case SplitRule::kGpt2: return finder<SplitRule::kGpt2>(level)(text, begin, ends);
    case SplitRule::kLlama3: return finder<SplitRule::kLlama3>(level)(text, begin, ends);
    case SplitRule::kQwen2: return finder<SplitRule::kQwen2>(level)(text, begin, ends);
    case SplitRule::kQwen35: return finder<SplitRule::kQwen35>(level)(text, begin, ends);
    case SplitRule::kO200k: return finder<SplitRule::kO200k>(level)(text, begin, ends);
    case SplitRule::kTekken: return finder<SplitRule::kTekken>(level)(text, begin, ends);
  }
  return 0;
}

}  // namespace tunegate
