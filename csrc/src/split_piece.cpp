#include "split_piece.hpp"

namespace tunegate {
namespace {

/// Length of the contraction after the apostrophe, whose letters `lower` makes small where case does not matter.
template <class Lower>
std::size_t letters_of_contraction(std::string_view text, std::size_t at, Lower lower) {
  if (at >= text.size()) return 0;
  const char first = lower(text[at]);
  if (first == 's' || first == 't' || first == 'm' || first == 'd') return 1;
  if (at + 1 >= text.size()) return 0;
  const char second = lower(text[at + 1]);
  const bool is_pair = ((first == 'r' || first == 'v') && second == 'e') || (first == 'l' && second == 'l');
  return is_pair ? 2 : 0;
}

/// Classes of which a run is one piece: letters, numbers, or signs.
constexpr std::uint8_t run_of(std::uint8_t character_class) {
  return (character_class & kLetter) != 0 ? kLetter : (character_class & kNumber) != 0 ? std::uint8_t{kNumber} : kSign;
}

/// `\s+(?!\S)|\s+`: all of the run at the end of the text, else all but its last character, or the only one.
std::size_t blank_end(const ClassedText& text, std::size_t at) {
  std::size_t last = at;
  std::size_t end = at;
  ClassedCharacter next = text.read(at);
  while ((next.character_class & kSpace) != 0) {
    last = end;
    end = next.end;
    next = text.read(end);
  }
  return end == text.text().size() || last == at ? end : last;
}

/// `\s*[\r\n]+|\s+(?!\S)|\s+`: up to the last line end of the run where it has one.
std::size_t space_end(const ClassedText& text, std::size_t at) {
  std::size_t after_line_end = at;
  std::size_t end = at;
  ClassedCharacter next = text.read(at);
  while ((next.character_class & kSpace) != 0) {
    end = next.end;
    if ((next.character_class & kLineEnd) != 0) after_line_end = end;
    next = text.read(end);
  }
  return after_line_end > at ? after_line_end : blank_end(text, at);
}

/// `\p{N}{1,kMost}`
template <int kMost>
std::size_t number_end(const ClassedText& text, std::size_t at) {
  for (int count = 0; count < kMost; ++count) {
    const ClassedCharacter next = text.read(at);
    if ((next.character_class & kNumber) == 0) break;
    at = next.end;
  }
  return at;
}

/// A run of `signs` and `[\r\n]*`, where kSlash `[\r\n/]*`
template <bool kSlash>
std::size_t signs_end(const ClassedText& text, std::size_t at, std::uint8_t signs) {
  at = text.run_end(at, signs);
  ClassedCharacter next = text.read(at);
  while ((next.character_class & kLineEnd) != 0 || (kSlash && at < text.text().size() && text.text()[at] == '/')) {
    at = next.end;
    next = text.read(at);
  }
  return at;
}

/// `U*L+|U+L*` of kO200k and kTekken, U = `[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]`, L = `[\p{Ll}\p{Lm}\p{Lo}\p{M}]`; `at` for
/// no match. Where no small letter follows the U's, the first alternative gives back all after the last that is in L
/// too.
std::size_t cased_word_end(const ClassedText& text, std::size_t at) {
  constexpr std::uint8_t kBoth = kUncased | kMark;
  std::size_t end = at;
  std::size_t after_both = at;
  ClassedCharacter next = text.read(at);
  while ((next.character_class & (kCapital | kBoth)) != 0) {
    end = next.end;
    if ((next.character_class & kBoth) != 0) after_both = end;
    next = text.read(end);
  }
  if ((next.character_class & kSmall) != 0) return text.run_end(next.end, kSmall | kBoth);
  return after_both > at ? after_both : end;
}

template <bool kSlash>
std::size_t spaced_signs_end(const ClassedText& text, std::size_t at, ClassedCharacter first, std::uint8_t signs) {
  const bool is_spaced = text.text()[at] == ' ' && (text.read(first.end).character_class & signs) != 0;
  if (is_spaced || (first.character_class & signs) != 0) return signs_end<kSlash>(text, first.end, signs);
  return space_end(text, at);
}

std::size_t gpt2_end(const ClassedText& text, std::size_t at) {
  if (const std::size_t bytes = contraction_bytes(text.text(), at)) return at + bytes;
  ClassedCharacter next = text.read(at);
  if (text.text()[at] == ' ') {
    const ClassedCharacter second = text.read(next.end);
    if (second.character_class != 0 && (second.character_class & kSpace) == 0) next = second;
  }
  if ((next.character_class & kSpace) != 0) return blank_end(text, at);
  return text.run_end(next.end, run_of(next.character_class));
}

/// kWord are the classes of which words are made. A mark that is one of them may stand before a word and in it: both
/// end it at the same place.
template <int kDigits, std::uint8_t kWord = kLetter>
std::size_t llama3_end(const ClassedText& text, std::size_t at) {
  if (const std::size_t bytes = caseless_contraction_bytes(text.text(), at)) return at + bytes;
  const ClassedCharacter first = text.read(at);
  if ((first.character_class & kWord) != 0) return text.run_end(first.end, kWord);
  if ((first.character_class & kNumber) != 0) return number_end<kDigits>(text, at);
  if ((first.character_class & kLineEnd) != 0) return space_end(text, at);
  if ((text.read(first.end).character_class & kWord) != 0) return text.run_end(first.end, kWord);
  return spaced_signs_end<false>(text, at, first, kSign & ~kWord);
}

template <int kDigits, bool kTakesContractions>
std::size_t cased_end(const ClassedText& text, std::size_t at) {
  const ClassedCharacter first = text.read(at);
  if ((first.character_class & kNumber) != 0) return number_end<kDigits>(text, at);
  if ((first.character_class & kLineEnd) != 0) return space_end(text, at);
  // As for a mark in llama3_end().
  const std::size_t word = (first.character_class & (kLetter | kMark)) != 0 ? at : first.end;
  const std::size_t end = cased_word_end(text, word);
  if (end == word) return spaced_signs_end<true>(text, at, first, kSign);
  return kTakesContractions ? end + caseless_contraction_bytes(text.text(), end) : end;
}

}  // namespace

std::size_t contraction_bytes(std::string_view text, std::size_t at) {
  if (at >= text.size() || text[at] != '\'') return 0;
  const std::size_t letters = letters_of_contraction(text, at + 1, [](char byte) { return byte; });
  return letters > 0 ? 1 + letters : 0;
}

std::size_t caseless_contraction_bytes(std::string_view text, std::size_t at) {
  if (at >= text.size() || text[at] != '\'') return 0;
  constexpr std::string_view kLongS = "\u017F";
  if (text.substr(at + 1, kLongS.size()) == kLongS) return 1 + kLongS.size();
  const auto lower = [](char byte) { return byte >= 'A' && byte <= 'Z' ? static_cast<char>(byte | 0x20) : byte; };
  const std::size_t letters = letters_of_contraction(text, at + 1, lower);
  return letters > 0 ? 1 + letters : 0;
}

template <SplitRule kRule>
std::size_t piece_end(const ClassedText& text, std::size_t at) {
  if constexpr (kRule == SplitRule::kGpt2) return gpt2_end(text, at);
  if constexpr (kRule == SplitRule::kLlama3) return llama3_end<3>(text, at);
  if constexpr (kRule == SplitRule::kQwen2) return llama3_end<1>(text, at);
  if constexpr (kRule == SplitRule::kQwen35) return llama3_end<1, kLetter | kMark>(text, at);
  if constexpr (kRule == SplitRule::kO200k) return cased_end<3, true>(text, at);
  if constexpr (kRule == SplitRule::kTekken) return cased_end<1, false>(text, at);
}

template std::size_t piece_end<SplitRule::kGpt2>(const ClassedText&, std::size_t);
template std::size_t piece_end<SplitRule::kLlama3>(const ClassedText&, std::size_t);
template std::size_t piece_end<SplitRule::kQwen2>(const ClassedText&, std::size_t);
template std::size_t piece_end<SplitRule::kQwen35>(const ClassedText&, std::size_t);
template std::size_t piece_end<SplitRule::kO200k>(const ClassedText&, std::size_t);
template std::size_t piece_end<SplitRule::kTekken>(const ClassedText&, std::size_t);

}  // namespace tunegate
