#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "tunegate/json_reader.hpp"
#include "tunegate/tool_call.hpp"

namespace tunegate {

/// Kinds of JSON values that an argument may have, one bit each; whole numbers are a kind of their own.
using ArgumentKinds = std::uint8_t;

/// What a tool says of its arguments.
struct DeclaredArguments {
  std::vector<std::string> required;                     // those without a default
  std::unordered_map<std::string, ArgumentKinds> kinds;  // of the properties with a type that we know
};

/// The tools that a sample declares.
struct DeclaredTools {
  std::unordered_map<std::string, DeclaredArguments> by_name;
  bool has_builtin = false;
  std::optional<ToolFault> fault;

  bool are_complete() const { return !by_name.empty() && !has_builtin && !fault; }
};

/// Reads the `tools` of a sample as judge_tool_use describes them.
DeclaredTools read_tools(std::string_view text);

/// Whether a value that is not null is of one of the kinds.
bool is_of_kinds(JsonValue value, ArgumentKinds kinds);

/// The text of a JSON string as a value of its own; nothing for other kinds and lone surrogates.
std::optional<std::string> text_of(JsonValue value);

}  // namespace tunegate
