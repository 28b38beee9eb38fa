#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "tunegate/json_reader.hpp"
#include "tunegate/tool_call.hpp"

namespace tunegate {

/// The arguments that a call of one tool must give.
using RequiredArguments = std::vector<std::string>;

/// The tools that a sample declares.
struct DeclaredTools {
  std::unordered_map<std::string, RequiredArguments> by_name;
  bool has_builtin = false;
  std::optional<ToolFault> fault;

  bool are_complete() const { return !by_name.empty() && !has_builtin && !fault; }
};

/// Reads the `tools` of a sample as judge_tool_use describes them.
DeclaredTools read_tools(std::string_view text);

/// The text of a JSON string as a value of its own; nothing for other kinds and lone surrogates.
std::optional<std::string> text_of(JsonValue value);

}  // namespace tunegate
