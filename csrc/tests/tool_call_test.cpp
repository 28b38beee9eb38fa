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

/// The fault of a call that gives `value` where the tool declares the property with `schema`.
std::string fault_of_value(const std::string& schema, const std::string& value) {
  const std::string tools = R"([{"name":"t","parameters":{"type":"object","properties":{"x":)" + schema + "}}}]";
  return fault(tools, {user(), call(R"([{"name":"t","arguments":{"x":)" + value + "}}]")});
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

TEST(arguments_must_be_of_the_kind_that_their_tool_declares) {
  constexpr const char* kWrong = "argument-type at 1";
  const std::vector<std::string> values{"\"5\"", "5", "5.5", "true", "[5]", "{\"a\":5}"};
  const std::vector<std::pair<std::string, std::string>> accepted{// 1 where the value of that place is
                                                                  {"string", "100000"}, {"integer", "010000"},
                                                                  {"number", "011000"}, {"boolean", "000100"},
                                                                  {"array", "000010"},  {"object", "000001"}};
  for (const auto& [type, marks] : accepted) {
    for (std::size_t i = 0; i < values.size(); ++i) {
      CHECK_EQ(fault_of_value("{\"type\":\"" + type + "\"}", values[i]), marks[i] == '1' ? "" : kWrong);
    }
    CHECK_EQ(fault_of_value("{\"type\":\"" + type + "\"}", "null"), "");
  }
  CHECK_EQ(fault_of_value(R"({"type":"null"})", "5"), kWrong);
  CHECK_EQ(fault(R"([{"name":"t","input_schema":{"properties":{"x":{"type":"string"}}}}])",
                 {user(), call(R"([{"name":"t","arguments":"{\"x\":[]}"}])")}),
           kWrong);
}

TEST(whole_numbers_are_integers_however_they_are_written) {
  for (const char* value : {"3", "3.0", "-0", "3e2", "1e400", "123456789012345678901234567890"}) {
    CHECK_EQ(fault_of_value(R"({"type":"integer"})", value), "");
  }
  CHECK_EQ(fault_of_value(R"({"type":"integer"})", "3.25"), "argument-type at 1");
}

TEST(lists_and_other_spellings_of_types_are_read) {
  constexpr const char* kWrong = "argument-type at 1";
  CHECK_EQ(fault_of_value(R"({"type":["string","integer"]})", "5"), "");
  CHECK_EQ(fault_of_value(R"({"type":["string","null"]})", "5"), kWrong);
  CHECK_EQ(fault_of_value(R"({"type":"STRING"})", "5"), kWrong);
  CHECK_EQ(fault_of_value(R"({"type":"NUMBER"})", "5.5"), "");
  CHECK_EQ(fault_of_value(R"({"type":"float"})", "5"), "");
  CHECK_EQ(fault_of_value(R"({"type":"double"})", "\"5\""), kWrong);
  CHECK_EQ(fault_of_value(R"({"type":"int"})", "5.5"), kWrong);
  CHECK_EQ(fault_of_value(R"({"type":"str"})", "5"), kWrong);
  CHECK_EQ(fault_of_value(R"({"type":"bool"})", "5"), kWrong);
  CHECK_EQ(fault_of_value(R"({"type":"dict"})", "[]"), kWrong);
  CHECK_EQ(fault_of_value(R"({"type":"tuple"})", "[1,2]"), "");
  CHECK_EQ(fault_of_value(R"({"type":"list"})", "{}"), kWrong);
}

TEST(arguments_whose_type_is_open_are_of_any_kind) {
  for (const char* schema :
       {"{}", "true", "null", R"({"type":"any"})", R"({"type":"HashMap"})", R"({"type":7})", R"({"type":[]})",
        R"({"type":["integer","date"]})", R"({"type":["integer",7]})", R"({"enum":[1]})",
        R"({"anyOf":[{"type":"integer"}]})", R"({"type":"integer","oneOf":[{}]})", R"({"type":"object","allOf":[{}]})",
        R"({"type":"integer","$ref":"#/a"})"}) {
    CHECK_EQ(fault_of_value(schema, "\"5\""), "");
  }
  CHECK_EQ(fault(R"([{"name":"t","parameters":{"properties":[]}}])",
                 {user(), call(R"([{"name":"t","arguments":{"x":5}}])")}),
           "");
  CHECK_EQ(fault_of_call(R"([{"name":"clock","arguments":{"city":"Oslo","format":24}}])"), "");  // not declared
}

TEST(one_fault_is_counted_for_a_call_with_several_wrong_arguments) {
  const std::vector<ToolTurn> turns{user(), call(R"([{"name":"clock","arguments":{"city":5,"zone":6}}])")};
  CHECK_EQ(judge_tool_use(kClock, turns).broken, 1u);
  CHECK_EQ(fault_of_call(R"([{"name":"clock","arguments":{"zone":6}}])"), "missing-argument at 1");
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

TEST(ids_must_be_unique_among_the_calls_that_await_a_result) {
  constexpr std::string_view kTwice = R"([{"id":"1","function":{"name":"clock","arguments":{"city":"Oslo"}}},)"
                                      R"({"id":"1","function":{"name":"clock","arguments":{"city":"Rome"}}}])";
  CHECK_EQ(fault(kClock, {user(), call(kTwice), result("1"), result("1"), answer()}), "duplicate-id at 1");
  CHECK_EQ(judge_tool_use(kClock, std::vector<ToolTurn>{user(), call(kTwice), result("1")}).broken, 1u);
}

TEST(ids_may_come_again_once_their_calls_are_answered) {
  CHECK_EQ(fault(kClock, {user(), call(kGood), result("1"), call(kGood), result("1"), answer()}), "");
  CHECK_EQ(fault(kClock, {user(), call(kGood), result(), call(kGood), result("1"), answer()}), "");
  CHECK_EQ(fault(kClock, {user(), call(kGood), result("1"), call(kGood), answer()}), "unanswered-call at 3");
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
