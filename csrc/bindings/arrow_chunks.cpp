#include "arrow_chunks.hpp"

#include "arrow_capsule.hpp"

namespace tunegate::python {
namespace {

std::string type_name(const py::object& source) { return py::str(py::type::of(source).attr("__qualname__")); }

/// Takes the struct out of a capsule that `producer` returned.
template <class Struct>
Owned<Struct> take(const py::object& capsule, const std::string& producer) {
  const char* name = capsule_name<Struct>();
  if (PyCapsule_IsValid(capsule.ptr(), name) == 0) {
    throw py::type_error(producer + " returned " + type_name(capsule) + ", not a capsule \"" + name + '"');
  }
  Owned<Struct> taken(static_cast<Struct*>(PyCapsule_GetPointer(capsule.ptr(), name)));
  if (taken->release == nullptr) throw py::value_error(producer + " returned a capsule that was already read");
  return taken;
}

std::string column_format(const ArrowSchema& schema, const py::object& source) {
  const std::string format = schema.format;
  if (schema.dictionary != nullptr || schema.n_children != 0) {
    throw py::type_error(type_name(source) + " is no plain column: its Arrow type is " + format +
                         (schema.dictionary != nullptr ? " with a dictionary" : " with children"));
  }
  return format;
}

void check_stream(int code, Owned<ArrowArrayStream>& stream) {
  if (code == 0) return;
  const char* text = stream->get_last_error(stream.get());
  throw py::value_error("the Arrow stream failed: " + std::string(text != nullptr ? text : "no reason given"));
}

ArrowChunks read_stream(const py::object& source) {
  auto stream = take<ArrowArrayStream>(source.attr("__arrow_c_stream__")(), "__arrow_c_stream__");
  Owned<ArrowSchema> schema;
  check_stream(stream->get_schema(stream.get(), schema.get()), stream);
  ArrowChunks chunks{column_format(*schema, source), {}};
  while (true) {
    Owned<ArrowArray> array;
    check_stream(stream->get_next(stream.get(), array.get()), stream);
    if (array->release == nullptr) return chunks;
    chunks.arrays.push_back(std::move(array));
  }
}

ArrowChunks read_array(const py::object& source) {
  const py::object pair = source.attr("__arrow_c_array__")();
  if (!py::isinstance<py::tuple>(pair) || py::len(pair) != 2) {
    throw py::type_error("__arrow_c_array__ returned " + type_name(pair) + ", not a pair of capsules");
  }
  const auto schema = take<ArrowSchema>(pair[py::int_(0)], "__arrow_c_array__");
  ArrowChunks chunks{column_format(*schema, source), {}};
  chunks.arrays.push_back(take<ArrowArray>(pair[py::int_(1)], "__arrow_c_array__"));
  return chunks;
}

}  // namespace

ArrowChunks read_arrow_column(const py::object& source) {
  if (py::hasattr(source, "__arrow_c_stream__")) return read_stream(source);
  if (py::hasattr(source, "__arrow_c_array__")) return read_array(source);
  throw py::type_error("expected an Arrow column, such as a polars Series; " + type_name(source) +
                       " has neither __arrow_c_stream__ nor __arrow_c_array__");
}

}  // namespace tunegate::python
