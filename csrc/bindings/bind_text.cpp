#include <pybind11/pybind11.h>

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "arrow_capsule.hpp"
#include "arrow_strings.hpp"
#include "fixed_names.hpp"
#include "topics.hpp"
#include "tunegate/blank.hpp"
#include "tunegate/broken_text.hpp"
#include "tunegate/template_leak.hpp"
#include "tunegate/unicode.hpp"

namespace tunegate::python {
namespace {

/// Where the first finding of each text is, in characters of it: a code, a start and an end, or three nulls.
class Findings {
 public:
  void push(std::string_view text, std::uint8_t code, std::size_t begin, std::size_t end) {
    const std::size_t start = count_characters(text.substr(0, begin));
    codes_.push_back(code);
    starts_.push_back(static_cast<std::uint32_t>(start));
    ends_.push_back(static_cast<std::uint32_t>(start + count_characters(text.substr(begin, end - begin))));
    present_.push_back(true);
  }
  void push_none() {
    codes_.push_back(0);
    starts_.push_back(0);
    ends_.push_back(0);
    present_.push_back(false);
  }
  void move_into(ArrowTable& table, const char* code_name) {
    table.add_column(code_name, std::move(codes_), present_);
    table.add_column("start", std::move(starts_), present_);
    table.add_column("end", std::move(ends_), present_);
  }

 private:
  std::vector<std::uint8_t> codes_;
  std::vector<std::uint32_t> starts_, ends_;
  BitVector present_;
};

ArrowTable copy_texts(const py::object& texts) {
  const ArrowStrings column(texts);
  std::vector<std::int64_t> offsets{0};
  std::string bytes;
  BitVector present;
  column.for_each([&](std::size_t, std::string_view text, bool valid) {
    bytes += text;
    offsets.push_back(static_cast<std::int64_t>(bytes.size()));
    present.push_back(valid);
  });
  ArrowTable table;
  table.add_strings("text", std::move(offsets), std::move(bytes), std::move(present));
  return table;
}

ArrowTable blank(const py::object& texts) {
  const ArrowStrings column(texts);
  BitVector blanks;
  {
    const py::gil_scoped_release unlocked;
    column.for_each([&](std::size_t, std::string_view text, bool) { blanks.push_back(is_blank(text)); });
  }
  ArrowTable table;
  table.add_booleans("blank", std::move(blanks));
  return table;
}

ArrowTable broken_text(const py::object& texts) {
  const ArrowStrings column(texts);
  std::array<std::vector<std::uint32_t>, 4> counts;
  Findings first;
  {
    const py::gil_scoped_release unlocked;
    column.for_each([&](std::size_t, std::string_view text, bool) {
      const BrokenText found = find_broken_text(text);
      for (std::size_t kind = 0; kind < counts.size(); ++kind) counts[kind].push_back(found.counts[kind]);
      if (found.first) {
        first.push(text, static_cast<std::uint8_t>(found.first->kind), found.first->begin, found.first->end);
      } else {
        first.push_none();
      }
    });
  }
  ArrowTable table;
  constexpr std::array<const char*, 4> kColumns{"mojibake", "control", "zero_width", "replacement"};
  for (std::size_t kind = 0; kind < counts.size(); ++kind) table.add_column(kColumns[kind], std::move(counts[kind]));
  first.move_into(table, "kind");
  return table;
}

ArrowTable template_leak(const py::object& texts, const py::object& roles) {
  const ArrowStrings column(texts);
  const ArrowStrings role_column(roles);
  if (column.size() != role_column.size()) {
    throw py::value_error("texts has " + std::to_string(column.size()) + " rows, roles " +
                          std::to_string(role_column.size()));
  }
  Findings first;
  {
    const py::gil_scoped_release unlocked;
    std::vector<Speaker> speakers(column.size());
    role_column.for_each([&](std::size_t row, std::string_view role, bool) { speakers[row] = speaker_of(role); });
    column.for_each([&](std::size_t row, std::string_view text, bool) {
      if (const auto leak = find_template_leak(text, speakers[row])) {
        first.push(text, leak->marker, leak->begin, leak->end);
      } else {
        first.push_none();
      }
    });
  }
  ArrowTable table;
  first.move_into(table, "marker");
  return table;
}

}  // namespace

// Declared in topics.hpp, which module.cpp calls.
void bind_text(py::module_& module) {
  module.attr("BROKEN_KINDS") = names(kBrokenKindNames);
  module.attr("TEMPLATE_MARKERS") = names(kTemplateMarkers);
  module.def("copy_texts", &copy_texts, py::arg("texts"),
             "Column text: the same texts in one stretch of memory, whatever chunks and layout they came in.");
  module.def("blank", &blank, py::arg("texts"), "Column blank: whether a reader would see nothing; a null is blank.");
  module.def("broken_text", &broken_text, py::arg("texts"),
             "Columns mojibake, control, zero_width, replacement (how many) and kind (a code into BROKEN_KINDS), "
             "start, end (characters) of the first, null where a text is sound or null.");
  module.def("template_leak", &template_leak, py::arg("texts"), py::arg("roles"),
             "Columns marker (a code into TEMPLATE_MARKERS), start, end (characters) of the first residue of a chat "
             "template in each text, null where there is none.");
}

}  // namespace tunegate::python
