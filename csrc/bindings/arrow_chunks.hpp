#pragma once
#include <pybind11/pybind11.h>

#include <string>
#include <utility>
#include <vector>

#include "tunegate/arrow_c.hpp"

namespace tunegate::python {

namespace py = pybind11;

/// Owns an Arrow C struct and releases it; an empty one has no `release`.
template <class Struct>
class Owned {
 public:
  Owned() = default;
  /// Moves the struct out of `source`, as the interface prescribes: the source is marked as released.
  explicit Owned(Struct* source) : value_(std::exchange(*source, Struct{})) {}
  Owned(Owned&& other) noexcept : value_(std::exchange(other.value_, Struct{})) {}
  Owned& operator=(Owned&& other) noexcept {
    std::swap(value_, other.value_);
    return *this;
  }
  ~Owned() {
    if (value_.release != nullptr) value_.release(&value_);
  }
  Struct* get() { return &value_; }
  const Struct& operator*() const { return value_; }
  const Struct* operator->() const { return &value_; }

 private:
  Struct value_{};
};

/// The chunks of one Arrow column of a Python object, and the Arrow format string of their type.
struct ArrowChunks {
  std::string format;
  std::vector<Owned<ArrowArray>> arrays;

  std::size_t size() const {
    std::size_t rows = 0;
    for (const auto& array : arrays) rows += static_cast<std::size_t>(array->length);
    return rows;
  }
};

/// Reads a column through `__arrow_c_stream__` or else `__arrow_c_array__`, without a copy of its values.
///
/// Takes what the object exports; the memory lives as long as the result. Needs the interpreter lock, also to
/// destroy the result. Throws TypeError for an object that exports neither, is no column of one plain type
/// (a table, a dictionary), and ValueError with the producer's text when its stream fails.
///
/// Source: https://arrow.apache.org/docs/format/CDataInterface/PyCapsuleInterface.html
ArrowChunks read_arrow_column(const py::object& source);

/// Whether row `index`, counted from the first row of the array, holds a value.
inline bool is_valid(const ArrowArray& array, std::int64_t index) {
  const auto* bits = static_cast<const std::uint8_t*>(array.n_buffers > 0 ? array.buffers[0] : nullptr);
  const std::int64_t bit = array.offset + index;
  return bits == nullptr || (bits[bit / 8] >> (bit % 8) & 1) != 0;
}

}  // namespace tunegate::python
