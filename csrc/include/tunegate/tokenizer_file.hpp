#pragma once
#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "tunegate/split_rule.hpp"

namespace tunegate {

/// The bytes are no tokenizer: one line without the name of the file, which says where in the JSON and what was
/// expected.
struct TokenizerFault : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// A sound tokenizer that we cannot apply: one line such as "its model is Unigram".
struct UnsupportedTokenizer : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// A text that becomes one token wherever it stands, before all other rules.
struct AddedToken {
  std::string content;
  std::uint32_t id = 0;      // that of the vocabulary, else counted on from the size of it; the file's is ignored
  bool single_word = false;  // only where no character of a word stands beside it
  bool lstrip = false;       // takes the white space before it
  bool rstrip = false;       // takes the white space behind it
  bool normalized = false;   // looked for in the normalised text, itself normalised
  bool special = false;
};

struct NormalizerStep {
  enum class Kind : std::uint8_t { kNfc, kPrepend, kReplace };
  Kind kind;
  std::string first;   // of kPrepend: what comes before a text that is not empty; of kReplace: what is replaced
  std::string second;  // of kReplace: by what
};

/// A text's spaces replaced by a character that starts pieces, usually U+2581.
struct MetaspaceRule {
  enum class Prepend : std::uint8_t { kAlways, kFirst, kNever };
  std::string replacement;
  Prepend prepend = Prepend::kAlways;
  bool split = true;
};

/// Two tokens side by side and the token that they become.
struct BpeMerge {
  std::uint32_t left;
  std::uint32_t right;
  std::uint32_t result;
};

/// Byte pair encoding: Sennrich et al. 2016, as `tokenizers` stores it.
struct BpeData {
  std::vector<std::string> tokens;  // by id; empty where an id has none
  std::vector<BpeMerge> merges;     // the first is done first
  std::optional<std::uint32_t> unk;
  bool fuse_unk = false;       // a run of unknown characters is one unknown token
  bool byte_fallback = false;  // unknown characters become the tokens <0x00> to <0xFF> of their bytes
  bool ignore_merges = false;  // a piece that is a token is that token, whatever the merges make of it
};

struct TokenizerFile {
  std::vector<NormalizerStep> normalizer;
  bool is_byte_level = false;      // pieces are mapped byte by byte to the 256 characters of GPT-2 before merging
  bool adds_prefix_space = false;  // byte level: before each text that does not start with a space
  std::vector<SplitRule> rules;    // applied one after the other; none: the whole text is one piece
  std::optional<MetaspaceRule> metaspace;
  std::vector<AddedToken> added;  // in the order of the file, no content twice, none empty
  BpeData model;
};

/// Reads the bytes of a tokenizer.json as `tokenizers` 0.23 does; post-processor, decoder, truncation and padding
/// are left alone. Throws TokenizerFault and UnsupportedTokenizer. O(bytes) time; memory about ten times the bytes
/// while it reads.
TokenizerFile parse_tokenizer_file(std::string_view json);

}  // namespace tunegate
