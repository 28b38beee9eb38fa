#pragma once
#include <pybind11/pybind11.h>

#include <string>

#include "tunegate/byte_source.hpp"

namespace tunegate::python {

/// none, gzip or zstd. Throws ValueError for another name.
inline Compression compression_of(const std::string& name) {
  if (name == "none") return Compression::kNone;
  if (name == "gzip") return Compression::kGzip;
  if (name == "zstd") return Compression::kZstd;
  throw pybind11::value_error("compression is \"" + name + "\", expected none, gzip or zstd");
}

}  // namespace tunegate::python
