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

/// Three '#', an optional space, the word, an optional space and a colon. Plurals and other levels are
/// headings of ordinary Markdown.
FoundHeading heading_at(std::string_view text, std::size_t begin, std::size_t hashes) {
  if (hashes != 3) return {};
  std::size_t at = begin + hashes;
  if (at < text.size() && text[at] == ' ') ++at;
  for (const Heading& heading : kHeadings) {
    if (!starts_with_word(text.substr(at), heading.word)) continue;
    std::size_t end = at + heading.word.size();
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
    case Speaker::kUser: return heading.side == Side::kAsks;
    case Speaker::kAssistant: return heading.side == Side::kAnswers;
    case Speaker::kSystem: return heading.side == Side::kRules || heading.marker == marker_code("### Instruction:");
    case Speaker::kOther: break;
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
  for (std::size_t at = 0, next = 0; (at = find_byte<'#'>(text, next)) < text.size();) {
    next = std::min(text.find_first_not_of('#', at), text.size());
    const FoundHeading found = heading_at(text, at, next - at);
    if (found.heading == nullptr || !(starts_line(text, at) || is_printed_inline(text, found))) continue;
    if (code.at(at) != nullptr) continue;
    const Side side = found.heading->side;
    if (at == start && is_of_own_side(*found.heading, speaker)) return leak_at(found);
    if (asks.heading == nullptr && (side == Side::kAsks || (side == Side::kGives && at == start))) asks = found;
    if (answers.heading == nullptr && side == Side::kAnswers) answers = found;
    if (asks.heading != nullptr && answers.heading != nullptr) {
      return leak_at(asks.begin < answers.begin ? asks : answers);
    }
  }
  return std::nullopt;
}

}  // namespace tunegate
