#include "tunegate/tool_call.hpp"

#include <string>
#include <vector>

#include "check.hpp"

using tunegate::judge_tool_use;
using tunegate::kToolFaultNames;
using tunegate::Part;
using tunegate::ToolTurn;
using tunegate::ToolUse;

namespace {

constexpr std::string_view kClock =
    R"([{"type":"function","function":{"name":"clock","parameters":{"type":"object",)"
    R"("properties":{"city":{"type":"string"},"zone":{"type":"string","default":"UTC"}},)"
    R"("required":["city","zone"]}}}])";

ToolTurn user() { return {Part::kMain, "user", "Time in Oslo?", {}, {}}; }
ToolTurn answer(std::string_view text = "Noon.") { return {Part::kMain, "assistant", text, {}, {}}; }
ToolTurn call(std::string_view calls) { return {Part::kMain, "assistant", "", calls, {}}; }
ToolTurn result() { return {Part::kMain, "tool", "12:00", {}, {}}; }
ToolTurn result(std::string_view id) { return {Part::kMain, "tool", "12:00", {}, id}; }

/// The first fault by name and turn, such as "no-name at 1"; "" when nothing is broken.
std::string fault(std::optional<std::string_view> tools, const std::vector<ToolTurn>& turns) {
  const ToolUse use = judge_tool_use(tools, turns);
  if (!use.first) return use.broken == 0 ? "" : "broken without a first fault";
  std::string text(kToolFaultNames[static_cast<std::size_t>(use.first->fault)]);
  if (use.first->turn) text += " at " + std::to_string(*use.first->turn);
  return text;
}

std::string fault_of_call(std::string_view calls) { return fault(kClock, {user(), call(calls)}); }

constexpr std::string_view kGood =
    R"([{"id":"1","type":"function","function":{"name":"clock","arguments":"{\"city\":\"Oslo\"}"}}])";
constexpr std::string_view kOther =
    R"([{"id":"2","type":"function","function":{"name":"clock","arguments":{"city":"Rome"}}}])";
constexpr std::string_view kNoId = R"([{"name":"clock","arguments":{"city":"Oslo"}}])";

}  // namespace

TEST(sound_tool_use_has_no_fault) {
  CHECK_EQ(fault(kClock, {user(), call(kGood), result("1"), answer()}), "");
  CHECK_EQ(fault(kClock, {user(), call(kNoId), result(), answer(), user(), call(kNoId), result(), answer()}), "");
  CHECK_EQ(fault(kClock, {user(), answer()}), "");
  CHECK_EQ(fault(kClock, {user(), call(kGood)}), "");  // the call is the response that is learned
  CHECK_EQ(fault(kClock, {user(), call(kGood), result("1")}), "");
  CHECK_EQ(fault({}, {user(), call("[]"), answer()}), "");
  CHECK_EQ(fault({}, {}), "");
}

TEST(calls_are_counted) {
  const std::vector<ToolTurn> turns{user(), call(kGood), result("1"), call(kOther), result("2"), answer()};
  CHECK_EQ(judge_tool_use(kClock, turns).calls, 2u);
  CHECK_EQ(judge_tool_use(kClock, turns).broken, 0u);
}

TEST(calls_that_are_no_json_objects_are_broken) {
  CHECK_EQ(fault_of_call("[\"clock()\"]"), "not-json at 1");  // what a function_call that is no JSON becomes
  CHECK_EQ(fault_of_call("[{]"), "not-json at 1");
  CHECK_EQ(fault_of_call("[null]"), "not-json at 1");
}

TEST(calls_need_a_name) {
  CHECK_EQ(fault_of_call(R"([{"type":"function","function":{"arguments":"{}"}}])"), "no-name at 1");
  CHECK_EQ(fault_of_call(R"([{"function":{"name":" ","arguments":"{}"}}])"), "no-name at 1");
  CHECK_EQ(fault_of_call(R"([{"function":{"name":7,"arguments":"{}"}}])"), "no-name at 1");
}

TEST(called_tools_must_be_declared_where_any_are) {
  constexpr std::string_view kCalls = R"([{"function":{"name":"weather","arguments":"{}"}}])";
  CHECK_EQ(fault_of_call(kCalls), "undeclared-tool at 1");
  for (const std::optional<std::string_view> tools :
       {std::optional<std::string_view>(), {""}, {" "}, {"[]"}, {"null"}, {"{}"}}) {
    CHECK_EQ(fault(tools, {user(), call(kCalls)}), "");
  }
  CHECK_EQ(fault(R"([{"type":"code_interpreter"}])", {user(), call(kCalls)}), "");
  CHECK_EQ(fault(R"([{"type":"code_interpreter"},{"name":"clock"}])", {user(), call(kCalls)}), "");
}

TEST(every_form_of_declaration_is_read) {
  constexpr std::string_view kCalls = R"([{"name":"clock","arguments":{}}])";
  for (const char* tools : {R"([{"name":"clock","parameters":{"type":"object"}}])", R"({"name":"clock"})",
                            R"({"type":"function","function":{"name":"clock"}})", R"(["clock"])",
                            R"([{"type":"custom","custom":{"name":"clock"}}])", R"([{"name":"cl\u006fck"}])"}) {
    CHECK_EQ(fault(tools, {user(), call(kCalls)}), "");
    CHECK_EQ(fault(tools, {user(), call(R"([{"name":"weather"}])")}), "undeclared-tool at 1");
  }
}

