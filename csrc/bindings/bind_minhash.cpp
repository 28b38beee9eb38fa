#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <array>
#include <string>
#include <utility>
#include <vector>

#include "topics.hpp"
#include "tunegate/minhash.hpp"

namespace tunegate::python {
namespace {

namespace py = pybind11;

/// The level of this name, where this processor has it.
SimdLevel level_named(const std::string& name) {
  for (const SimdLevel level : {SimdLevel::kScalar, SimdLevel::kV2, SimdLevel::kV3, SimdLevel::kV4}) {
    if (level <= best_simd_level() && simd_level_name(level) == name) return level;
  }
  throw py::value_error("level \"" + name + "\" is none of scalar to " +
                        std::string(simd_level_name(best_simd_level())) + ", which this processor has");
}

std::pair<std::uint32_t, std::uint32_t> choose(double threshold, double recall) {
  const Banding banding = choose_banding(threshold, recall);
  return {banding.bands, banding.rows};
}

std::vector<std::uint32_t> signature(const std::vector<std::uint64_t>& shingles, std::uint32_t bands,
                                     std::uint32_t rows, std::uint64_t seed, const std::string& level) {
  const MinHasher hasher({bands, rows}, seed, level_named(level));
  std::vector<std::uint32_t> lanes(std::size_t{bands} * rows);
  hasher.signature(shingles, lanes);
  return lanes;
}

}  // namespace

void bind_minhash(py::module_& module) {
  module.def("choose_banding", &choose, py::arg("threshold"), py::arg("recall"),
             "(bands, rows) that find pairs at the threshold with at least this recall.");
  module.def(
      "expected_recall",
      [](std::uint32_t bands, std::uint32_t rows, double similarity) {
        return expected_recall({bands, rows}, similarity);
      },
      py::arg("bands"), py::arg("rows"), py::arg("similarity"),
      "The probability that two sets of this Jaccard similarity become candidates.");
  module.def("minhash", &signature, py::arg("shingles"), py::arg("bands"), py::arg("rows"), py::arg("seed"),
             py::arg("level"),
             "The MinHash signature of a set of 64-bit hashes; level is one of scalar, v2, v3 and v4.");
}

}  // namespace tunegate::python
