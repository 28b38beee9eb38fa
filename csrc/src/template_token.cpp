#include <algorithm>
#include <array>
#include <string>

#include "template_rules.hpp"
#include "tunegate/unicode.hpp"

namespace tunegate {
namespace {

constexpr std::size_t kTokens = marker_code("### Instruction:");  // tokens come first among the markers
constexpr std::uint8_t kOpenSequence = marker_code("<s>");
constexpr std::uint8_t kCloseSequence = marker_code("</s>");

/// The token that starts at `at`, as a code; kTokens when there is none.
std::size_t token_at(std::string_view text, std::size_t at) {
  const std::string_view rest = text.substr(at);
  for (std::size_t code = 0; code < kTokens; ++code) {
    if (rest.starts_with(kTemplateMarkers[code])) return code;
  }
  return kTokens;
}

/// Cheap refusal of nearly all '<' and '[' of markup and code.
bool may_be_token(std::string_view text, std::size_t at) {
  constexpr std::string_view kAfterAngle = "|seb/<\xEF";
  constexpr std::string_view kAfterBracket = "IATS/g";
  if (at + 1 == text.size()) return false;
  return (text[at] == '<' ? kAfterAngle : kAfterBracket).find(text[at + 1]) != std::string_view::npos;
}

struct Quotation {
  char32_t open;
  char32_t close;
};
constexpr std::array<Quotation, 6> kQuotations{
    {{U'"', U'"'}, {U'\'', U'\''}, {U'`', U'`'}, {0x201C, 0x201D}, {0x2018, 0x2019}, {0xAB, 0xBB}}};

/// How far a mention looks along its line, so that the cost of one stays O(1).
constexpr std::size_t kReach = 200;

std::string_view line_before(std::string_view text, std::size_t at) {
  const std::string_view reach = text.substr(at - std::min(at, kReach), std::min(at, kReach));
  return reach.substr(reach.rfind('\n') + 1);
}

std::string_view line_after(std::string_view text, std::size_t at) {
  const std::string_view reach = text.substr(at, kReach);
  return reach.substr(0, reach.find('\n'));
}

bool holds(std::string_view text, char32_t character) {
  for (std::size_t at = 0; at < text.size();) {
    const Character next = decode(text, at);
    if (next.value == character) return true;
    at += next.bytes;
  }
  return false;
}

/// Whether the turn as a whole stands in quotation marks, which then say nothing about its parts.
bool is_quoted_turn(std::string_view text) {
  const std::size_t begin = first_ink(text);
  const std::size_t end = end_of_ink(text);
  return begin + 1 < end && text[begin] == '"' && text[end - 1] == '"' && text.find('"', begin + 1) == end - 1;
}

bool is_quoted(std::string_view text, std::size_t begin, std::size_t end, bool quoted_turn) {
  const char32_t before = character_before(text, begin);
  const char32_t after = character_at(text, end);
  const std::string_view left = line_before(text, begin);
  const std::string_view right = line_after(text, end);
  for (const Quotation& quotation : kQuotations) {
    if (before == quotation.open && after == quotation.close) return true;
    if (quoted_turn) continue;
    if (before == quotation.open && holds(right, quotation.close)) return true;
    if (after == quotation.close && holds(left, quotation.open)) return true;
  }
  const bool inside_string = std::count(left.begin(), left.end(), '"') % 2 == 1 && holds(right, U'"');
  return inside_string && !quoted_turn;
}

std::string lower_ascii(std::string_view text) {
  std::string lower(text);
  for (char& byte : lower) byte = byte >= 'A' && byte <= 'Z' ? static_cast<char>(byte + ('a' - 'A')) : byte;
  return lower;
}

/// "the <|endoftext|> token", "tokens such as <|endoftext|>".
bool is_named(std::string_view text, std::size_t begin, std::size_t end) {
  constexpr std::size_t kWordsBefore = 24;
  constexpr std::array<std::string_view, 6> kNouns{"token", "tag", "marker", "delimiter", "separator", "symbol"};
  const std::string_view line = line_before(text, begin);
  const std::string before = lower_ascii(line.substr(line.size() - std::min(line.size(), kWordsBefore)));
  if (before.find("token") != std::string::npos) return true;
  const std::string after = lower_ascii(line_after(text, end));
  const std::string_view next = std::string_view(after).substr(std::min(after.find_first_not_of(' '), after.size()));
  return std::any_of(kNouns.begin(), kNouns.end(), [&](std::string_view noun) { return next.starts_with(noun); });
}

bool is_mention(std::string_view text, std::size_t begin, std::size_t end, bool quoted_turn, CodeOf& code) {
  if (const CodeRegion* region = code.at(begin)) {
    const bool ends_a_cut_off_block = !region->closed && end == end_of_ink(text);
    return !ends_a_cut_off_block;
  }
  return is_quoted(text, begin, end, quoted_turn) || is_named(text, begin, end);
}

/// "<s>" is a leak where nothing precedes it and no "</s>" but a last one closes it.
bool starts_a_sequence(std::string_view text, std::size_t begin) {
  if (begin != first_ink(text)) return false;
  const std::size_t close = text.find("</s>", begin);
  return close == std::string_view::npos || close + 4 == end_of_ink(text);
}

bool opens_strike_through(std::string_view text, std::size_t at) {
  const std::string_view rest = text.substr(at);
  return rest.starts_with("<s>") || rest.starts_with("<s ");
}

/// Whether the token counts where it stands; `strikes` counts the "<s>" that no "</s>" has closed yet.
bool counts_here(std::uint8_t token, std::string_view text, std::size_t begin, std::size_t end, std::size_t strikes) {
  if (token == kOpenSequence) return starts_a_sequence(text, begin);
  if (token == kCloseSequence) return strikes == 0;
  if (token == marker_code("<bos>")) return begin == first_ink(text);
  if (token == marker_code("<eos>")) return end == end_of_ink(text);
  return true;
}

}  // namespace

std::optional<TemplateLeak> find_special_token(std::string_view text, CodeOf& code) {
  std::size_t strikes = 0;
  const bool quoted_turn = is_quoted_turn(text);
  for (std::size_t at = 0; (at = find_byte<'<', '['>(text, at)) < text.size(); ++at) {
    if (!may_be_token(text, at)) continue;
    const std::size_t token = token_at(text, at);
    if (token < kTokens) {
      const auto marker = static_cast<std::uint8_t>(token);
      const std::size_t end = at + kTemplateMarkers[token].size();
      if (counts_here(marker, text, at, end, strikes) && !is_mention(text, at, end, quoted_turn, code)) {
        return TemplateLeak{marker, at, end};
      }
      if (marker == kCloseSequence && strikes > 0) --strikes;
    }
    if (opens_strike_through(text, at)) ++strikes;
  }
  return std::nullopt;
}

}  // namespace tunegate
