#pragma once
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#include "arrow_chunks.hpp"

namespace tunegate::python {

/// A column of texts from any Arrow library, read without a copy: Arrow types u, U, vu and n (all null),
/// in any chunks and with any offsets.
///
/// Keeps the memory alive and releases it when destroyed, which needs the interpreter lock; visiting does
/// not. Texts are bytes as the producer gave them: Arrow promises UTF-8, nothing here relies on it.
/// Throws TypeError for anything else, with its type.
class ArrowStrings {
 public:
  explicit ArrowStrings(const py::object& source) : chunks_(read_arrow_column(source)) {
    if (chunks_.format != "u" && chunks_.format != "U" && chunks_.format != "vu" && chunks_.format != "n") {
      throw py::type_error("expected a column of texts (Arrow type u, U or vu), not Arrow type " + chunks_.format);
    }
    size_ = chunks_.size();
  }

  std::size_t size() const { return size_; }

  /// Calls `visit(std::size_t row, std::string_view text, bool valid)` for every row in order; the text of
  /// a null is empty. The views live as long as this object.
  template <class Visit>
  void for_each(Visit&& visit) const {
    std::size_t row = 0;
    for (const auto& array : chunks_.arrays) {
      if (chunks_.format == "u") {
        visit_chunk(*array, row, visit, text_by_offset<std::int32_t>);
      } else if (chunks_.format == "U") {
        visit_chunk(*array, row, visit, text_by_offset<std::int64_t>);
      } else if (chunks_.format == "vu") {
        visit_chunk(*array, row, visit, text_by_view);
      } else {
        for (std::int64_t i = 0; i < array->length; ++i) visit(row++, std::string_view(), false);
      }
    }
  }

 private:
  template <class Visit, class TextAt>
  static void visit_chunk(const ArrowArray& array, std::size_t& row, Visit& visit, TextAt text_at) {
    for (std::int64_t i = 0; i < array.length; ++i) {
      const bool valid = is_valid(array, i);
      visit(row++, valid ? text_at(array, array.offset + i) : std::string_view(), valid);
    }
  }

  template <class Offset>
  static std::string_view text_by_offset(const ArrowArray& array, std::int64_t position) {
    const auto* offsets = static_cast<const Offset*>(array.buffers[1]);
    const auto begin = static_cast<std::size_t>(offsets[position]);
    const auto size = static_cast<std::size_t>(offsets[position + 1]) - begin;
    return size == 0 ? std::string_view() : std::string_view(static_cast<const char*>(array.buffers[2]) + begin, size);
  }

  /// A view is a 32-bit length and then either up to 12 bytes of text, or 4 bytes of it, the number of the
  /// data buffer (they follow the views) and the offset in it.
  ///
  /// Source: https://arrow.apache.org/docs/format/Columnar.html, "Variable-size Binary View Layout"
  static std::string_view text_by_view(const ArrowArray& array, std::int64_t position) {
    const char* view = static_cast<const char*>(array.buffers[1]) + position * 16;
    const auto field = [view](int at) {
      std::int32_t value = 0;
      std::memcpy(&value, view + at, sizeof value);
      return value;
    };
    const auto size = static_cast<std::size_t>(field(0));
    if (size <= 12) return {view + 4, size};
    return {static_cast<const char*>(array.buffers[2 + field(8)]) + field(12), size};
  }

  ArrowChunks chunks_;
  std::size_t size_ = 0;
};

/// A column of 64-bit integers (Arrow type l), read in the same way.
class ArrowIntegers {
 public:
  explicit ArrowIntegers(const py::object& source) : chunks_(read_arrow_column(source)) {
    if (chunks_.format != "l") {
      throw py::type_error("expected a column of 64-bit integers (Arrow type l), not Arrow type " + chunks_.format);
    }
    size_ = chunks_.size();
  }

  std::size_t size() const { return size_; }

  /// Calls `visit(std::size_t row, std::int64_t value, bool valid)` for every row in order.
  template <class Visit>
  void for_each(Visit&& visit) const {
    std::size_t row = 0;
    for (const auto& array : chunks_.arrays) {
      const auto* values = static_cast<const std::int64_t*>(array->buffers[1]) + array->offset;
      for (std::int64_t i = 0; i < array->length; ++i) {
        const bool valid = is_valid(*array, i);
        visit(row++, valid ? values[i] : 0, valid);
      }
    }
  }

 private:
  ArrowChunks chunks_;
  std::size_t size_ = 0;
};

}  // namespace tunegate::python
