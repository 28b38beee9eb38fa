#include "tool_schema.hpp"

#include "tunegate/blank.hpp"

namespace tunegate {
namespace {

/// The required names without a default.
RequiredArguments required_arguments(JsonValue schema) {
  RequiredArguments names;
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
    declared.by_name.try_emplace(*name, schema ? required_arguments(schema) : RequiredArguments{});
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

}  // namespace

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
