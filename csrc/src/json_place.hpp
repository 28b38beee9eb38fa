#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "tunegate/json_reader.hpp"

namespace tunegate {

/// A value of a tokenizer.json and where it stands, for faults: "model.vocab is a list, expected an object".
///
/// Where a value is asked for and another kind is found, or none, TokenizerFault is thrown.
class JsonPlace {
 public:
  JsonPlace(JsonValue value, std::string path) : value_(value), path_(std::move(path)) {}

  /// The member of that name; absent when the object lacks it.
  JsonPlace member(std::string_view name) const;
  /// An element of this list.
  JsonPlace element(JsonValue value, std::size_t number) const;

  bool is_absent() const { return !value_; }
  bool is_null_or_absent() const { return !value_ || value_.is_null(); }

  /// First element or first key, which its value follows.
  JsonValue first_element() const;
  JsonValue first_member() const;

  std::string text() const;
  bool flag() const;
  bool flag_or(bool otherwise) const { return is_null_or_absent() ? otherwise : flag(); }
  std::uint32_t whole_number() const;
  double number() const;

  const JsonValue& value() const { return value_; }
  const std::string& path() const { return path_; }

  [[noreturn]] void fail(std::string_view expected) const;

 private:
  JsonValue value_;
  std::string path_;
};

/// The whole number from 0 to 2^32 - 1 that the value is, written in digits alone.
std::optional<std::uint32_t> whole_number(JsonValue value);

}  // namespace tunegate
