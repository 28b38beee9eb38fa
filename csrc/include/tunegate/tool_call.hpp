#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "tunegate/sample.hpp"

namespace tunegate {

enum class ToolFault : std::uint8_t {
  kToolsNotJson,
  kToolWithoutName,
  kNotJson,
  kNoName,
  kUndeclaredTool,
  kArgumentsNotJson,
  kArgumentsNotObject,
  kMissingArgument,
  kArgumentType,
  kDuplicateId,
  kOrphanResult,
  kUnansweredCall
};

/// The faults as reports name them, in the order of the enumeration.
inline constexpr auto kToolFaultNames = std::to_array<std::string_view>(
    {"tools-not-json", "tool-without-name", "not-json", "no-name", "undeclared-tool", "arguments-not-json",
     "arguments-not-object", "missing-argument", "argument-type", "duplicate-id", "orphan-result", "unanswered-call"});

/// What tool use shows of one turn. Views only; tool_calls is a JSON list.
struct ToolTurn {
  Part part = Part::kMain;
  std::string_view role;
  std::string_view content;
  std::optional<std::string_view> tool_calls;
  std::optional<std::string_view> tool_call_id;
};

/// How many calls a sample makes and how many calls, results and declarations are broken; one fault each.
struct ToolUse {
  struct Place {
    ToolFault fault;
    std::optional<std::size_t> turn;  // position among the turns; nothing when the declaration is broken
  };
  std::uint32_t calls = 0;
  std::uint32_t broken = 0;
  std::optional<Place> first;  // the declaration, else by turn
};

/// Judges the tool calls of one sample against its declared tools and its tool results.
///
/// Tools (`tools`, JSON; null, blank, `null` and `[]` declare none) may be OpenAI's ({"type": "function",
/// "function": {...}}), flat ({"name": ...}), bare names, or one of these alone. One with another type and no
/// name
/// ({"type": "code_interpreter"}) is built in: its calls have names of its own, so nothing is undeclared
/// then.
///
/// not-json: a call is no JSON object. no-name: no name, or a blank one. undeclared-tool: not among the
/// tools, where any are declared. arguments-not-json, arguments-not-object: arguments may be a JSON object or
/// a string that holds one; absent ones are empty. missing-argument: one that the tool's schema lists as
/// `required` without a default. argument-type: an argument, given and not null, is of another JSON kind than
/// the `type` of its property in the schema, a word or a list of words. "integer" takes 3 and 3.0; case does
/// not matter; Python's words (str, int, float, bool, dict, list, tuple) and "double" stand for their JSON
/// kinds; unknown words, and properties with anyOf, oneOf, allOf or $ref, take anything; nothing is looked at
/// below the arguments. duplicate-id: a call that still awaits its result has it; one that was
/// answered may lend its id to a later call. Calls of another type than function are only counted.
///
/// orphan-result: the result names an id that no earlier call has, though calls have ids; or nothing was
/// called before it, not even in the text ("<tool_call>" and kin). unanswered-call: a user or assistant turn
/// follows before every call of a turn has its result. A result without id answers all calls of the turn
/// before; so does any result where calls have no ids. Calls of the last turns await their result, no fault.
///
/// `chosen` and `rejected` turns are judged as two continuations of the main turns. O(bytes).
///
/// Source: the message format of https://platform.openai.com/docs/guides/function-calling.
ToolUse judge_tool_use(std::optional<std::string_view> tools, std::span<const ToolTurn> turns);

}  // namespace tunegate
