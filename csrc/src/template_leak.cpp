#include "tunegate/template_leak.hpp"

#include "template_rules.hpp"

namespace tunegate {

Speaker speaker_of(std::string_view role) {
  if (role == "user") return Speaker::kUser;
  if (role == "assistant") return Speaker::kAssistant;
  if (role == "system") return Speaker::kSystem;
  return Speaker::kOther;
}

std::optional<TemplateLeak> find_template_leak(std::string_view text, Speaker speaker) {
  CodeOf code(text);
  std::optional<TemplateLeak> first = find_special_token(text, code);
  for (const auto& found : {find_heading(text, speaker, code), find_role_label(text, speaker, code)}) {
    if (found && (!first || found->begin < first->begin)) first = found;
  }
  return first;
}

}  // namespace tunegate
