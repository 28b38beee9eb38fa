// Reads any bytes as a tokenizer.json; a file that is taken must encode any piece within its memory, and a text cut
// before the metaspace as the whole; and count as many tokens as it encodes.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "tunegate/added_tokens.hpp"
#include "tunegate/bpe.hpp"
#include "tunegate/tokenizer.hpp"
#include "tunegate/tokenizer_file.hpp"

namespace {

using Ids = std::vector<std::uint32_t>;

const std::string kModel =
    R"("model": {"type": "BPE", "unk_token": "?", "fuse_unk": true, "byte_fallback": true, "ignore_merges": false,
        "vocab": {"?": 0, "\u2581": 1, "a": 2, "b": 3, "ab": 4, "\u2581ab": 5, "<0xC3>": 6, "<0xA9>": 7, "\u2581\u2581": 8},
        "merges": ["a b", "\u2581 ab", "\u2581 \u2581"]})";

void encode(const tunegate::BpeModel& model, std::string_view text) {
  static tunegate::BpeScratch scratch;
  Ids whole, parts;
  model.encode(text, scratch, whole);
  if (!model.splits_before_metaspace()) return;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = tunegate::find_metaspace_cut(text, at);
    model.encode(text.substr(at, end - at), scratch, parts);
    at = end;
  }
  if (whole == parts) return;
  std::fputs("a text cut before the metaspace has other tokens\n", stderr);
  std::abort();
}

/// The whole way of a text, where pieces that are met again are not encoded again.
void count_all(const tunegate::Tokenizer& tokenizer, const std::vector<std::string>& texts) {
  tunegate::Tokenizer::Counter counter(tokenizer);
  for (int round = 0; round < 2; ++round) {
    for (const std::string& text : texts) {
      if (counter.count(text) == tokenizer.encode(text).size()) continue;
      std::fputs("a text has another number of tokens than it is encoded as\n", stderr);
      std::abort();
    }
  }
}

void encode_all(const tunegate::BpeModel& model, const std::vector<std::string>& texts) {
  for (const std::string& text : texts) encode(model, text);
}

}  // namespace

std::vector<std::string> fuzz_seeds();
std::vector<std::string> fuzz_seeds() {
  const std::string flags = R"("single_word": true, "lstrip": true, "rstrip": true, "normalized": false})";
  return {
      "{" + kModel + R"(, "normalizer": {"type": "Sequence", "normalizers": [{"type": "Prepend", "prepend": "a"},
          {"type": "Replace", "pattern": {"String": " "}, "content": "b"}, {"type": "NFC"}]}})",
      "{" + kModel + R"(, "pre_tokenizer": {"type": "Metaspace", "replacement": "\u2581", "prepend_scheme": "first"}})",
      "{" + kModel + R"(, "added_tokens": [{"id": 9, "content": "ab", "special": true, )" + flags +
          R"(, {"id": 10, "content": "a", "special": false, )" + flags + "]}",
      R"({"version": "1.0", "pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true}, "model":
          {"vocab": {"a": 0, "b": 1, "\u0120": 2, "\u0120a": 3, "aa": 4}, "merges": [["\u0120", "a"], ["a", "a"]]}})"};
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view json(reinterpret_cast<const char*>(data), size);
  try {
    const tunegate::TokenizerFile file = tunegate::parse_tokenizer_file(json);
    const tunegate::BpeModel model(file.model, file.is_byte_level);
    std::vector<std::string> texts{"", "ab", " a\xC3\xA9\xFF", std::string(90, 'a'), std::string(json)};
    for (const std::string& token : file.model.tokens) texts.back() += token;
    encode_all(model, texts);
    count_all(tunegate::Tokenizer(json), texts);
    tunegate::AddedTokens(file.added).visit(json, [&model](std::string_view text, const tunegate::AddedToken* token) {
      if (token == nullptr) encode(model, text);
    });
  } catch (const tunegate::TokenizerFault&) {
  } catch (const tunegate::UnsupportedTokenizer&) {
  }
  return 0;
}
