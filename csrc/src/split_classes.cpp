#include "split_classes.hpp"

#include <algorithm>
#include <map>

namespace tunegate {

const CharacterClasses& CharacterClasses::table() {
  static const CharacterClasses table;
  return table;
}

CharacterClasses::CharacterClasses() {
  std::vector<std::uint8_t> classes(kLast + 1, kSymbol);
  for (const ClassRange& range : kClassRanges) {
    for (char32_t character = range.first; character <= range.last; character += range.step) {
      classes[character] = range.character_class;
    }
  }
  std::map<Block, std::uint8_t> known;  // scripts/tokenizer_tables.py sees to it that they are fewer than 256
  for (std::size_t number = 0; number < block_numbers_.size(); ++number) {
    Block block;
    std::copy_n(classes.begin() + static_cast<std::ptrdiff_t>(number * kBlock), kBlock, block.begin());
    const auto [place, is_new] = known.try_emplace(block, static_cast<std::uint8_t>(blocks_.size()));
    if (is_new) blocks_.push_back(block);
    block_numbers_[number] = place->second;
  }
  std::copy_n(classes.begin(), ascii_.size(), ascii_.begin());
}

}  // namespace tunegate
