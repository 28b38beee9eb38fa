#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "tunegate/sample.hpp"

namespace tunegate {

/// A tokenizer read from the bytes of a tokenizer.json, as the package `tokenizers` reads it: texts become the same
/// tokens, without those that its post-processor would add around them; truncation and padding are ignored. Immutable;
/// threads may share it.
///
/// The way of a text: added tokens are found in it, what lies between is normalised, added tokens of normalised text
/// are found, the rest is cut into pieces, and each piece becomes tokens by byte-pair encoding.
class Tokenizer {
 public:
  class Counter;

  /// Throws TokenizerFault when the file is malformed, UnsupportedTokenizer when it is of a kind not built here.
  explicit Tokenizer(std::string_view json);
  ~Tokenizer();

  /// The tokens of a text, which is valid UTF-8. The counts of a Counter are their number. O(n log n) in its bytes.
  std::vector<std::uint32_t> encode(std::string_view text) const;

 private:
  struct Parts;
  std::unique_ptr<const Parts> parts_;
};

/// Counts tokens. One per thread; it remembers short pieces in up to 4 MiB, and keeps the
/// memory of the longest piece, about 100 bytes for each byte of it.
class Tokenizer::Counter {
 public:
  /// The tokenizer must outlive it.
  explicit Counter(const Tokenizer& tokenizer);
  ~Counter();

  /// How many tokens the text has, which is valid UTF-8. 0 for an empty one.
  std::uint64_t count(std::string_view text);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// The tokens of a sample. Each content is encoded by itself, as it stands between the markers of a chat template;
/// what a template adds does not count, nor do reasoning and tool calls.
struct TokenCounts {
  std::int64_t prompt = 0;  // turns but system ones before the last assistant turn of the main turns and chosen branch
  std::int64_t response = 0;  // of that turn, or of a `text` record
  std::int64_t tokens = 0;    // of all turns, rejected ones included
  std::int64_t trained = 0;   // of assistant turns, or of a `text` record, of the main turns and chosen branch
  std::int64_t longest = 0;   // of the main turns with the chosen or the rejected branch, whichever has more
};

TokenCounts count_tokens(const Sample& sample, Tokenizer::Counter& counter);

}  // namespace tunegate
