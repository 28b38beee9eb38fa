#pragma once
#include <cstddef>
#include <string_view>

#include "split_classes.hpp"
#include "tunegate/split_rule.hpp"

namespace tunegate {

/// The bytes of `'s|'t|'re|'ve|'m|'ll|'d` at byte `at`, 0 where there is none. Without regard to case it takes capitals
/// and U+017F, the one other character whose case folding is among these letters.
std::size_t contraction_bytes(std::string_view text, std::size_t at);
std::size_t caseless_contraction_bytes(std::string_view text, std::size_t at);

/// The end of the piece that starts at byte `at`, which must lie within the text. O(bytes of the piece and of the
/// run of white space or letters after it); over a text O(bytes), because a run is read at most twice.
template <SplitRule kRule>
std::size_t piece_end(const ClassedText& text, std::size_t at);

extern template std::size_t piece_end<SplitRule::kGpt2>(const ClassedText&, std::size_t);
extern template std::size_t piece_end<SplitRule::kLlama3>(const ClassedText&, std::size_t);
extern template std::size_t piece_end<SplitRule::kQwen2>(const ClassedText&, std::size_t);
extern template std::size_t piece_end<SplitRule::kQwen35>(const ClassedText&, std::size_t);
extern template std::size_t piece_end<SplitRule::kO200k>(const ClassedText&, std::size_t);
extern template std::size_t piece_end<SplitRule::kTekken>(const ClassedText&, std::size_t);

}  // namespace tunegate
