#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "tunegate/simd_level.hpp"

namespace tunegate {

/// How a pre-tokenizer cuts text into the pieces that byte-pair encoding works on. Each is one regular expression:
///
/// kGpt2    GPT-2, GPT-NeoX, and what ByteLevel applies with use_regex
/// kLlama3  Llama 3 and GPT-4: contractions in any case, up to three digits, line ends by themselves
/// kQwen2   Qwen 2 and 2.5: the same, each digit by itself
/// kQwen35  Qwen 3.5: as kQwen2, marks belong to words
/// kO200k   GPT-4o, gpt-oss, Llama 4: words also end before a capital, contractions stay with their word
/// kTekken  Mistral Nemo, Nemotron 3: as kO200k, without contractions, each digit by itself
enum class SplitRule : std::uint8_t { kGpt2, kLlama3, kQwen2, kQwen35, kO200k, kTekken };

/// The rule with this regular expression, written as the published files do; nothing for any other text.
///
/// Source: the field pre_tokenizer of the tokenizer.json of GPT-2, GPT-NeoX and Qwen 2; the expressions of the others
/// as public sources quote them, those of r50k_base and cl100k_base from tiktoken's openai_public.py. A file that
/// spells one otherwise is none of these rules.
std::optional<SplitRule> find_split_rule(std::string_view regex);

/// The fewest ends that find_piece_ends() needs room for.
inline constexpr std::size_t kLeastPieceEnds = 64;

/// Finds the ends of the pieces that start at byte `begin`, one after the other, and returns how many of `ends` it
/// filled: at least one where begin < text.size(), and the last of all ends is text.size().
///
/// The pieces are those of `Split(Regex(...), "isolated")` in the library `tokenizers`, which cover all of a valid
/// UTF-8 text. A byte that is no UTF-8 counts as a symbol of its own; no bytes are read outside the text. `begin` must
/// be the start of the text or an end found before; `ends` must have room for kLeastPieceEnds. O(bytes) over a text,
/// nothing is allocated. Every level finds the same pieces; kScalar is the reference for the others, which look at 64
/// bytes at a time where they are ASCII.
std::size_t find_piece_ends(SplitRule rule, std::string_view text, std::size_t begin, std::span<std::size_t> ends,
                            SimdLevel level = simd_level());

/// Calls visit(std::string_view) for each piece in order. The pieces are views of `text`.
template <class Visit>
void for_each_piece_of(SplitRule rule, std::string_view text, Visit visit) {
  std::array<std::size_t, 2 * kLeastPieceEnds> ends;  // filled before it is read
  std::size_t begin = 0;
  while (begin < text.size()) {
    const std::size_t count = find_piece_ends(rule, text, begin, ends);
    for (std::size_t i = 0; i < count; ++i) {
      visit(std::string_view(text.data() + begin, ends[i] - begin));
      begin = ends[i];
    }
  }
}

}  // namespace tunegate
