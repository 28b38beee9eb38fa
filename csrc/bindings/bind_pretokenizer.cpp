#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "topics.hpp"
#include "tunegate/nfc.hpp"
#include "tunegate/split_rule.hpp"

namespace py = pybind11;

namespace tunegate::python {
namespace {

std::optional<std::vector<std::string_view>> split_pieces(std::string_view rule_regex, std::string_view text) {
  const auto rule = find_split_rule(rule_regex);
  if (!rule) return std::nullopt;
  std::vector<std::string_view> pieces;
  for_each_piece_of(*rule, text, [&](std::string_view piece) { pieces.push_back(piece); });
  return pieces;
}

std::string nfc(std::string_view text) {
  if (is_nfc(text)) return std::string(text);
  std::string normalized;
  append_nfc(text, normalized);
  return normalized;
}

}  // namespace

// Declared in topics.hpp, which module.cpp calls.
void bind_pretokenizer(py::module_& module) {
  module.def("split_pieces", &split_pieces, py::arg("rule_regex"), py::arg("text"),
             "The pieces that a pre-tokenizer with this regular expression cuts the text into; None for one that is "
             "not known.");
  module.def("nfc", &nfc, py::arg("text"), "The text in normalization form C, as of Unicode 9.");
}

}  // namespace tunegate::python
