#include "tunegate/tokenizer_file.hpp"

#include <algorithm>
#include <array>
#include <string>

#include "byte_characters.hpp"
#include "tokenizer_file_parts.hpp"
#include "tunegate/unicode.hpp"

namespace tunegate {
namespace {

void check_version(const JsonPlace& version) {
  if (!version.is_absent() && version.text() != "1.0") throw UnsupportedTokenizer("its version is not 1.0");
}

/// Characters of bytes that the vocabulary lacks are unknown ones, which is well defined; with byte fallback on top of
/// it one byte would be two symbols.
void check_bytes(const TokenizerFile& file) {
  if (!file.is_byte_level || !file.model.byte_fallback) return;
  std::array<bool, 256> has{};
  for (const std::string& token : file.model.tokens) {
    const auto byte = byte_of_character(token);
    if (byte) has[*byte] = true;
  }
  if (!std::all_of(has.begin(), has.end(), [](bool is_there) { return is_there; })) {
    throw UnsupportedTokenizer("it falls back to bytes, and its byte-level vocabulary lacks some");
  }
}

/// `tokenizers` takes a text for the first of all by its place in the text before normalising, which a Replace moves
/// unless it is of one character by one.
void check_first(const TokenizerFile& file) {
  if (!file.metaspace || file.metaspace->prepend != MetaspaceRule::Prepend::kFirst) return;
  for (const NormalizerStep& step : file.normalizer) {
    if (step.kind != NormalizerStep::Kind::kReplace) continue;
    if (count_characters(step.first) == 1 && count_characters(step.second) == 1) continue;
    throw UnsupportedTokenizer("its pre-tokenizer Metaspace looks for the start of a text that a Replace may move");
  }
}

}  // namespace

std::string shown_type(std::string_view type) {
  const auto is_letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
  const bool is_word = !type.empty() && type.size() <= 32 && std::all_of(type.begin(), type.end(), is_letter);
  return is_word ? std::string(type) : "of an unknown type";
}

TokenizerFile parse_tokenizer_file(std::string_view json) {
  JsonDocument document;
  if (const auto fault = document.parse(json)) {
    throw TokenizerFault("not JSON at byte " + std::to_string(fault->offset) + ": " + fault->what);
  }
  const JsonPlace root(document.root(), "");
  root.first_member();
  check_version(root.member("version"));
  TokenizerFile file;
  file.model = read_bpe(root.member("model"));
  file.normalizer = read_normalizer(root.member("normalizer"));
  read_pre_tokenizer(root.member("pre_tokenizer"), file);
  file.added = read_added_tokens(root.member("added_tokens"), file.model);
  check_bytes(file);
  check_first(file);
  return file;
}

}  // namespace tunegate
