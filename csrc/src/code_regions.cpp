#include "code_regions.hpp"

#include <algorithm>
#include <array>
#include <iterator>

namespace tunegate {
namespace {

std::size_t run_length(std::string_view text, std::size_t at) {
  const std::size_t end = std::min(text.find_first_not_of(text[at], at), text.size());
  return end - at;
}

std::size_t end_of_line(std::string_view text, std::size_t at) { return std::min(text.find('\n', at), text.size()); }

/// A run of three or more backticks or tildes that starts a line.
struct Fence {
  char sign = 0;
  std::size_t length = 0;
  std::string_view rest;  // of the line
};

Fence fence_at(std::string_view text, std::size_t line) {
  const std::size_t at = text.find_first_not_of(" \t", line);
  if (at == std::string_view::npos || (text[at] != '`' && text[at] != '~')) return {};
  const std::size_t length = run_length(text, at);
  if (length < 3) return {};
  const std::string_view rest = text.substr(at + length, end_of_line(text, at + length) - at - length);
  if (text[at] == '`' && rest.find('`') != std::string_view::npos) return {};
  return {text[at], length, rest};
}

bool closes(const Fence& fence, const Fence& opening) {
  const std::size_t next = fence.rest.find_first_not_of(" \t\r");
  const bool ends = next == std::string_view::npos || fence.rest[next] == '<' || fence.rest[next] == '[';
  return fence.sign == opening.sign && fence.length >= opening.length && ends;
}

/// The block that the fence on the line at `line` opens.
CodeRegion fenced_block(std::string_view text, std::size_t line, const Fence& opening) {
  std::size_t next = end_of_line(text, line);
  while (next < text.size()) {
    ++next;
    const Fence fence = fence_at(text, next);
    if (fence.sign != 0 && closes(fence, opening)) {
      return {line, static_cast<std::size_t>(fence.rest.data() - text.data()), true};
    }
    next = end_of_line(text, next);
  }
  return {line, text.size(), false};
}

bool is_blank_line(std::string_view text, std::size_t line) {
  const std::size_t next = text.find_first_not_of(" \t\r", line);
  return next == std::string_view::npos || text[next] == '\n';
}

/// Where the lines from `line` on stop being one paragraph: before a blank line or a fence.
std::size_t end_of_paragraph(std::string_view text, std::size_t line) {
  std::size_t end = end_of_line(text, line);
  while (end < text.size() && !is_blank_line(text, end + 1) && fence_at(text, end + 1).sign == 0) {
    end = end_of_line(text, end + 1);
  }
  return end;
}

/// The next run of exactly `length` backticks.
std::size_t find_run(std::string_view text, std::size_t from, std::size_t length) {
  for (std::size_t at = from; (at = text.find('`', at)) != std::string_view::npos;) {
    const std::size_t found = run_length(text, at);
    if (found == length) return at;
    at += found;
  }
  return std::string_view::npos;
}

/// Inline code between `begin` and `end`, which lie in one paragraph: two runs of backticks of one length.
/// A length that found no partner once is not looked for again, so the cost is linear.
void add_code_spans(std::string_view text, std::size_t begin, std::size_t end, std::vector<CodeRegion>& regions) {
  const std::string_view paragraph = text.substr(0, end);
  std::array<bool, 9> has_no_partner{};
  for (std::size_t at = begin; (at = paragraph.find('`', at)) != std::string_view::npos;) {
    const std::size_t length = run_length(paragraph, at);
    std::size_t close = std::string_view::npos;
    if (length < has_no_partner.size() && !has_no_partner[length]) {
      close = find_run(paragraph, at + length, length);
      has_no_partner[length] = close == std::string_view::npos;
    }
    if (close != std::string_view::npos) regions.push_back({at, close + length, true});
    at = (close != std::string_view::npos ? close : at) + length;
  }
}

}  // namespace

std::vector<CodeRegion> find_code(std::string_view text) {
  std::vector<CodeRegion> regions;
  if (text.find_first_of("`~") == std::string_view::npos) return regions;
  std::size_t line = 0;
  while (line < text.size()) {
    if (const Fence fence = fence_at(text, line); fence.sign != 0) {
      regions.push_back(fenced_block(text, line, fence));
      line = regions.back().end;
      continue;
    }
    const std::size_t end = end_of_paragraph(text, line);
    add_code_spans(text, line, end, regions);
    line = end + 1;
  }
  return regions;
}

const CodeRegion* CodeOf::at(std::size_t position) {
  if (!regions_) regions_ = find_code(text_);
  const auto after = std::upper_bound(regions_->begin(), regions_->end(), position,
                                      [](std::size_t at, const CodeRegion& region) { return at < region.begin; });
  if (after == regions_->begin() || position >= std::prev(after)->end) return nullptr;
  return &*std::prev(after);
}

}  // namespace tunegate
