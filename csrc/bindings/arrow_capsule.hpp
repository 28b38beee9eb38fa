#pragma once
#include <pybind11/pybind11.h>

#include <memory>
#include <utility>
#include <vector>

#include "tunegate/arrow_table.hpp"

namespace tunegate::python {

namespace py = pybind11;

/// The name by which the PyCapsule interface knows an Arrow C struct.
template <class Struct>
constexpr const char* capsule_name();
template <>
constexpr const char* capsule_name<ArrowSchema>() {
  return "arrow_schema";
}
template <>
constexpr const char* capsule_name<ArrowArray>() {
  return "arrow_array";
}
template <>
constexpr const char* capsule_name<ArrowArrayStream>() {
  return "arrow_array_stream";
}

/// A capsule around what `write(Struct*)` exports; what no consumer has taken is released with the capsule.
///
/// Source: https://arrow.apache.org/docs/format/CDataInterface/PyCapsuleInterface.html
template <class Struct, class Write>
py::capsule make_capsule(Write write) {
  auto exported = std::make_unique<Struct>();
  write(exported.get());
  PyObject* capsule = PyCapsule_New(exported.get(), capsule_name<Struct>(), [](PyObject* self) {
    auto* held = static_cast<Struct*>(PyCapsule_GetPointer(self, capsule_name<Struct>()));
    if (held->release != nullptr) held->release(held);
    delete held;
  });
  if (capsule == nullptr) {
    exported->release(exported.get());
    throw py::error_already_set();
  }
  exported.release();
  return py::reinterpret_steal<py::capsule>(capsule);
}

inline py::tuple array_capsules(const ArrowTable& table) {
  return py::make_tuple(make_capsule<ArrowSchema>([&](ArrowSchema* out) { table.export_schema(out); }),
                        make_capsule<ArrowArray>([&](ArrowArray* out) { table.export_array(out); }));
}

/// The stream moves `batches`; each has the columns of `layout`.
inline py::capsule stream_capsule(const ArrowTable& layout, std::vector<ArrowTable> batches) {
  return make_capsule<ArrowArrayStream>([&](ArrowArrayStream* out) { export_stream(layout, std::move(batches), out); });
}

/// Declares ArrowTable to Python, where polars.DataFrame(table) and DuckDB read it without a copy.
inline void bind_arrow_table(py::module_& module) {
  py::class_<ArrowTable>(module, "ArrowTable", "Columns that Arrow libraries read without a copy.")
      .def("__len__", &ArrowTable::rows)
      .def(
          "__arrow_c_array__", [](const ArrowTable& self, const py::object&) { return array_capsules(self); },
          py::arg("requested_schema") = py::none())
      .def(
          "__arrow_c_stream__", [](const ArrowTable& self, const py::object&) { return stream_capsule(self, {self}); },
          py::arg("requested_schema") = py::none());
}

}  // namespace tunegate::python
