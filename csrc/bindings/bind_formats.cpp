#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include "topics.hpp"
#include "tunegate/format.hpp"
#include "tunegate/json_check.hpp"
#include "tunegate/record_parser.hpp"

namespace tunegate::python {
namespace {

namespace py = pybind11;

const Format& named(const std::string& name) {
  const Format* format = find_format(name);
  if (format == nullptr) throw py::value_error("no record format is called \"" + name + "\"");
  return *format;
}

py::list list_formats() {
  py::list out;
  for (const Format& format : formats()) out.append(py::make_tuple(format.name, format.example));
  return out;
}

std::string detect(const py::bytes& record) {
  RecordParser parser{FieldNames{}};
  if (const auto unreadable = parser.parse(std::string_view(record))) throw py::value_error(unreadable->reason);
  return std::string(parser.sample().format);
}

py::tuple render(const py::bytes& record, const std::string& format) {
  RecordParser parser{FieldNames{}};
  if (const auto unreadable = parser.parse(std::string_view(record))) throw py::value_error(unreadable->reason);
  std::string out;
  Losses losses;
  render_record(named(format), parser.sample(), out, losses);
  return py::make_tuple(py::bytes(out), losses.names());
}

std::optional<std::string> fault(const std::optional<JsonFault>& found) {
  return found ? std::optional(found->what + ", at byte " + std::to_string(found->offset + 1)) : std::nullopt;
}

}  // namespace

void bind_formats(py::module_& module) {
  module.def("formats", &list_formats, "(name, example record) of every record format, most specific first.");
  module.def("detect_format", &detect, py::arg("record"), "The format of a record; ValueError says why it has none.");
  module.def("render_record", &render, py::arg("record"), py::arg("format"),
             "The record in another format, and the names of what that format cannot hold.");
  module.def(
      "json_fault", [](const py::bytes& text) { return fault(JsonDocument().parse(std::string_view(text))); },
      py::arg("text"), "What is wrong with a JSON text and where, or None.");
  module.def(
      "json_fault_reference", [](const py::bytes& text) { return fault(check_json(std::string_view(text))); },
      py::arg("text"), "The same by the obvious recursive checker.");
}

}  // namespace tunegate::python