TEST(arguments_must_be_a_json_object) {
  CHECK_EQ(fault_of_call(R"([{"name":"clock","arguments":"{city: Oslo}"}])"), "arguments-not-json at 1");
  CHECK_EQ(fault_of_call(R"([{"name":"clock","arguments":""}])"), "arguments-not-json at 1");
  CHECK_EQ(fault_of_call(R"([{"name":"clock","arguments":"\"Oslo\""}])"), "arguments-not-object at 1");
  CHECK_EQ(fault_of_call(R"([{"name":"clock","arguments":["Oslo"]}])"), "arguments-not-object at 1");
  CHECK_EQ(fault_of_call(R"([{"name":"clock","arguments":5}])"), "arguments-not-object at 1");
  CHECK_EQ(fault_of_call(R"([{"name":"clock","arguments":"{\"city\": \"Troms\u00f8\"}"}])"), "");
}

TEST(required_arguments_must_be_given_unless_they_have_a_default) {
  CHECK_EQ(fault_of_call(R"([{"name":"clock","arguments":{"zone":"CET"}}])"), "missing-argument at 1");
  CHECK_EQ(fault_of_call(R"([{"name":"clock","arguments":"{}"}])"), "missing-argument at 1");
  CHECK_EQ(fault_of_call(R"([{"name":"clock"}])"), "missing-argument at 1");
  CHECK_EQ(fault_of_call(R"([{"name":"clock","arguments":{"city":null}}])"), "");
}

TEST(results_must_answer_an_earlier_call) {
  CHECK_EQ(fault({}, {user(), result(), answer()}), "orphan-result at 1");
  CHECK_EQ(fault(kClock, {user(), call(kGood), result("9"), answer()}), "orphan-result at 2");
  CHECK_EQ(judge_tool_use(kClock, std::vector<ToolTurn>{user(), call(kGood), result("9"), answer()}).broken, 1u);
  CHECK_EQ(fault(kClock, {user(), call(kNoId), result("9"), answer()}),
           "");  // calls without ids cannot be told apart
  CHECK_EQ(fault({}, {user(), answer("<tool_call>\n{\"name\": \"clock\"}\n</tool_call>"), result(), answer()}), "");
}

TEST(calls_must_be_answered_before_the_talk_goes_on) {
  CHECK_EQ(fault(kClock, {user(), call(kGood), user(), answer()}), "unanswered-call at 1");
  CHECK_EQ(fault(kClock, {user(), call(kGood), answer()}), "unanswered-call at 1");
  CHECK_EQ(fault(kClock, {user(), call(kNoId), answer()}), "unanswered-call at 1");
  constexpr std::string_view kTwo = R"([{"id":"1","function":{"name":"clock","arguments":{"city":"Oslo"}}},)"
                                    R"({"id":"2","function":{"name":"clock","arguments":{"city":"Rome"}}}])";
  CHECK_EQ(fault(kClock, {user(), call(kTwo), result("1"), answer()}), "unanswered-call at 1");
  CHECK_EQ(fault(kClock, {user(), call(kTwo), result("2"), result("1"), answer()}), "");
  CHECK_EQ(fault(kClock, {user(), call(kTwo), result(), answer()}), "");
}

TEST(ids_must_be_unique_in_a_sample) {
  CHECK_EQ(fault(kClock, {user(), call(kGood), result("1"), call(kGood), result("1"), answer()}), "duplicate-id at 3");
}

TEST(declarations_must_be_json_and_have_names) {
  CHECK_EQ(fault("def clock(city): ...", {user(), call(kGood)}), "tools-not-json");
  CHECK_EQ(fault(R"([{"type":"function","function":{"description":"x"}}])", {user()}), "tool-without-name");
  CHECK_EQ(fault("[5]", {user()}), "tool-without-name");
  CHECK_EQ(judge_tool_use("[5]", std::vector<ToolTurn>{user(), call(R"(["x"])")}).broken, 2u);
}

TEST(calls_of_other_types_are_only_counted) {
  const std::vector<ToolTurn> turns{user(), call(R"([{"id":"1","type":"custom","custom":{"name":"x","input":"y"}}])")};
  CHECK_EQ(judge_tool_use(kClock, turns).calls, 1u);
  CHECK_EQ(fault(kClock, turns), "");
}

TEST(branches_continue_the_main_turns_each_on_its_own) {
  const auto in = [](Part part, ToolTurn turn) {
    turn.part = part;
    return turn;
  };
  CHECK_EQ(fault(kClock, {user(), call(kGood), in(Part::kChosen, result("1")), in(Part::kChosen, answer()),
                          in(Part::kRejected, result("1")), in(Part::kRejected, answer())}),
           "");
  CHECK_EQ(fault(kClock, {user(), in(Part::kChosen, call(kGood)), in(Part::kRejected, call(kGood))}), "");
  const std::vector<ToolTurn> unanswered{user(), call(kGood), in(Part::kChosen, answer()),
                                         in(Part::kRejected, answer())};
  CHECK_EQ(judge_tool_use(kClock, unanswered).broken, 1u);
  CHECK_EQ(fault(kClock, {user(), in(Part::kChosen, answer()), in(Part::kRejected, result("1"))}),
           "orphan-result at 2");
}
