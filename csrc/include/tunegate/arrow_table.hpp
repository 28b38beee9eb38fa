#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "tunegate/arrow_c.hpp"

namespace tunegate {

/// A growing vector of bits, least significant first: an Arrow validity bitmap or boolean column.
class BitVector {
 public:
  void push_back(bool bit) {
    if (size_ % 8 == 0) bytes_.push_back(0);
    if (bit) bytes_.back() = static_cast<std::uint8_t>(bytes_.back() | (1u << (size_ % 8)));
    ones_ += bit ? 1 : 0;
    ++size_;
  }
  void append(bool bit, std::size_t count) {
    for (; count > 0 && size_ % 8 != 0; --count) push_back(bit);
    bytes_.insert(bytes_.end(), count / 8, bit ? 0xFF : 0);
    ones_ += bit ? count / 8 * 8 : 0;
    size_ += count / 8 * 8;
    for (count %= 8; count > 0; --count) push_back(bit);
  }
  void reserve(std::size_t bits) { bytes_.reserve((bits + 7) / 8); }
  std::size_t size() const { return size_; }
  std::size_t ones() const { return ones_; }
  bool operator[](std::size_t index) const { return (bytes_[index / 8] >> (index % 8) & 1) != 0; }
  const std::uint8_t* data() const { return bytes_.data(); }

 private:
  std::vector<std::uint8_t> bytes_;
  std::size_t size_ = 0;
  std::size_t ones_ = 0;
};

/// The format string by which the Arrow C data interface names an integer or floating point type.
template <class T>
constexpr const char* arrow_format() {
  static_assert(std::is_arithmetic_v<T> && !std::is_same_v<T, bool>, "booleans are a BitVector");
  if constexpr (std::is_floating_point_v<T>) {
    return sizeof(T) == 8 ? "g" : "f";
  } else if constexpr (std::is_signed_v<T>) {
    return sizeof(T) == 8 ? "l" : sizeof(T) == 4 ? "i" : sizeof(T) == 2 ? "s" : "c";
  } else {
    return sizeof(T) == 8 ? "L" : sizeof(T) == 4 ? "I" : sizeof(T) == 2 ? "S" : "C";
  }
}

/// Named columns of equal length that other Arrow libraries read without a copy.
///
/// Columns are moved in and constant from then on. What is exported shares their memory, so it may outlive
/// the table, and a table can be exported any number of times; copying a table copies no column. An empty
/// validity means that every value is present. Adding throws std::invalid_argument when lengths disagree.
class ArrowTable {
 public:
  /// Integers of 8 to 64 bits, float or double.
  template <class T>
  void add_column(std::string name, std::vector<T> values, BitVector validity = {}) {
    add_values(std::move(name), std::move(values), std::move(validity));
  }
  /// The same for values in memory of another kind, which has data() and size().
  template <class Values>
  requires requires(const Values& values) { values.data() + values.size(); }
  void add_column(std::string name, Values values, BitVector validity = {}) {
    add_values(std::move(name), std::move(values), std::move(validity));
  }

  void add_booleans(std::string name, BitVector values, BitVector validity = {});

  /// UTF-8 texts: row i is the bytes [offsets[i], offsets[i + 1]), so there is one offset more than rows.
  /// Offsets are std::int32_t (up to 2 GiB of text) or std::int64_t, bytes are chars; both in a std::vector, a
  /// std::string or what has their data() and size().
  template <class Offsets, class Bytes>
  void add_strings(std::string name, Offsets offsets, Bytes bytes, BitVector validity = {}) {
    using Offset = std::remove_cvref_t<decltype(*offsets.data())>;
    static_assert(std::is_same_v<Offset, std::int32_t> || std::is_same_v<Offset, std::int64_t>);
    const bool is_empty = offsets.size() == 0;
    check_offsets(name, is_empty ? -1 : static_cast<std::int64_t>(offsets.data()[offsets.size() - 1]), bytes.size());
    const std::size_t rows = offsets.size() - 1;
    Column column{std::move(name), sizeof(Offset) == 4 ? "u" : "U"};
    column.buffers.push_back(keep(column, std::move(offsets)));
    column.buffers.push_back(keep(column, std::move(bytes)));
    append(std::move(column), rows, std::move(validity));
  }

  /// A column of the Arrow format "u", "U", "b" or that of a number in which every value is missing. All such
  /// columns share their memory.
  void add_nulls(std::string name, const char* format, std::size_t rows);

  std::size_t rows() const { return rows_; }
  std::size_t columns() const { return columns_.size(); }

  /// One array, a struct of the columns. Both write to memory that the caller owns and must release.
  void export_schema(ArrowSchema* out) const;
  void export_array(ArrowArray* out) const;

 private:
  friend struct ArrowExport;

  /// A column as Arrow describes it, without its validity buffer until append() has put that in front.
  struct Column {
    std::string name;
    const char* format;
    std::size_t nulls = 0;
    std::vector<const void*> buffers{};
    std::vector<std::shared_ptr<const void>> owners{};
  };

  template <class Memory>
  static const void* keep(Column& column, Memory&& memory) {
    auto owner = std::make_shared<const std::decay_t<Memory>>(std::forward<Memory>(memory));
    const void* data = owner->data();
    column.owners.push_back(std::move(owner));
    return data != nullptr ? data : no_bytes();
  }

  template <class Values>
  void add_values(std::string name, Values values, BitVector validity) {
    const std::size_t rows = values.size();
    Column column{std::move(name), arrow_format<std::remove_cvref_t<decltype(*values.data())>>()};
    column.buffers.push_back(keep(column, std::move(values)));
    append(std::move(column), rows, std::move(validity));
  }

  /// Readers may want an address even for nothing.
  static const void* no_bytes();
  static void check_offsets(const std::string& name, std::int64_t last, std::size_t bytes);
  void append(Column column, std::size_t rows, BitVector validity);
  void append(Column column, std::size_t rows);

  std::vector<std::shared_ptr<const Column>> columns_;
  std::size_t rows_ = 0;
};

/// Writes a stream of `batches`, all with the columns of `layout` (which may have no rows), to memory that
/// the caller owns and must release. The stream shares the memory of the batches.
void export_stream(const ArrowTable& layout, std::vector<ArrowTable> batches, ArrowArrayStream* out);

}  // namespace tunegate
