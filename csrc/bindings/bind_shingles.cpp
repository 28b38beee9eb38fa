#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <optional>
#include <string>
#include <vector>

#include "topics.hpp"
#include "tunegate/shingle.hpp"

namespace py = pybind11;

namespace tunegate::python {
namespace {

std::vector<SimdLevel> available_levels() {
  std::vector<SimdLevel> levels;
  for (const SimdLevel level : {SimdLevel::kScalar, SimdLevel::kV2, SimdLevel::kV3, SimdLevel::kV4}) {
    if (level <= best_simd_level()) levels.push_back(level);
  }
  return levels;
}

std::vector<std::string> level_names() {
  std::vector<std::string> names;
  for (const SimdLevel level : available_levels()) names.emplace_back(simd_level_name(level));
  return names;
}

SimdLevel level_of(const std::optional<std::string>& name) {
  if (!name) return simd_level();
  const auto level = find_simd_level(*name);
  if (!level || *level > best_simd_level()) throw py::value_error("this processor has no level '" + *name + "'");
  return *level;
}

ShingleUnit unit_of(const std::string& name) {
  if (name == "words") return ShingleUnit::kWords;
  if (name == "characters") return ShingleUnit::kCharacters;
  throw py::value_error("a shingle is made of words or characters, not '" + name + "'");
}

Shingler read(const std::vector<py::bytes>& pieces, ShingleOptions options, const std::optional<std::string>& level) {
  Shingler shingler(options, level_of(level));
  for (const py::bytes& piece : pieces) shingler.add(piece);
  return shingler;
}

std::vector<std::uint64_t> shingles(const std::vector<py::bytes>& pieces, const std::string& unit, std::size_t size,
                                    const std::optional<std::string>& level) {
  Shingler shingler = read(pieces, {unit_of(unit), size}, level);
  const auto hashes = shingler.shingles();
  return {hashes.begin(), hashes.end()};
}

std::uint64_t text_hash(const std::vector<py::bytes>& pieces, const std::string& unit,
                        const std::optional<std::string>& level) {
  return read(pieces, {unit_of(unit), 1}, level).text_hash();
}

}  // namespace

// Declared in topics.hpp, which module.cpp calls.
void bind_shingles(py::module_& module) {
  module.def("simd_levels", &level_names, "The levels that this processor has, the best one last.");
  module.def(
      "simd_level", [] { return simd_level_name(simd_level()); }, "The level in use.");
  module.def("shingles", &shingles, py::arg("pieces"), py::kw_only(), py::arg("unit") = "words", py::arg("size") = 5,
             py::arg("level") = py::none(), "The hashes of the shingles of a text, in order; unit: words, characters.");
  module.def("text_hash", &text_hash, py::arg("pieces"), py::kw_only(), py::arg("unit") = "words",
             py::arg("level") = py::none(), "The hash of the words of a text in order, 0 where it has none.");
}

}  // namespace tunegate::python
