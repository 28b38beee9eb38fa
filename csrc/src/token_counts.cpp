#include <algorithm>

#include "tunegate/tokenizer.hpp"

namespace tunegate {
namespace {

bool is_learned(const Message& message) { return message.role == "assistant" || message.role == "text"; }

/// The place of the response, or the number of turns where there is none.
std::size_t find_response(const Sample& sample) {
  const auto& messages = sample.messages;
  for (std::size_t i = messages.size(); i > 0; --i) {
    if (messages[i - 1].part != Part::kRejected && is_learned(messages[i - 1])) return i - 1;
  }
  return messages.size();
}

}  // namespace

TokenCounts count_tokens(const Sample& sample, Tokenizer::Counter& counter) {
  TokenCounts counts;
  std::int64_t main = 0, chosen = 0, rejected = 0;
  const std::size_t response = find_response(sample);
  for (std::size_t i = 0; i < sample.messages.size(); ++i) {
    const Message& message = sample.messages[i];
    if (!message.content) continue;
    const auto tokens = static_cast<std::int64_t>(counter.count(*message.content));
    (message.part == Part::kMain ? main : message.part == Part::kChosen ? chosen : rejected) += tokens;
    if (message.part == Part::kRejected) continue;
    if (is_learned(message)) counts.trained += tokens;
    if (i == response) counts.response = tokens;
    if (i < response && message.role != "system") counts.prompt += tokens;
  }
  counts.tokens = main + chosen + rejected;
  counts.longest = main + std::max(chosen, rejected);
  return counts;
}

}  // namespace tunegate
