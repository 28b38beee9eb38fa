#pragma once
#include <string_view>

#include "tunegate/format.hpp"

namespace tunegate {

/// Reads a list of turns into `part`: OpenAI keys (role, content) or ShareGPT keys (from, value), decided
/// by the first turn. `what` names the list in faults. Throws RecordError on a turn that is no object, a
/// role that is no string, content of another kind, or a key that stands twice.
void read_turns(Draft& draft, JsonValue list, Part part, std::string_view what);

/// Reads one turn object.
void read_turn(Draft& draft, JsonValue turn, Part part, std::string_view what);

/// The role that the speaker of a ShareGPT turn is read as.
std::string_view share_gpt_role(std::string_view speaker);

/// Throws RecordError when a key stands twice in `object`.
void refuse_duplicate_keys(JsonValue object, std::string_view where);

/// Whether `value` is a list of objects of which the first has a role (or from).
bool is_turn_list(JsonValue value);

/// Reads top-level `tools` (or legacy `functions`): kept as JSON text, a JSON string decoded once.
void read_tools(Draft& draft);

}  // namespace tunegate
