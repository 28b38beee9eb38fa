#include "tunegate/chat_check.hpp"

#include <algorithm>

#include "tunegate/blank.hpp"

namespace tunegate {
namespace {

/// Finds turns out of order on one path through a sample.
class RoleOrder {
 public:
  /// Whether a turn of this role is misplaced after those before it. `opens_branch` is the first turn of the chosen
  /// branch of a preference without prompt, where the assistant may begin.
  bool misplaces(ChatRole role, bool is_first_turn, bool opens_branch = false) {
    const std::optional<ChatRole> before = previous_;
    previous_ = role;
    switch (role) {
      case ChatRole::kUser: return before == role;
      case ChatRole::kAssistant: return before == role || (begins(before) && !opens_branch);
      case ChatRole::kSystem: return !is_first_turn;
      case ChatRole::kTool: return before != ChatRole::kAssistant && before != ChatRole::kTool;
      case ChatRole::kOther: break;
    }
    return false;
  }

 private:
  static bool begins(std::optional<ChatRole> before) { return !before || before == ChatRole::kSystem; }

  std::optional<ChatRole> previous_;
};

bool calls_something(const Message& message) {
  return message.tool_calls && message.tool_calls->find_first_not_of("[] \t\r\n") != std::string_view::npos;
}

bool misplaces_a_turn(const Sample& sample) {
  RoleOrder order;
  std::size_t turn = 0;
  for (const Message& message : sample.messages) {
    if (message.part == Part::kRejected) continue;
    const std::size_t number = turn++;
    if (message.role == "text") continue;
    const bool opens_branch = sample.format == "preference" && number == 0 && message.part != Part::kMain;
    if (order.misplaces(chat_role(message.role), number == 0, opens_branch)) return true;
  }
  return false;
}

bool has_unknown_name(const Message& message) {
  return chat_role(message.role) == ChatRole::kOther || message.extra.has_value();
}

bool lacks_response(const Sample& sample) {
  const auto is_on_path = [](const Message& message) { return message.part != Part::kRejected; };
  const auto last = std::find_if(sample.messages.rbegin(), sample.messages.rend(), is_on_path);
  if (last == sample.messages.rend() || chat_role(last->role) != ChatRole::kAssistant) return true;
  return !last->content && !last->media && !calls_something(*last);
}

/// Whether the turn at `index` ends its branch; the main turns are one where no other follows.
bool ends_branch(const Sample& sample, std::size_t index) {
  return index + 1 == sample.messages.size() ||
         (sample.messages[index].part != Part::kMain && sample.messages[index + 1].part != sample.messages[index].part);
}

bool is_empty_turn(const Sample& sample, std::size_t index) {
  const Message& message = sample.messages[index];
  if (message.role == "tool" || message.media || calls_something(message)) return false;
  if (!is_blank(message.content.value_or(""))) return false;
  const bool is_response = message.role == "assistant" && ends_branch(sample, index);
  return is_response ? message.content.has_value() : is_blank(message.reasoning.value_or(""));
}

bool has_empty_turn(const Sample& sample) {
  for (std::size_t i = 0; i < sample.messages.size(); ++i) {
    if (is_empty_turn(sample, i)) return true;
  }
  return false;
}

}  // namespace

ChatFaults chat_faults(const Sample& sample) {
  ChatFaults faults;
  faults.empty_turn = has_empty_turn(sample);
  if (sample.format == "text") return faults;
  faults.role_order = misplaces_a_turn(sample);
  faults.unknown_name = std::any_of(sample.messages.begin(), sample.messages.end(), has_unknown_name);
  faults.missing_response = lacks_response(sample);
  return faults;
}

std::optional<Unreadable> ChatCheck::add(const RecordPlace& place, std::string_view raw, RecordParser& parser) {
  ChatFaults faults;
  if (const ChatScanner* chat = parser.scan(raw)) {
    faults = faults_of(*chat);
  } else {
    if (auto unreadable = parser.parse_any_shape(raw)) return unreadable;
    faults = chat_faults(parser.sample());
  }
  if (faults.any()) unsound_.push_back({place.record_id, place.line, faults});
  return std::nullopt;
}

void ChatCheck::add_unreadable(const RecordPlace& place, std::string_view, std::string_view) {
  ChatFaults faults;
  faults.unreadable = true;
  unsound_.push_back({place.record_id, place.line, faults});
}

ChatFaults ChatCheck::faults_of(const ChatScanner& chat) {
  ChatFaults faults;
  RoleOrder order;
  bool is_first_turn = true;
  for (const ChatTurn& turn : chat.turns()) {
    const bool is_other = turn.role == ChatRole::kOther;
    if (is_other) faults.unknown_name = true;
    if (!(is_other && turn.role_name == "text") && order.misplaces(turn.role, is_first_turn)) faults.role_order = true;
    if (turn.role != ChatRole::kTool && is_blank_turn(chat, turn)) faults.empty_turn = true;
    is_first_turn = false;
  }
  faults.missing_response = chat.turns().back().role != ChatRole::kAssistant;
  return faults;
}

bool ChatCheck::is_blank_turn(const ChatScanner& chat, const ChatTurn& turn) {
  const auto leaves_ink = [](char first) { return first > ' ' && first < 0x7F && first != '\\'; };
  if (!turn.body.empty() && leaves_ink(turn.body.front())) return false;
  arena_.clear();
  return is_blank(chat.content(turn, arena_));
}

}  // namespace tunegate
