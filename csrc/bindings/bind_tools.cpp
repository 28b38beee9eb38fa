#include <pybind11/pybind11.h>

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "arrow_capsule.hpp"
#include "arrow_strings.hpp"
#include "fixed_names.hpp"
#include "topics.hpp"
#include "tunegate/tool_call.hpp"

namespace tunegate::python {
namespace {

Part part_of(std::string_view name) {
  return name == "chosen" ? Part::kChosen : name == "rejected" ? Part::kRejected : Part::kMain;
}

/// The message columns, held while the turns view them.
struct MessageColumns {
  explicit MessageColumns(const py::dict& messages)
      : sample(messages["sample"]),
        part(messages["part"]),
        role(messages["role"]),
        content(messages["content"]),
        tool_calls(messages["tool_calls"]),
        tool_call_id(messages["tool_call_id"]) {
    for (const ArrowStrings* column : {&part, &role, &content, &tool_calls, &tool_call_id}) {
      if (column->size() != sample.size()) throw py::value_error("the message columns differ in length");
    }
  }
  ArrowIntegers sample;
  ArrowStrings part, role, content, tool_calls, tool_call_id;
};

std::vector<ToolTurn> read_turns(const MessageColumns& columns) {
  std::vector<ToolTurn> turns(columns.sample.size());
  columns.part.for_each([&](std::size_t row, std::string_view text, bool) { turns[row].part = part_of(text); });
  columns.role.for_each([&](std::size_t row, std::string_view text, bool) { turns[row].role = text; });
  columns.content.for_each([&](std::size_t row, std::string_view text, bool) { turns[row].content = text; });
  columns.tool_calls.for_each([&](std::size_t row, std::string_view text, bool valid) {
    if (valid) turns[row].tool_calls = text;
  });
  columns.tool_call_id.for_each([&](std::size_t row, std::string_view text, bool valid) {
    if (valid) turns[row].tool_call_id = text;
  });
  return turns;
}

/// Where the turns of each sample begin, and the end. Throws ValueError unless the rows are in order.
std::vector<std::size_t> read_borders(const ArrowIntegers& sample, std::size_t samples) {
  std::vector<std::size_t> borders;
  std::int64_t last = 0;
  sample.for_each([&](std::size_t row, std::int64_t value, bool valid) {
    if (!valid || value < last || value >= static_cast<std::int64_t>(samples)) {
      throw py::value_error("message " + std::to_string(row) + " is not in the order of the samples");
    }
    while (borders.size() <= static_cast<std::size_t>(value)) borders.push_back(row);
    last = value;
  });
  borders.resize(samples + 1, sample.size());
  return borders;
}

struct ToolColumns {
  std::vector<std::uint32_t> calls, broken;
  std::vector<std::uint8_t> faults;
  std::vector<std::int64_t> messages;
  BitVector has_fault, has_message;

  void push(const ToolUse& use, std::size_t first_message) {
    calls.push_back(use.calls);
    broken.push_back(use.broken);
    const bool in_message = use.first && use.first->turn;
    faults.push_back(use.first ? static_cast<std::uint8_t>(use.first->fault) : std::uint8_t{0});
    messages.push_back(in_message ? static_cast<std::int64_t>(first_message + *use.first->turn) : 0);
    has_fault.push_back(use.first.has_value());
    has_message.push_back(in_message);
  }
};

ArrowTable tool_use(const py::object& tools, const py::dict& messages) {
  const ArrowStrings tool_texts(tools);
  const MessageColumns columns(messages);
  const std::vector<std::size_t> borders = read_borders(columns.sample, tool_texts.size());
  ToolColumns result;
  {
    const py::gil_scoped_release unlocked;
    const std::vector<ToolTurn> turns = read_turns(columns);
    tool_texts.for_each([&](std::size_t row, std::string_view text, bool valid) {
      const std::span<const ToolTurn> of_sample(turns.data() + borders[row], borders[row + 1] - borders[row]);
      const auto declared = valid ? std::optional<std::string_view>(text) : std::nullopt;
      result.push(judge_tool_use(declared, of_sample), borders[row]);
    });
  }
  ArrowTable table;
  table.add_column("calls", std::move(result.calls));
  table.add_column("broken", std::move(result.broken));
  table.add_column("fault", std::move(result.faults), std::move(result.has_fault));
  table.add_column("message", std::move(result.messages), std::move(result.has_message));
  return table;
}

}  // namespace

// Declared in topics.hpp, which module.cpp calls.
void bind_tools(py::module_& module) {
  module.attr("TOOL_FAULTS") = names(kToolFaultNames);
  module.def("tool_use", &tool_use, py::arg("tools"), py::arg("messages"),
             "Judge the tool calls of samples: `tools` has one JSON text per sample, `messages` the columns sample "
             "(row in `tools`, ascending), part, role, content, tool_calls, tool_call_id. Columns calls, broken, "
             "fault "
             "(a code into TOOL_FAULTS) and message (row in `messages`) of the first, null where nothing is "
             "broken.");
}

}  // namespace tunegate::python
