#include "json_place.hpp"

#include <charconv>

#include "tunegate/tokenizer_file.hpp"

namespace tunegate {

JsonPlace JsonPlace::member(std::string_view name) const {
  return {value_.find(name), path_.empty() ? std::string(name) : path_ + '.' + std::string(name)};
}

JsonPlace JsonPlace::element(JsonValue value, std::size_t number) const {
  return {value, path_ + '[' + std::to_string(number) + ']'};
}

JsonValue JsonPlace::first_element() const {
  if (!value_.is(JsonKind::kArray)) fail("a list");
  return value_.first();
}

JsonValue JsonPlace::first_member() const {
  if (!value_.is(JsonKind::kObject)) fail("an object");
  return value_.first();
}

std::string JsonPlace::text() const {
  if (!value_.is(JsonKind::kString)) fail("a string");
  TextArena arena;
  const auto text = value_.text(arena);
  if (!text) throw TokenizerFault(path_ + " holds half of a surrogate pair, expected Unicode text");
  return std::string(*text);
}

bool JsonPlace::flag() const {
  if (!value_.is_boolean()) fail("true or false");
  return value_.is(JsonKind::kTrue);
}

std::uint32_t JsonPlace::whole_number() const {
  const auto number = tunegate::whole_number(value_);
  if (!number) fail("a whole number from 0");
  return *number;
}

double JsonPlace::number() const {
  const auto number = value_ ? value_.number() : std::nullopt;
  if (!number) fail("a number");
  return *number;
}

void JsonPlace::fail(std::string_view expected) const {
  const std::string_view found = value_ ? describe(value_.kind()) : "missing";
  throw TokenizerFault((path_.empty() ? "the file" : path_) + " is " + std::string(found) + ", expected " +
                       std::string(expected));
}

std::optional<std::uint32_t> whole_number(JsonValue value) {
  if (!value || !value.is(JsonKind::kNumber)) return std::nullopt;
  const std::string_view digits = value.raw();
  std::uint32_t number = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  if (error != std::errc() || end != digits.data() + digits.size()) return std::nullopt;
  return number;
}

}  // namespace tunegate
