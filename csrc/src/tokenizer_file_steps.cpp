// The members `normalizer` and `pre_tokenizer` of a tokenizer.json.
#include <string>
#include <utility>

#include "tokenizer_file_parts.hpp"
#include "tunegate/unicode.hpp"

namespace tunegate {
namespace {

/// Visits a step, or the steps of a Sequence in order, those of sequences within it included.
template <class Visit>
void for_each_step(const JsonPlace& step, const char* list, Visit visit) {
  if (step.member("type").text() != "Sequence") return visit(step);
  const JsonPlace steps = step.member(list);
  std::size_t number = 0;
  for (JsonValue value = steps.first_element(); value; value = value.next()) {
    for_each_step(steps.element(value, number++), list, visit);
  }
}

NormalizerStep read_replace(const JsonPlace& step) {
  const JsonPlace pattern = step.member("pattern");
  if (!pattern.member("Regex").is_absent()) {
    throw UnsupportedTokenizer("its normalizer replaces what a regular expression finds");
  }
  NormalizerStep replace{NormalizerStep::Kind::kReplace, pattern.member("String").text(),
                         step.member("content").text()};
  if (replace.first.empty()) throw UnsupportedTokenizer("its normalizer replaces a text without characters");
  return replace;
}

NormalizerStep read_normalizer_step(const JsonPlace& step) {
  const std::string type = step.member("type").text();
  if (type == "NFC") return {NormalizerStep::Kind::kNfc, "", ""};
  if (type == "Prepend") return {NormalizerStep::Kind::kPrepend, step.member("prepend").text(), ""};
  if (type == "Replace") return read_replace(step);
  throw UnsupportedTokenizer("its normalizer has the step " + shown_type(type));
}

/// Whether a Split cuts nowhere, for it looks for a byte that the last step has replaced: Gemma's Split at spaces.
bool is_idle_split(const JsonPlace& step, const std::vector<NormalizerStep>& normalizer) {
  const JsonPlace pattern = step.member("pattern").member("String");
  if (pattern.is_absent() || pattern.text().size() != 1 || normalizer.empty()) return false;
  if (step.member("behavior").text() == "Removed" && step.member("invert").flag()) return false;  // removes all text
  const NormalizerStep& last = normalizer.back();
  return last.kind == NormalizerStep::Kind::kReplace && last.first == pattern.text() &&
         last.second.find(last.first) == std::string::npos;
}

SplitRule read_split(const JsonPlace& step) {
  const JsonPlace pattern = step.member("pattern");
  if (!pattern.member("String").is_absent()) {
    throw UnsupportedTokenizer("its pre-tokenizer Split has no regular expression");
  }
  const auto rule = find_split_rule(pattern.member("Regex").text());
  if (!rule) throw UnsupportedTokenizer("its pre-tokenizer Split has a regular expression that is not built in");
  const std::string behavior = step.member("behavior").text();
  const bool is_inverted = step.member("invert").flag();
  // The rules that we know match every character: to remove what they do not match removes nothing.
  if ((behavior == "Isolated" && !is_inverted) || (behavior == "Removed" && is_inverted)) return *rule;
  throw UnsupportedTokenizer("its pre-tokenizer Split does not keep each match as a piece");
}

MetaspaceRule::Prepend read_prepend(const JsonPlace& step) {
  const JsonPlace scheme = step.member("prepend_scheme");
  const JsonPlace adds_prefix_space = step.member("add_prefix_space");
  const bool is_legacy_never = !adds_prefix_space.is_null_or_absent() && !adds_prefix_space.flag();
  const std::string name = scheme.is_absent() ? "always" : scheme.text();
  if (is_legacy_never && name != "never") {
    throw UnsupportedTokenizer("its pre-tokenizer Metaspace has an add_prefix_space that contradicts prepend_scheme");
  }
  if (name == "always") return MetaspaceRule::Prepend::kAlways;
  if (name == "first") return MetaspaceRule::Prepend::kFirst;
  if (name == "never") return MetaspaceRule::Prepend::kNever;
  throw TokenizerFault(scheme.path() + " is another word, expected always, first or never");
}

MetaspaceRule read_metaspace(const JsonPlace& step) {
  MetaspaceRule rule{step.member("replacement").text(), read_prepend(step), step.member("split").flag_or(true)};
  if (count_characters(rule.replacement) != 1) {
    throw TokenizerFault(step.member("replacement").path() + " is not one character, expected one");
  }
  return rule;
}

void read_byte_level(const JsonPlace& step, TokenizerFile& file) {
  file.is_byte_level = true;
  file.adds_prefix_space = step.member("add_prefix_space").flag();
  step.member("trim_offsets").flag();
  if (file.adds_prefix_space && !file.rules.empty()) {
    throw UnsupportedTokenizer("its pre-tokenizer ByteLevel adds a space before each piece of a Split");
  }
  const JsonPlace use_regex = step.member("use_regex");
  if (use_regex.is_absent() || use_regex.flag()) file.rules.push_back(SplitRule::kGpt2);
}

void read_pre_tokenizer_step(const JsonPlace& step, TokenizerFile& file) {
  const std::string type = step.member("type").text();
  if (file.is_byte_level || file.metaspace) {
    throw UnsupportedTokenizer("its pre-tokenizer has a step behind ByteLevel or Metaspace: " + shown_type(type));
  }
  if (type == "Split") {
    if (is_idle_split(step, file.normalizer)) return;
    file.rules.push_back(read_split(step));
  } else if (type == "ByteLevel") {
    read_byte_level(step, file);
  } else if (type == "Metaspace" && file.rules.empty()) {
    file.metaspace = read_metaspace(step);
  } else {
    throw UnsupportedTokenizer("its pre-tokenizer has the step " + shown_type(type));
  }
}

}  // namespace

std::vector<NormalizerStep> read_normalizer(const JsonPlace& normalizer) {
  std::vector<NormalizerStep> steps;
  if (normalizer.is_null_or_absent()) return steps;
  for_each_step(normalizer, "normalizers",
                [&steps](const JsonPlace& step) { steps.push_back(read_normalizer_step(step)); });
  return steps;
}

void read_pre_tokenizer(const JsonPlace& pre_tokenizer, TokenizerFile& file) {
  if (pre_tokenizer.is_null_or_absent()) return;
  for_each_step(pre_tokenizer, "pretokenizers",
                [&file](const JsonPlace& step) { read_pre_tokenizer_step(step, file); });
}

}  // namespace tunegate
