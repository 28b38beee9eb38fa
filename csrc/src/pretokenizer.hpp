#pragma once
#include <algorithm>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tunegate/bpe.hpp"
#include "tunegate/split_rule.hpp"
#include "tunegate/tokenizer_file.hpp"

namespace tunegate {

/// Cuts normalised text into the pieces that are encoded one by one.
class Pretokenizer {
 public:
  /// A text that the file does not cut is cut before each run of U+2581 where the model gives the same tokens then.
  Pretokenizer(const TokenizerFile& file, const BpeModel& model)
      : rules_(file.rules),
        metaspace_(file.metaspace),
        adds_space_(file.is_byte_level && file.adds_prefix_space),
        cuts_at_metaspace_(file.rules.empty() && model.splits_before_metaspace()) {}

  /// Calls visit(piece, end) for the pieces in order; end is where the bytes end in which the piece stands. They stand
  /// in the text or in the buffer, until that is used again. is_first: whether the text begins where the whole one
  /// does.
  template <class Visit>
  void for_each_piece(std::string_view text, bool is_first, std::string& buffer, Visit visit) const {
    if (text.empty()) return;
    if (metaspace_) text = with_metaspaces(text, is_first, buffer);
    if (adds_space_ && text.front() != ' ') text = buffer.assign(" ").append(text);
    const char* const end = text.data() + text.size();
    const auto take = [&](std::string_view piece) { visit(piece, end); };
    if (metaspace_ && metaspace_->split) {
      cut_before(text, metaspace_->replacement, take);
    } else if (cuts_at_metaspace_) {
      cut_before_runs(text, take);
    } else if (rules_.size() == 1) {
      for_each_piece_of(rules_.front(), text, take);
    } else {
      apply(0, text, take);
    }
  }

 private:
  std::string_view with_metaspaces(std::string_view text, bool is_first, std::string& buffer) const {
    const std::string& sign = metaspace_->replacement;
    using Prepend = MetaspaceRule::Prepend;
    const bool prepends =
        metaspace_->prepend == Prepend::kAlways || (metaspace_->prepend == Prepend::kFirst && is_first);
    buffer.clear();
    if (prepends && text.front() != ' ' && !text.starts_with(sign)) buffer += sign;
    for (std::size_t begin = 0; begin < text.size();) {
      const std::size_t space = std::min(text.find(' ', begin), text.size());
      buffer.append(text.substr(begin, space - begin));
      if (space < text.size()) buffer += sign;
      begin = space + 1;
    }
    return buffer;
  }

  /// Each piece begins with the sign, but for what stands before the first one.
  template <class Take>
  static void cut_before(std::string_view text, std::string_view sign, Take take) {
    while (!text.empty()) {
      const std::size_t next = std::min(text.find(sign, text.starts_with(sign) ? sign.size() : 0), text.size());
      take(text.substr(0, next));
      text.remove_prefix(next);
    }
  }

  template <class Take>
  static void cut_before_runs(std::string_view text, Take take) {
    for (std::size_t begin = 0, cut = 0; begin < text.size(); begin = cut) {
      cut = find_metaspace_cut(text, begin);
      take(text.substr(begin, cut - begin));
    }
  }

  void apply(std::size_t rule, std::string_view text, const std::function<void(std::string_view)>& take) const {
    if (rule == rules_.size()) return take(text);
    for_each_piece_of(rules_[rule], text, [&](std::string_view piece) { apply(rule + 1, piece, take); });
  }

  std::vector<SplitRule> rules_;
  std::optional<MetaspaceRule> metaspace_;
  bool adds_space_;
  bool cuts_at_metaspace_;
};

}  // namespace tunegate
