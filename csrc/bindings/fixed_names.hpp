#pragma once
#include <pybind11/pybind11.h>

namespace tunegate::python {

/// The names of an enumeration as Python sees them: a tuple, in the order of the codes.
template <class Names>
pybind11::tuple names(const Names& all) {
  pybind11::tuple result(all.size());
  for (std::size_t i = 0; i < all.size(); ++i) result[i] = pybind11::str(all[i].data(), all[i].size());
  return result;
}

}  // namespace tunegate::python
