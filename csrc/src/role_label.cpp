#include <algorithm>
#include <array>

#include "template_rules.hpp"

namespace tunegate {
namespace {

enum class Side { kHuman, kModel, kRules };

struct Label {
  std::string_view text;
  std::uint8_t marker;
  Side side;
  bool is_rare_word;  // hardly begins a sound turn otherwise
};
constexpr std::array<Label, 11> kLabels{{{"Human:", marker_code("Human:"), Side::kHuman, true},
                                         {"HUMAN:", marker_code("Human:"), Side::kHuman, true},
                                         {"User:", marker_code("User:"), Side::kHuman, false},
                                         {"USER:", marker_code("User:"), Side::kHuman, false},
                                         {"Assistant:", marker_code("Assistant:"), Side::kModel, true},
                                         {"ASSISTANT:", marker_code("Assistant:"), Side::kModel, true},
                                         {"AI:", marker_code("AI:"), Side::kModel, false},
                                         {"GPT:", marker_code("GPT:"), Side::kModel, true},
                                         {"ChatGPT:", marker_code("ChatGPT:"), Side::kModel, true},
                                         {"System:", marker_code("System:"), Side::kRules, false},
                                         {"SYSTEM:", marker_code("System:"), Side::kRules, false}}};

const Label* label_at(std::string_view text, std::size_t at) {
  const std::string_view rest = text.substr(std::min(at, text.size()));
  for (const Label& label : kLabels) {
    if (rest.starts_with(label.text) && !rest.substr(label.text.size()).starts_with(":")) return &label;
  }
  return nullptr;
}

/// Whether a line reads "Name: something": up to three words that start with a capital or a letter beyond
/// ASCII, then a colon and more.
bool is_spoken(std::string_view line) {
  constexpr std::size_t kLongestName = 24;
  const std::size_t start = std::min(line.find_first_not_of(" \t*"), line.size());
  const std::size_t colon = line.find(':', start);
  if (colon == std::string_view::npos || colon == start || colon - start > kLongestName) return false;
  const auto first = static_cast<unsigned char>(line[start]);
  const std::string_view name = line.substr(start, colon - start);
  return ((first >= 'A' && first <= 'Z') || first >= 0x80) && std::count(name.begin(), name.end(), ' ') < 3 &&
         line.find_first_not_of(" \t\r*", colon + 1) != std::string_view::npos;
}

std::size_t end_of_line(std::string_view text, std::size_t at) { return std::min(text.find('\n', at), text.size()); }

std::string_view line_at(std::string_view text, std::size_t at) { return text.substr(at, end_of_line(text, at) - at); }

/// The next line behind the one at `at` that is spoken or starts with a label; the size of the text if none.
std::size_t next_speech(std::string_view text, std::size_t at) {
  for (std::size_t end = end_of_line(text, at); end < text.size(); end = end_of_line(text, end + 1)) {
    const std::size_t ink = text.find_first_not_of(" \t", end + 1);
    if (label_at(text, ink) != nullptr || is_spoken(line_at(text, end + 1))) return end + 1;
  }
  return text.size();
}

bool goes_on_with_model(std::string_view text, std::size_t at) {
  for (std::size_t line = next_speech(text, at); line < text.size(); line = next_speech(text, line)) {
    const Label* label = label_at(text, text.find_first_not_of(" \t", line));
    if (label != nullptr && label->side == Side::kModel) return true;
  }
  return false;
}

constexpr std::string_view kSentenceEnds[] = {".", "!", "?", "…"};
constexpr std::string_view kClosing[] = {"”", "\"", "'", ")", "]"};

template <std::size_t N>
bool ends_with_one_of(std::string_view text, const std::string_view (&signs)[N]) {
  return std::any_of(std::begin(signs), std::end(signs), [&](std::string_view sign) { return text.ends_with(sign); });
}

/// Whether a text ends with a sentence, maybe with one in quotation marks or brackets.
bool ends_a_sentence(std::string_view text) {
  const auto closing = std::find_if(std::begin(kClosing), std::end(kClosing),
                                    [&](std::string_view sign) { return text.ends_with(sign); });
  if (closing != std::end(kClosing)) text.remove_suffix(closing->size());
  return ends_with_one_of(text, kSentenceEnds);
}

/// A label before a sentence of three words or more, or on a line of its own before more text.
bool introduces_a_sentence(std::string_view text, std::size_t after_label) {
  const std::string_view rest = line_at(text, after_label);
  const std::size_t begin = first_ink(rest);
  if (begin == rest.size()) return first_ink(text.substr(after_label)) < text.size() - after_label;
  const std::string_view sentence = rest.substr(begin, end_of_ink(rest) - begin);
  constexpr std::ptrdiff_t kSpacesOfThreeWords = 2;
  return std::count(sentence.begin(), sentence.end(), ' ') >= kSpacesOfThreeWords && ends_a_sentence(sentence);
}

bool is_of_own_side(const Label& label, Speaker speaker) {
  return label.side == (speaker == Speaker::kUser        ? Side::kHuman
                        : speaker == Speaker::kAssistant ? Side::kModel
                                                         : Side::kRules);
}

bool counts_at_start(const Label& label, std::string_view text, std::size_t start, Speaker speaker) {
  if (speaker == Speaker::kUser && label.side != Side::kModel && goes_on_with_model(text, start)) return true;
  if (next_speech(text, start) < text.size()) return false;
  const bool is_chat_product = label.marker == marker_code("GPT:") || label.marker == marker_code("ChatGPT:");
  if (label.is_rare_word && speaker != Speaker::kSystem && (!is_chat_product || speaker == Speaker::kAssistant)) {
    return true;
  }
  return is_of_own_side(label, speaker) && introduces_a_sentence(text, start + label.text.size());
}

std::optional<TemplateLeak> find_at_start(std::string_view text, Speaker speaker) {
  const std::size_t start = first_ink(text);
  if (const Label* label = label_at(text, start)) {
    if (!counts_at_start(*label, text, start, speaker)) return std::nullopt;
    return TemplateLeak{label->marker, start, start + label->text.size()};
  }
  constexpr std::string_view kBareHeader = "assistant\n\n";
  if (speaker == Speaker::kAssistant && text.substr(start).starts_with(kBareHeader) &&
      first_ink(text.substr(start + kBareHeader.size())) < text.size() - start - kBareHeader.size()) {
    return TemplateLeak{marker_code("assistant"), start, start + kBareHeader.size() - 2};
  }
  return std::nullopt;
}

bool is_paragraph_of_a_dialogue(std::string_view text, std::size_t end) {
  const std::string_view before = text.substr(0, end_of_ink(text.substr(0, end)));
  if (before.empty() || before.back() == ':') return true;
  const std::size_t border = before.rfind("\n\n");
  const std::size_t paragraph = border == std::string_view::npos ? first_ink(before) : border + 2;
  const Label* label = label_at(before, paragraph);
  if (label != nullptr) return label->marker != marker_code("Assistant:");
  return is_spoken(line_at(before, paragraph));
}

/// Whether the label at `at`, which starts a paragraph, is where an assistant turn ran on into the next turn.
bool is_run_on(const Label& label, std::string_view text, std::size_t at) {
  if (label.side != Side::kHuman || is_paragraph_of_a_dialogue(text, at)) return false;
  const std::size_t next = next_speech(text, at);
  if (next == text.size()) return label.marker == marker_code("Human:");
  const Label* answer = label_at(text, next);
  return answer != nullptr && answer->marker == marker_code("Assistant:") && text[next - 2] == '\n';
}

std::optional<TemplateLeak> find_run_on(std::string_view text, CodeOf& code) {
  for (std::size_t at = 0; (at = text.find("\n\n", at)) != std::string_view::npos; ++at) {
    const std::size_t start = at + 2;
    const Label* label = label_at(text, start);
    if (label != nullptr && is_run_on(*label, text, start) && code.at(start) == nullptr) {
      return TemplateLeak{label->marker, start, start + label->text.size()};
    }
  }
  return std::nullopt;
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

/// Whether a text ends in "1.", "(12)", "a)" and the like, or in "vs.": an item or the rest of a title follows.
bool ends_in_an_item(std::string_view text) {
  const std::string_view unsigned_text = text.substr(0, text.size() - 1);
  const std::string_view word = unsigned_text.substr(unsigned_text.find_last_of(" \t\n([*") + 1);
  return (word.size() == 1 && is_letter(word[0])) || word == "vs" ||
         (!word.empty() && word.size() <= 2 && std::all_of(word.begin(), word.end(), is_digit));
}

/// Whether the label at `at` follows, after one to three spaces, a sentence or something quoted or bracketed.
bool follows_a_sentence(std::string_view text, std::size_t at) {
  constexpr std::size_t kMostSpaces = 3;
  const std::string_view before = text.substr(0, text.substr(0, at).find_last_not_of(' ') + 1);
  if (before.size() == at || at - before.size() > kMostSpaces) return false;
  return (ends_with_one_of(before, kSentenceEnds) || ends_with_one_of(before, kClosing)) && !ends_in_an_item(before);
}

/// Whether somebody but a human and an assistant speaks at the start of `sentence`, which may go on behind it.
bool has_other_speaker(std::string_view sentence) {
  constexpr std::size_t kEnoughForAName = 32;
  const std::string_view speech = sentence.substr(0, kEnoughForAName);
  if (!is_spoken(speech)) return false;
  const Label* label = label_at(speech, first_ink(speech));
  if (label != nullptr) return label->marker != marker_code("Human:") && label->marker != marker_code("Assistant:");
  const std::string_view name = speech.substr(0, speech.find(':'));
  return name.find_first_of(",.!?") == std::string_view::npos;  // unlike "Actually, human:" and "Yes. Human:"
}

bool is_line_of_a_dialogue(std::string_view line) {
  if (has_other_speaker(line)) return true;
  for (std::size_t at = 0; (at = line.find_first_of(".!?", at)) != std::string_view::npos;) {
    const std::size_t next = std::min(line.find_first_of(".!?", at + 1), line.size());
    const std::size_t space = line.substr(0, next).find(' ', at);  // behind quotation marks and brackets
    if (space != std::string_view::npos && has_other_speaker(line.substr(space))) return true;
    at = next;
  }
  return false;
}

/// An assistant turn that ran on within a line: "Madrid.  Human: Why?", unless the line is a dialogue.
std::optional<TemplateLeak> find_run_on_in_line(std::string_view text, CodeOf& code) {
  constexpr std::string_view kLabel = "Human:";
  for (std::size_t at = 0; (at = text.find(kLabel, at)) != std::string_view::npos; at += kLabel.size()) {
    if (label_at(text, at) == nullptr || !follows_a_sentence(text, at) || code.at(at) != nullptr) continue;
    const std::size_t line = text.substr(0, at).rfind('\n') + 1;
    if (!is_line_of_a_dialogue(line_at(text, line))) return TemplateLeak{marker_code("Human:"), at, at + kLabel.size()};
    at = end_of_line(text, at) - kLabel.size();
  }
  return std::nullopt;
}

/// An assistant turn that answered a second time, on a line that is the only spoken one.
std::optional<TemplateLeak> find_second_answer(std::string_view text, CodeOf& code) {
  constexpr std::string_view kLine = "\nAssistant:";
  const std::size_t border = text.find(kLine);
  if (border == std::string_view::npos || is_spoken(line_at(text, 0))) return std::nullopt;
  const std::size_t start = border + 1;
  const std::size_t end = border + kLine.size();
  if (next_speech(text, 0) != start || next_speech(text, start) < text.size()) return std::nullopt;
  const std::string_view before = text.substr(0, text.substr(0, border).find_last_not_of(" \t\r") + 1);
  const bool is_answer =
      label_at(text, start) != nullptr && ends_a_sentence(before) && introduces_a_sentence(text, end);
  if (!is_answer || code.at(start) != nullptr) return std::nullopt;
  return TemplateLeak{marker_code("Assistant:"), start, end};
}

/// The leftmost place where an assistant turn did not end.
std::optional<TemplateLeak> find_continuation(std::string_view text, CodeOf& code) {
  std::optional<TemplateLeak> first = find_run_on(text, code);
  for (const auto& found : {find_run_on_in_line(text, code), find_second_answer(text, code)}) {
    if (found && (!first || found->begin < first->begin)) first = found;
  }
  return first;
}

}  // namespace

std::optional<TemplateLeak> find_role_label(std::string_view text, Speaker speaker, CodeOf& code) {
  if (speaker == Speaker::kOther) return std::nullopt;
  if (const auto found = find_at_start(text, speaker)) return found;
  return speaker == Speaker::kAssistant ? find_continuation(text, code) : std::nullopt;
}

}  // namespace tunegate
