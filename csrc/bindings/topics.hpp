#pragma once
#include <pybind11/pybind11.h>

namespace tunegate::python {

/// Each topic declares its functions and classes to the module; module.cpp calls them all.
void bind_text(pybind11::module_& module);
void bind_tools(pybind11::module_& module);
void bind_reader(pybind11::module_& module);
void bind_formats(pybind11::module_& module);
void bind_minhash(pybind11::module_& module);
void bind_contamination(pybind11::module_& module);
void bind_dedup(pybind11::module_& module);
void bind_shingles(pybind11::module_& module);
void bind_pretokenizer(pybind11::module_& module);
void bind_tokens(pybind11::module_& module);

}  // namespace tunegate::python
