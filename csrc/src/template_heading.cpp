#include <algorithm>
#include <array>

#include "template_rules.hpp"
#include "tunegate/unicode.hpp"

namespace tunegate {
namespace {

enum class Side { kAsks, kGives, kAnswers, kRules };

struct Heading {
  std::string_view word;
  std::uint8_t marker;
  Side side;
};
constexpr std::array<Heading, 7> kHeadings{{{"instruction", marker_code("### Instruction:"), Side::kAsks},
                                            {"input", marker_code("### Input:"), Side::kGives},
                                            {"response", marker_code("### Response:"), Side::kAnswers},
                                            {"human", marker_code("### Human:"), Side::kAsks},
                                            {"user", marker_code("### User:"), Side::kAsks},
                                            {"assistant", marker_code("### Assistant:"), Side::kAnswers},
                                            {"system", marker_code("### System:"), Side::kRules}}};

struct FoundHeading {
  const Heading* heading = nullptr;
  std::size_t begin = 0;
  std::size_t end = 0;
};

bool starts_with_word(std::string_view text, std::string_view lower_word) {
  if (text.size() < lower_word.size()) return false;
  for (std::size_t i = 0; i < lower_word.size(); ++i) {
    if ((text[i] | 0x20) != lower_word[i]) return false;
  }
  return true;
}

/// A heading of two to four '#', an optional space, the word or its plural, and a colon.
FoundHeading heading_at(std::string_view text, std::size_t begin) {
  std::size_t at = begin;
  while (at < text.size() && text[at] == '#') ++at;
  if (at - begin < 2 || at - begin > 4) return {};
  if (at < text.size() && text[at] == ' ') ++at;
  for (const Heading& heading : kHeadings) {
    if (!starts_with_word(text.substr(at), heading.word)) continue;
    std::size_t end = at + heading.word.size();
    if (end < text.size() && (text[end] | 0x20) == 's') ++end;
    if (end < text.size() && text[end] == ' ') ++end;
    if (end < text.size() && text[end] == ':') return {&heading, begin, end + 1};
  }
  return {};
}

bool starts_line(std::string_view text, std::size_t at) {
  const std::size_t before = text.find_last_not_of(" \t", at == 0 ? 0 : at - 1);
  return at == 0 || before == std::string_view::npos || text[before] == '\n';
}

/// Vicuna prints its headings behind the text before; no sound Markdown looks like that.
bool is_printed_inline(std::string_view text, const FoundHeading& found) {
  const std::uint8_t marker = found.heading->marker;
  return (marker == marker_code("### Human:") || marker == marker_code("### Assistant:")) &&
         text.substr(found.begin).starts_with(kTemplateMarkers[marker]);
}

bool is_of_own_side(const Heading& heading, Speaker speaker) {
  switch (speaker) {
    case Speaker::kUser:
      return heading.side == Side::kAsks || heading.side == Side::kGives;
    case Speaker::kAssistant:
      return heading.side == Side::kAnswers;
    case Speaker::kSystem:
      return heading.side == Side::kRules || heading.marker == marker_code("### Instruction:");
    case Speaker::kOther:
      break;
  }
  return false;
}

TemplateLeak leak_at(const FoundHeading& found) { return {found.heading->marker, found.begin, found.end}; }

}  // namespace

std::optional<TemplateLeak> find_heading(std::string_view text, Speaker speaker, CodeOf& code) {
  if (speaker == Speaker::kOther) return std::nullopt;
  const std::size_t start = first_ink(text);
  FoundHeading asks;
  FoundHeading answers;
  for (std::size_t at = 0; (at = find_byte<'#'>(text, at)) < text.size();) {
    const FoundHeading found = heading_at(text, at);
    if (found.heading != nullptr && (starts_line(text, at) || is_printed_inline(text, found)) &&
        code.at(at) == nullptr) {
      if (at == start && is_of_own_side(*found.heading, speaker)) return leak_at(found);
      FoundHeading& kept = found.heading->side == Side::kAnswers ? answers : asks;
      const bool is_half_of_a_pair = found.heading->side == Side::kAsks || found.heading->side == Side::kAnswers;
      if (is_half_of_a_pair && kept.heading == nullptr) kept = found;
      if (asks.heading != nullptr && answers.heading != nullptr) {
        return leak_at(asks.begin < answers.begin ? asks : answers);
      }
    }
    at = std::min(text.find_first_not_of('#', at), text.size());
  }
  return std::nullopt;
}

}  // namespace tunegate
