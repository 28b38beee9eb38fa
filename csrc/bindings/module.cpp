#include "arrow_capsule.hpp"
#include "topics.hpp"

PYBIND11_MODULE(_core, module) {
  module.doc() = "The measuring core of tunegate: reading, formats and text measures in C++.";
  tunegate::python::bind_arrow_table(module);
  tunegate::python::bind_text(module);
  tunegate::python::bind_tools(module);
  tunegate::python::bind_reader(module);
  tunegate::python::bind_formats(module);
  tunegate::python::bind_minhash(module);
  tunegate::python::bind_contamination(module);
  tunegate::python::bind_dedup(module);
  tunegate::python::bind_shingles(module);
  tunegate::python::bind_pretokenizer(module);
  tunegate::python::bind_tokens(module);
}
