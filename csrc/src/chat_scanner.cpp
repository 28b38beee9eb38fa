#include "tunegate/chat_scanner.hpp"

#include <simdjson.h>

#include <algorithm>
#include <bit>
#include <cstring>

#include "json_marks.hpp"
#include "loose_copy.hpp"

namespace tunegate {
namespace {

static_assert(ChatScanner::kSlack >= kLooseStep);

constexpr std::string_view kRoleNames[] = {"user", "assistant", "system", "tool"};

bool is_space(char c) { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; }

std::string_view without_space_behind(std::string_view text) {
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  return text;
}

bool has_control(std::string_view text) {
  unsigned char seen = 0;
  for (const char c : text) seen = static_cast<unsigned char>(seen | (static_cast<unsigned char>(c) < 0x20));
  return seen != 0;
}

}  // namespace

ChatRole chat_role(std::string_view name) {
  if (name == "user") return ChatRole::kUser;
  if (name == "assistant") return ChatRole::kAssistant;
  if (name == "system" || name == "developer") return ChatRole::kSystem;
  if (name == "tool" || name == "function") return ChatRole::kTool;
  return ChatRole::kOther;
}

ChatScanner::ChatScanner(SimdLevel level) : level_(level) {}
ChatScanner::~ChatScanner() = default;
ChatScanner::ChatScanner(ChatScanner&&) noexcept = default;
ChatScanner& ChatScanner::operator=(ChatScanner&&) noexcept = default;

template <std::size_t Size>
inline bool ChatScanner::skip(const char (&literal)[Size]) {
  constexpr std::size_t kLength = Size - 1;
  if (record_.size() - at_ < kLength || std::memcmp(record_.data() + at_, literal, kLength) != 0) return false;
  at_ += kLength;
  return true;
}

/// Skips each of the tokens with the white space before it.
template <class... Tokens>
inline bool ChatScanner::skip_tokens(const Tokens&... tokens) {
  const auto skip_token = [this](const auto& token) {
    while (at_ < record_.size() && is_space(record_[at_])) ++at_;
    return skip(token);
  };
  return (skip_token(tokens) && ...);
}

/// The first byte at or after `from` with a mark of this kind; at least the size of the record when none has.
inline std::size_t ChatScanner::mark_from(std::uint64_t JsonMarks::*kind, std::size_t from) const {
  const std::size_t last = record_.size() / 64;
  std::size_t block = from / 64;
  if (from >= record_.size()) return record_.size();
  std::uint64_t bits = marks_[block].*kind >> from % 64;
  if (bits != 0) return from + static_cast<std::size_t>(std::countr_zero(bits));
  while (++block <= last) {
    bits = marks_[block].*kind;
    if (bits != 0) return block * 64 + static_cast<std::size_t>(std::countr_zero(bits));
  }
  return record_.size();
}

bool ChatScanner::scan(std::string_view record) {
  turns_.clear();
  record_ = without_space_behind(record);
  at_ = 0;
  if (record_.size() > kLongest) return false;
  if (!skip(R"({"messages": [)") && !skip_tokens("{", "\"messages\"", ":", "[")) return false;
  const JsonMarksSeen seen = mark_json(record_, marks_, level_);
  do {
    if (!turn()) return false;
  } while (skip(", ") || skip_tokens(","));
  if (!skip("]}") && !skip_tokens("]", "}")) return false;
  return at_ == record_.size() && (!seen.odd || is_text()) && (!seen.unknown || has_sound_escapes());
}

inline bool ChatScanner::turn() {
  if (!skip(R"({"role": ")") && !skip_tokens("{", "\"role\"", ":", "\"")) return false;
  if (!role()) return false;
  const std::size_t begin = at_, end = mark_from(&JsonMarks::quotes, begin);
  if (end >= record_.size()) return false;
  turns_.back().body = record_.substr(begin, end - begin);
  at_ = end + 1;
  return skip("}") || skip_tokens("}");
}

/// Reads a role and what follows up to the first byte of the content.
inline bool ChatScanner::role() {
  const std::size_t begin = at_;
  const auto add = [this](ChatRole role) {
    turns_.push_back({role, kRoleNames[static_cast<std::size_t>(role)], {}});
    return true;
  };
  if (skip(R"(user", "content": ")")) return add(ChatRole::kUser);
  if (skip(R"(assistant", "content": ")")) return add(ChatRole::kAssistant);
  if (skip(R"(system", "content": ")")) return add(ChatRole::kSystem);
  const std::size_t end = mark_from(&JsonMarks::quotes, begin);
  if (end >= record_.size() || mark_from(&JsonMarks::escapes, begin) < end) return false;
  const std::string_view name = record_.substr(begin, end - begin);
  turns_.push_back({chat_role(name), name, {}});
  at_ = end + 1;
  return skip_tokens(",", "\"content\"", ":", "\"");
}

bool ChatScanner::is_text() const {
  const auto is_clean = [](const ChatTurn& turn) { return !has_control(turn.role_name) && !has_control(turn.body); };
  return std::all_of(turns_.begin(), turns_.end(), is_clean) && simdjson::validate_utf8(record_.data(), record_.size());
}

/// Looks at the escapes that are not of one letter: each must be \u and name a character, alone or with the next.
bool ChatScanner::has_sound_escapes() const {
  std::size_t letter = mark_from(&JsonMarks::unknown, 0);
  while (letter < record_.size()) {
    const std::size_t bytes = unicode_escape_bytes(record_, letter - 1);
    if (bytes == 0) return false;
    letter = mark_from(&JsonMarks::unknown, letter - 1 + bytes);
  }
  return true;
}

char* ChatScanner::write_content(const ChatTurn& turn, char* out) const {
  const auto begin = static_cast<std::size_t>(turn.body.data() - record_.data());
  const std::size_t end = begin + turn.body.size();
  for (std::size_t at = begin;;) {
    const std::size_t escape = std::min(mark_from(&JsonMarks::escapes, at), end);
    if (at + kSlack <= record_.size()) {
      copy_loosely(record_.data() + at, out, escape - at);
    } else {
      std::memcpy(out, record_.data() + at, escape - at);
    }
    out += escape - at;
    if (escape == end) return out;
    at = escape;
    out = unescape_one(record_, at, out);
  }
}

std::string_view ChatScanner::content(const ChatTurn& turn, TextArena& arena) const {
  const auto begin = static_cast<std::size_t>(turn.body.data() - record_.data());
  if (mark_from(&JsonMarks::escapes, begin) >= begin + turn.body.size()) return turn.body;
  char* const out = arena.reserve(turn.body.size() + kSlack);
  return arena.commit(out, write_content(turn, out));
}

std::string_view ChatTurn::sample_role() const {
  return role == ChatRole::kOther ? role_name : kRoleNames[static_cast<std::size_t>(role)];
}

void ChatScanner::fill(Sample& sample, TextArena& arena) const {
  sample.format = "messages";
  for (const ChatTurn& turn : turns_) {
    Message& message = sample.messages.emplace_back();
    message.role = turn.sample_role();
    message.content = content(turn, arena);
  }
}

}  // namespace tunegate
