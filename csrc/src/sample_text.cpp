#include "tunegate/sample_text.hpp"

namespace tunegate {

std::optional<TextField> find_text_field(std::string_view name) {
  if (name == "prompt") return TextField::kPrompt;
  if (name == "response") return TextField::kResponse;
  if (name == "pair") return TextField::kPair;
  return std::nullopt;
}

}  // namespace tunegate
