#pragma once
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "tunegate/arrow_table.hpp"

namespace tunegate {

/// Memory of a column. What is given up is kept for the next column, up to a limit for the whole process, because
/// fresh pages cost more than writing to them. Any thread may take it, and any other give it back.
class ColumnMemory {
 public:
  ColumnMemory() = default;
  /// At least `bytes` bytes, at an address divisible by 64. Throws std::bad_alloc.
  explicit ColumnMemory(std::size_t bytes);
  ~ColumnMemory();
  ColumnMemory(ColumnMemory&& other) noexcept { swap(other); }
  ColumnMemory& operator=(ColumnMemory&& other) noexcept {
    ColumnMemory(std::move(other)).swap(*this);
    return *this;
  }

  char* data() const { return data_; }
  std::size_t bytes() const { return bytes_; }

 private:
  void swap(ColumnMemory& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(bytes_, other.bytes_);
  }

  char* data_ = nullptr;
  std::size_t bytes_ = 0;
};

/// The values of a column under construction.
template <class T>
class Column {
 public:
  /// So many bytes behind the room that was asked for may be written too; they count for nothing.
  static constexpr std::size_t kSlack = 64;

  Column() = default;
  Column(Column&& other) noexcept : memory_(std::move(other.memory_)), size_(std::exchange(other.size_, 0)) {}

  const T* data() const { return reinterpret_cast<const T*>(memory_.data()); }
  std::size_t size() const { return size_; }

  /// Room for `more` values behind the last; grow() then takes in those that were written.
  T* room(std::size_t more) {
    const std::size_t bytes = (size_ + more) * sizeof(T) + kSlack;
    if (memory_.bytes() < bytes) reallocate(std::max(bytes, 2 * memory_.bytes()));
    return reinterpret_cast<T*>(memory_.data()) + size_;
  }
  void grow(std::size_t more) { size_ += more; }

  void push_back(T value) {
    *room(1) = value;
    ++size_;
  }
  void append(T value, std::size_t count) {
    std::fill_n(room(count), count, value);
    size_ += count;
  }

 private:
  static_assert(std::is_trivially_copyable_v<T>);

  [[gnu::noinline]] void reallocate(std::size_t bytes) {
    ColumnMemory larger(bytes);
    if (size_ > 0) std::memcpy(larger.data(), memory_.data(), size_ * sizeof(T));
    memory_ = std::move(larger);
  }

  ColumnMemory memory_;
  std::size_t size_ = 0;
};

/// Numbers (Values is a Column) or booleans (a BitVector), some of them missing. Those behind the last value, and
/// columns without any, cost nothing.
template <class Values>
class OptionalColumn {
 public:
  template <class T>
  void append(const std::optional<T>& value) {
    if (!value) return append_nulls(1);
    write_nulls();
    values_.push_back(*value);
    validity_.push_back(true);
  }
  void append_nulls(std::size_t count) { nulls_ += count; }
  void move_to(ArrowTable& table, std::string name) {
    constexpr bool kIsBoolean = std::is_same_v<Values, BitVector>;
    if (values_.size() == 0) return table.add_nulls(std::move(name), kIsBoolean ? "b" : "g", nulls_);
    write_nulls();
    if constexpr (kIsBoolean) {
      table.add_booleans(std::move(name), std::move(values_), std::move(validity_));
    } else {
      table.add_column(std::move(name), std::move(values_), std::move(validity_));
    }
  }

 private:
  void write_nulls() {
    values_.append(0, nulls_);
    validity_.append(false, std::exchange(nulls_, 0));
  }

  Values values_;
  BitVector validity_;
  std::size_t nulls_ = 0;
};

/// UTF-8 texts, at most 2 GiB of them, some of them missing. Nulls are as in OptionalColumn.
class StringColumn {
 public:
  StringColumn() { offsets_.push_back(0); }

  void reserve(std::size_t texts, std::size_t bytes) {
    offsets_.room(texts);
    bytes_.room(bytes);
  }

  void append(std::string_view text) {
    std::memcpy(room(text.size()), text.data(), text.size());
    end_text(text.size());
  }
  void append_or_null(const std::optional<std::string_view>& text) {
    if (!text) return append_nulls(1);
    append(*text);
  }
  void append_nulls(std::size_t count) { nulls_ += count; }

  /// Where the next text may be written, and Column::kSlack bytes more; end_text() then takes it in.
  char* room(std::size_t bytes) { return bytes_.room(bytes); }
  void end_text(std::size_t bytes) {
    if (nulls_ > 0) write_nulls();
    bytes_.grow(bytes);
    offsets_.push_back(static_cast<std::int32_t>(bytes_.size()));
    if (validity_.size() > 0) validity_.push_back(true);
  }

  void move_to(ArrowTable& table, std::string name) {
    if (offsets_.size() == 1) return table.add_nulls(std::move(name), "u", nulls_);
    write_nulls();
    table.add_strings(std::move(name), std::move(offsets_), std::move(bytes_), std::move(validity_));
  }

 private:
  void write_nulls() {
    if (nulls_ == 0) return;
    validity_.append(true, offsets_.size() - 1 - validity_.size());
    validity_.append(false, nulls_);
    offsets_.append(static_cast<std::int32_t>(bytes_.size()), std::exchange(nulls_, 0));
  }

  Column<std::int32_t> offsets_;
  Column<char> bytes_;
  BitVector validity_;  // empty while every value is present
  std::size_t nulls_ = 0;
};

}  // namespace tunegate
