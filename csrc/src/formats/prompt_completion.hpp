#pragma once
#include <string>

#include "tunegate/format.hpp"

namespace tunegate {

// KTO data is prompt/completion with a label, so it reads and renders through these.
bool has_prompt_and_completion(JsonValue record);
void parse_prompt_completion(Draft& draft);
/// Appends `{"prompt":...,"completion":...` without closing the object.
void render_prompt_completion(const Sample& sample, std::string& out, Losses& losses);

}  // namespace tunegate
