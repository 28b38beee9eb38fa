#pragma once
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tunegate/nfc.hpp"
#include "tunegate/tokenizer_file.hpp"

namespace tunegate {

/// The steps that a tokenizer takes with a text before it is cut into pieces.
class TextNormalizer {
 public:
  explicit TextNormalizer(std::vector<NormalizerStep> steps) : steps_(std::move(steps)) {}

  /// Two buffers that steps fill by turns. The result of normalize() stands in one of them, or in the text itself.
  struct Buffers {
    std::string from, to;
  };

  std::string_view normalize(std::string_view text, Buffers& buffers) const {
    for (const NormalizerStep& step : steps_) {
      buffers.to.clear();
      if (!apply(step, text, buffers.to)) continue;
      std::swap(buffers.from, buffers.to);
      text = buffers.from;
    }
    return text;
  }

 private:
  /// Whether the step changes the text; what it makes of it is then in `out`.
  static bool apply(const NormalizerStep& step, std::string_view text, std::string& out) {
    switch (step.kind) {
      case NormalizerStep::Kind::kNfc:
        if (is_nfc(text)) return false;
        append_nfc(text, out);
        return true;
      case NormalizerStep::Kind::kPrepend:
        if (text.empty()) return false;
        out.append(step.first).append(text);
        return true;
      case NormalizerStep::Kind::kReplace: return replace(text, step.first, step.second, out);
    }
    return false;
  }

  static bool replace(std::string_view text, std::string_view pattern, std::string_view content, std::string& out) {
    std::size_t begin = 0, found = text.find(pattern);
    if (pattern.empty() || found == std::string_view::npos) return false;
    for (; found != std::string_view::npos; found = text.find(pattern, begin)) {
      out.append(text.substr(begin, found - begin)).append(content);
      begin = found + pattern.size();
    }
    out.append(text.substr(begin));
    return true;
  }

  std::vector<NormalizerStep> steps_;
};

}  // namespace tunegate
