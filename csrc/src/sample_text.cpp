#include "tunegate/sample_text.hpp"

#include <xxhash.h>

#include <string>

namespace tunegate {

std::optional<TextField> find_text_field(std::string_view name) {
  if (name == "prompt") return TextField::kPrompt;
  if (name == "response") return TextField::kResponse;
  if (name == "pair") return TextField::kPair;
  return std::nullopt;
}

namespace {

/// Texts with what they are, each after its length, so that no two different lists give the same bytes.
class Besides {
 public:
  void add(char what, std::optional<std::string_view> text) {
    if (!text) return;
    bytes_ += what;
    bytes_ += std::to_string(text->size());
    bytes_ += ':';
    bytes_ += *text;
  }
  std::uint64_t hash() const { return bytes_.empty() ? 0 : XXH3_64bits(bytes_.data(), bytes_.size()); }

 private:
  std::string bytes_;
};

}  // namespace

std::uint64_t besides_hash(const Sample& sample, TextField field) {
  Besides besides;
  const bool is_prompt = field == TextField::kPrompt;
  if (sample.label && !is_prompt) besides.add('l', *sample.label ? "1" : "0");
  for (const Message& message : sample.messages) {
    besides.add('m', message.media);
    if (is_prompt) continue;
    if (message.part == Part::kRejected) besides.add('r', message.content);
    besides.add('t', message.reasoning);
    besides.add('c', message.tool_calls);
  }
  return besides.hash();
}

}  // namespace tunegate
