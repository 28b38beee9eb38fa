#pragma once
#include <string>
#include <string_view>

#include "json_place.hpp"
#include "tunegate/tokenizer_file.hpp"

namespace tunegate {

BpeData read_bpe(const JsonPlace& model);

std::vector<NormalizerStep> read_normalizer(const JsonPlace& normalizer);

/// Sets is_byte_level, adds_prefix_space, rules and metaspace.
void read_pre_tokenizer(const JsonPlace& pre_tokenizer, TokenizerFile& file);

/// The tokens of the list, with the ids that `tokenizers` gives them.
std::vector<AddedToken> read_added_tokens(const JsonPlace& added_tokens, const BpeData& model);

/// The type of a model or step as messages may show it: a short word of letters, or "of an unknown type".
std::string shown_type(std::string_view type);

}  // namespace tunegate
