#pragma once
#include <cstddef>
#include <optional>
#include <string_view>
#include <vector>

namespace tunegate {

/// Bytes [begin, end) of a Markdown text that show code.
struct CodeRegion {
  std::size_t begin;
  std::size_t end;
  bool closed;  // an unclosed fence runs to the end of the text
};

/// The fenced blocks (``` or ~~~, at any indentation) and inline code of a text, in order. O(bytes).
///
/// A closing fence may be followed by '<' or '[', where a template marker was glued to it. Indented code
/// blocks are not known: chat texts indent for many other reasons.
///
/// Source: CommonMark 0.31, "Fenced code blocks" and "Code spans", simplified as said.
std::vector<CodeRegion> find_code(std::string_view text);

/// The code of one text, looked for when first asked.
class CodeOf {
 public:
  explicit CodeOf(std::string_view text) : text_(text) {}
  /// The region that holds the byte at `position`, if any. O(log regions).
  const CodeRegion* at(std::size_t position);

 private:
  std::string_view text_;
  std::optional<std::vector<CodeRegion>> regions_;
};

}  // namespace tunegate
