#pragma once
#include <cstddef>
#include <optional>
#include <string_view>

#include "code_regions.hpp"
#include "tunegate/template_leak.hpp"

namespace tunegate {

/// The code of a marker, which must be one of kTemplateMarkers.
consteval std::uint8_t marker_code(std::string_view name) {
  for (std::size_t code = 0; code < kTemplateMarkers.size(); ++code) {
    if (kTemplateMarkers[code] == name) return static_cast<std::uint8_t>(code);
  }
  throw "no such marker";
}

inline constexpr std::string_view kAsciiSpace = " \t\n\v\f\r";

/// The first byte that is no ASCII white space, or the size of the text.
inline std::size_t first_ink(std::string_view text) {
  const std::size_t at = text.find_first_not_of(kAsciiSpace);
  return at == std::string_view::npos ? text.size() : at;
}

/// One behind the last byte that is no ASCII white space.
inline std::size_t end_of_ink(std::string_view text) { return text.find_last_not_of(kAsciiSpace) + 1; }

/// The three families of markers, each with its own rules; see find_template_leak.
std::optional<TemplateLeak> find_special_token(std::string_view text, CodeOf& code);
std::optional<TemplateLeak> find_heading(std::string_view text, Speaker speaker, CodeOf& code);
std::optional<TemplateLeak> find_role_label(std::string_view text, Speaker speaker, CodeOf& code);

}  // namespace tunegate
