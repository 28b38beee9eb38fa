#include "normalization_data.hpp"

#include <algorithm>
#include <tuple>

namespace tunegate {
namespace {

// The Unicode Standard, section 3.12, "Conjoining Jamo Behavior".
constexpr char32_t kFirstSyllable = 0xAC00, kFirstLeading = 0x1100, kFirstVowel = 0x1161, kBeforeTrailing = 0x11A7;
constexpr char32_t kLeadings = 19, kVowels = 21, kTrailings = 28;
constexpr char32_t kSyllables = kLeadings * kVowels * kTrailings;

/// Whether `character` is one of `count` from `first` on.
constexpr bool within(char32_t character, char32_t first, char32_t count) { return character - first < count; }

char32_t compose_hangul(char32_t first, char32_t second) {
  if (within(first, kFirstLeading, kLeadings) && within(second, kFirstVowel, kVowels)) {
    return kFirstSyllable + ((first - kFirstLeading) * kVowels + (second - kFirstVowel)) * kTrailings;
  }
  const bool has_no_trailing = within(first, kFirstSyllable, kSyllables) && (first - kFirstSyllable) % kTrailings == 0;
  if (has_no_trailing && within(second, kBeforeTrailing + 1, kTrailings - 1)) return first + second - kBeforeTrailing;
  return 0;
}

void append_hangul(char32_t syllable, std::vector<char32_t>& out) {
  const char32_t number = syllable - kFirstSyllable;
  out.push_back(kFirstLeading + number / (kVowels * kTrailings));
  out.push_back(kFirstVowel + number / kTrailings % kVowels);
  if (number % kTrailings != 0) out.push_back(kBeforeTrailing + number % kTrailings);
}

constexpr auto parts_of = [](const Decomposition& pair) { return std::tuple(pair.first, pair.second); };

}  // namespace

const NormalizationData& NormalizationData::table() {
  static const NormalizationData table;
  return table;
}

NormalizationData::NormalizationData() : by_parts_(kCanonicalPairs.begin(), kCanonicalPairs.end()) {
  std::ranges::sort(by_parts_, {}, parts_of);
  std::ranges::merge(kCanonicalPairs, kOneWayDecompositions, std::back_inserter(by_character_), {},
                     &Decomposition::character, &Decomposition::character);
  for (const CombiningRange& range : kCombiningRanges) {
    for (char32_t character = range.first; character <= range.last; ++character) add(character, range.combining_class);
  }
  for (const Decomposition& one_way : kOneWayDecompositions) add(one_way.character, kMayChange);
  for (const Decomposition& pair : kCanonicalPairs) add(pair.second, kMayChange);
  for (const Decomposition& any : by_character_) add(any.character, kDecomposes);
  for (char32_t i = 0; i < kVowels; ++i) add(kFirstVowel + i, kMayChange);
  for (char32_t i = 1; i < kTrailings; ++i) add(kBeforeTrailing + i, kMayChange);
}

void NormalizationData::add(char32_t character, std::uint16_t trait) {
  std::uint16_t& number = block_numbers_.at(character / kBlock);
  if (number == 0) {
    number = static_cast<std::uint16_t>(blocks_.size());
    blocks_.emplace_back();
  }
  std::uint16_t& traits = blocks_[number][character % kBlock];
  traits = static_cast<std::uint16_t>(traits | trait);
}

void NormalizationData::append_decomposition(char32_t character, std::vector<char32_t>& out) const {
  if (within(character, kFirstSyllable, kSyllables)) return append_hangul(character, out);
  if ((traits(character) & kDecomposes) == 0) return out.push_back(character);
  const auto found = std::ranges::lower_bound(by_character_, character, {}, &Decomposition::character);
  append_decomposition(found->first, out);
  if (found->second != 0) append_decomposition(found->second, out);
}

char32_t NormalizationData::compose(char32_t first, char32_t second) const {
  if (!may_change(second)) return 0;
  if (const char32_t syllable = compose_hangul(first, second)) return syllable;
  const auto found = std::ranges::lower_bound(by_parts_, std::tuple(first, second), {}, parts_of);
  const bool is_pair = found != by_parts_.end() && parts_of(*found) == std::tuple(first, second);
  return is_pair ? found->character : 0;
}

}  // namespace tunegate
