#include "tunegate/tool_call.hpp"

#include <algorithm>
#include <string>
#include <unordered_set>
#include <vector>

#include "tool_schema.hpp"
#include "tunegate/blank.hpp"

namespace tunegate {
namespace {

/// What is known of the calls when a turn begins.
struct Conversation {
  std::unordered_set<std::string> ids;      // of all calls so far
  std::unordered_set<std::string> awaited;  // ids of the last calls that have no result yet
  std::size_t awaited_without_id = 0;
  std::size_t calling_turn = 0;
  bool has_called = false;

  bool awaits() const { return !awaited.empty() || awaited_without_id > 0; }
  void answer_all() {
    awaited.clear();
    awaited_without_id = 0;
  }
};

/// Marks of calls that are written in the text, in the forms of Hermes, Llama, Mistral and ReAct prompts.
bool calls_in_text(std::string_view content) {
  constexpr std::string_view kMarks[] = {"<tool_call", "<function", "[TOOL_CALLS]", "<|python_tag|>", "Action:"};
  return std::any_of(std::begin(kMarks), std::end(kMarks),
                     [&](std::string_view mark) { return content.find(mark) != std::string_view::npos; });
}

bool lacks_required(JsonValue arguments, const DeclaredArguments& declared) {
  return std::any_of(declared.required.begin(), declared.required.end(),
                     [&](const std::string& name) { return !arguments || !arguments.find(name); });
}

/// Whether an argument is of another kind than declared; null stands for an argument that is not given.
bool has_wrong_type(JsonValue arguments, const DeclaredArguments& declared) {
  if (!arguments || declared.kinds.empty()) return false;
  for (JsonValue key = arguments.first(); key; key = key.next().next()) {
    const JsonValue value = key.next();
    const std::optional<std::string> name = text_of(key);
    if (!name || value.is_null()) continue;
    const auto property = declared.kinds.find(*name);
    if (property != declared.kinds.end() && !is_of_kinds(value, property->second)) return true;
  }
  return false;
}

class Judge {
 public:
  Judge(std::optional<std::string_view> tools, std::span<const ToolTurn> turns) : turns_(turns) {
    if (tools) declared_ = read_tools(*tools);
  }

  ToolUse run() {
    if (declared_.fault) {
      ++use_.broken;
      use_.first = ToolUse::Place{*declared_.fault, std::nullopt};
    }
    Conversation main;
    follow(Part::kMain, main);
    for (const Part branch : {Part::kChosen, Part::kRejected}) {
      Conversation continued = main;
      follow(branch, continued);
    }
    return use_;
  }

 private:
  void follow(Part part, Conversation& conversation) {
    for (std::size_t turn = 0; turn < turns_.size(); ++turn) {
      if (turns_[turn].part != part) continue;
      if (turns_[turn].role == "tool") {
        read_result(turn, conversation);
      } else if (turns_[turn].role == "user" || turns_[turn].role == "assistant") {
        if (conversation.awaits()) report_unanswered(conversation.calling_turn);
        conversation.answer_all();
        if (turns_[turn].tool_calls) read_calls(turn, conversation);
        conversation.has_called |= calls_in_text(turns_[turn].content);
      }
    }
  }

  void read_calls(std::size_t turn, Conversation& conversation) {
    if (calls_.parse(*turns_[turn].tool_calls)) {
      ++use_.calls;
      conversation.has_called = true;
      report(ToolFault::kNotJson, turn);
      return;
    }
    const JsonValue root = calls_.root();
    if (!root.is(JsonKind::kArray)) {
      if (!root.is_null()) read_call(root, turn, conversation);
      return;
    }
    for (JsonValue call = root.first(); call; call = call.next()) read_call(call, turn, conversation);
  }

  void read_call(JsonValue call, std::size_t turn, Conversation& conversation) {
    ++use_.calls;
    conversation.has_called = true;
    conversation.calling_turn = turn;
    const std::optional<std::string> id = text_of(call.find("id"));
    const bool has_id = id && !id->empty();
    const bool is_new = !has_id || conversation.awaited.insert(*id).second;
    if (has_id) {
      conversation.ids.insert(*id);
    } else {
      ++conversation.awaited_without_id;
    }
    if (const std::optional<ToolFault> fault = fault_of(call)) {
      report(*fault, turn);
    } else if (!is_new) {
      report(ToolFault::kDuplicateId, turn);
    }
  }

  std::optional<ToolFault> fault_of(JsonValue call) {
    if (!call.is(JsonKind::kObject)) return ToolFault::kNotJson;
    const JsonValue type = call.find("type");
    if (type && !type.equals("function")) return std::nullopt;
    JsonValue function = call.find("function");
    if (!function.is(JsonKind::kObject)) function = call;
    const std::optional<std::string> name = text_of(function.find("name"));
    if (!name || is_blank(*name)) return ToolFault::kNoName;
    const auto tool = declared_.by_name.find(*name);
    if (tool == declared_.by_name.end() && declared_.are_complete()) return ToolFault::kUndeclaredTool;
    return fault_of_arguments(function, tool == declared_.by_name.end() ? nullptr : &tool->second);
  }

  std::optional<ToolFault> fault_of_arguments(JsonValue function, const DeclaredArguments* declared) {
    JsonValue arguments = function.find("arguments");
    if (!arguments) arguments = function.find("parameters");  // the name that Llama's templates use
    if (arguments.is(JsonKind::kString)) {
      const std::optional<std::string> text = text_of(arguments);
      if (!text || arguments_.parse_copy(*text)) return ToolFault::kArgumentsNotJson;
      arguments = arguments_.root();
    }
    if (arguments.is_null()) arguments = {};
    if (arguments && !arguments.is(JsonKind::kObject)) return ToolFault::kArgumentsNotObject;
    if (declared == nullptr) return std::nullopt;
    if (lacks_required(arguments, *declared)) return ToolFault::kMissingArgument;
    return has_wrong_type(arguments, *declared) ? std::optional(ToolFault::kArgumentType) : std::nullopt;
  }

  void read_result(std::size_t turn, Conversation& conversation) {
    const std::optional<std::string_view>& id = turns_[turn].tool_call_id;
    const bool names_a_call = id && !id->empty() && !conversation.ids.empty();
    if (!conversation.has_called) {
      report(ToolFault::kOrphanResult, turn);
    } else if (!names_a_call) {
      conversation.answer_all();
    } else if (conversation.ids.contains(std::string(*id))) {
      conversation.awaited.erase(std::string(*id));
    } else {
      report(ToolFault::kOrphanResult, turn);
      conversation.answer_all();  // a wrong id is one fault, not an unanswered call as well
    }
  }

  /// The last main call is awaited in both branches, but is one fault.
  void report_unanswered(std::size_t turn) {
    if (unanswered_ != turn) report(ToolFault::kUnansweredCall, turn);
    unanswered_ = turn;
  }

  void report(ToolFault fault, std::size_t turn) {
    ++use_.broken;
    const bool is_first = !use_.first || (use_.first->turn && turn < *use_.first->turn);
    if (is_first) use_.first = ToolUse::Place{fault, turn};
  }

  std::span<const ToolTurn> turns_;
  DeclaredTools declared_;
  JsonDocument calls_;
  JsonDocument arguments_;
  ToolUse use_;
  std::optional<std::size_t> unanswered_;
};

}  // namespace

ToolUse judge_tool_use(std::optional<std::string_view> tools, std::span<const ToolTurn> turns) {
  return Judge(tools, turns).run();
}

}  // namespace tunegate
