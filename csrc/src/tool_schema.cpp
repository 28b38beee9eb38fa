#include "tool_schema.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include "tunegate/blank.hpp"

namespace tunegate {
namespace {

enum KindBit : ArgumentKinds {
  kObjects = 1,
  kArrays = 2,
  kStrings = 4,
  kIntegers = 8,
  kFractions = 16,
  kBooleans = 32,
  kNulls = 64,
  kAnyKind = 127
};

struct TypeWord {
  std::string_view word;
  ArgumentKinds kinds;
};
/// The words of JSON Schema, and those of Python and C that tool sets put in their place.
constexpr std::array<TypeWord, 16> kTypeWords{{{"object", kObjects},
                                               {"array", kArrays},
                                               {"string", kStrings},
                                               {"integer", kIntegers},
                                               {"number", kIntegers | kFractions},
                                               {"boolean", kBooleans},
                                               {"null", kNulls},
                                               {"dict", kObjects},
                                               {"list", kArrays},
                                               {"tuple", kArrays},
                                               {"str", kStrings},
                                               {"int", kIntegers},
                                               {"float", kIntegers | kFractions},
                                               {"double", kIntegers | kFractions},
                                               {"bool", kBooleans},
                                               {"none", kNulls}}};

/// The kinds that one word of a `type` names, whatever its case; every kind where it is not known.
ArgumentKinds kinds_of_word(JsonValue type) {
  std::string word = text_of(type).value_or("");
  std::transform(word.begin(), word.end(), word.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  const auto known =
      std::find_if(kTypeWords.begin(), kTypeWords.end(), [&](const auto& one) { return one.word == word; });
  return known == kTypeWords.end() ? ArgumentKinds{kAnyKind} : known->kinds;
}

/// The kinds that the schema of one property admits: those of its `type`, a word or a list of words.
ArgumentKinds kinds_of_property(JsonValue schema) {
  for (const char* composed : {"anyOf", "oneOf", "allOf", "$ref"}) {
    if (schema.find(composed)) return kAnyKind;
  }
  const JsonValue type = schema.find("type");
  if (!type.is(JsonKind::kArray)) return kinds_of_word(type);
  ArgumentKinds kinds = 0;
  for (JsonValue word = type.first(); word; word = word.next()) kinds |= kinds_of_word(word);
  return kinds == 0 ? ArgumentKinds{kAnyKind} : kinds;
}

std::vector<std::string> required_arguments(JsonValue schema) {
  std::vector<std::string> names;
  const JsonValue required = schema.find("required");
  if (!required.is(JsonKind::kArray)) return names;
  const JsonValue properties = schema.find("properties");
  for (JsonValue element = required.first(); element; element = element.next()) {
    const std::optional<std::string> name = text_of(element);
    const bool has_default = name && properties && properties.find(*name) && properties.find(*name).find("default");
    if (name && !has_default) names.push_back(*name);
  }
  return names;
}

DeclaredArguments read_arguments(JsonValue schema) {
  DeclaredArguments declared{required_arguments(schema), {}};
  const JsonValue properties = schema.find("properties");
  if (!properties.is(JsonKind::kObject)) return declared;
  for (JsonValue key = properties.first(); key; key = key.next().next()) {
    const ArgumentKinds kinds = kinds_of_property(key.next());
    const std::optional<std::string> name = text_of(key);
    if (name && kinds != kAnyKind) declared.kinds.insert_or_assign(*name, kinds);
  }
  return declared;
}

/// The object that has the name: the member `function` (or `custom`) of OpenAI's form, or the tool itself.
JsonValue description_of(JsonValue tool) {
  for (const char* member : {"function", "custom"}) {
    if (const JsonValue inner = tool.find(member); inner.is(JsonKind::kObject)) return inner;
  }
  return tool;
}

void add_object(JsonValue tool, DeclaredTools& declared) {
  const JsonValue description = description_of(tool);
  const std::optional<std::string> name = text_of(description.find("name"));
  if (name && !is_blank(*name)) {
    JsonValue schema = description.find("parameters");
    if (!schema) schema = description.find("input_schema");
    declared.by_name.try_emplace(*name, schema ? read_arguments(schema) : DeclaredArguments{});
    return;
  }
  const JsonValue type = tool.find("type");
  const bool is_builtin = type.is(JsonKind::kString) && !type.equals("function") && !type.equals("custom");
  if (is_builtin) {
    declared.has_builtin = true;
  } else {
    declared.fault = ToolFault::kToolWithoutName;
  }
}

void add_tool(JsonValue tool, DeclaredTools& declared) {
  const std::optional<std::string> name = text_of(tool);
  if (tool.is(JsonKind::kObject)) {
    add_object(tool, declared);
  } else if (name && !is_blank(*name)) {
    declared.by_name.try_emplace(*name);
  } else {
    declared.fault = ToolFault::kToolWithoutName;
  }
}

ArgumentKinds kind_of_number(JsonValue value) {
  const std::optional<double> number = value.number();
  return number && *number != std::trunc(*number) ? kFractions : kIntegers;
}

}  // namespace

bool is_of_kinds(JsonValue value, ArgumentKinds kinds) {
  switch (value.kind()) {
    case JsonKind::kObject: return (kinds & kObjects) != 0;
    case JsonKind::kArray: return (kinds & kArrays) != 0;
    case JsonKind::kString: return (kinds & kStrings) != 0;
    case JsonKind::kNumber: return (kinds & kind_of_number(value)) != 0;
    case JsonKind::kTrue:
    case JsonKind::kFalse: return (kinds & kBooleans) != 0;
    case JsonKind::kNull: return (kinds & kNulls) != 0;
  }
  return false;
}

std::optional<std::string> text_of(JsonValue value) {
  if (!value.is(JsonKind::kString)) return std::nullopt;
  TextArena arena;
  const std::optional<std::string_view> text = value.text(arena);
  return text ? std::optional<std::string>(*text) : std::nullopt;
}

DeclaredTools read_tools(std::string_view text) {
  DeclaredTools declared;
  if (is_blank(text)) return declared;
  JsonDocument document;
  if (document.parse(text)) {
    declared.fault = ToolFault::kToolsNotJson;
    return declared;
  }
  const JsonValue root = document.root();
  if (root.is(JsonKind::kArray)) {
    for (JsonValue tool = root.first(); tool; tool = tool.next()) add_tool(tool, declared);
  } else if (!root.is_null() && !(root.is(JsonKind::kObject) && !root.first())) {
    add_tool(root, declared);
  }
  return declared;
}

}  // namespace tunegate
