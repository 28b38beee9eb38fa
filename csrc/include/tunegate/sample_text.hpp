#pragma once
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "tunegate/sample.hpp"

namespace tunegate {

/// What of a sample is compared with other samples.
enum class TextField : std::uint8_t { kPrompt, kResponse, kPair };

/// The field of that name: prompt, response or pair.
std::optional<TextField> find_text_field(std::string_view name);

/// Calls `take` with each content that makes up the field, in order; a null content counts as absent.
///
/// The prompt is every turn but system messages before the last assistant turn of the main turns and the chosen
/// branch; without an assistant turn, all of them. The response is that assistant turn, or the text of a `text`
/// record. A pair is the prompt and then the response. The rejected branch is never part of it.
template <class Take>
void for_each_piece(const Sample& sample, TextField field, Take take) {
  std::size_t response = sample.messages.size();
  for (std::size_t i = 0; i < sample.messages.size(); ++i) {
    const Message& message = sample.messages[i];
    if (message.part == Part::kRejected) continue;
    if (message.role == "assistant" || message.role == "text") response = i;
  }
  for (std::size_t i = 0; i < sample.messages.size() && i <= response; ++i) {
    const Message& message = sample.messages[i];
    const bool is_wanted = i == response ? field != TextField::kPrompt : field != TextField::kResponse;
    if (!is_wanted || message.part == Part::kRejected || message.role == "system" || !message.content) continue;
    take(*message.content);
  }
}

/// A hash of what is learned beside the words of the field: of a response or a pair the label, the rejected contents,
/// and reasoning, tool calls and media of all turns; of a prompt the media. Two samples with the same words but another
/// hash do not teach the same. 0 for a sample without any of it.
std::uint64_t besides_hash(const Sample& sample, TextField field);

}  // namespace tunegate
