#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "tunegate/json_reader.hpp"
#include "tunegate/sample.hpp"
#include "tunegate/simd_level.hpp"

namespace tunegate {

struct JsonMarks;

/// The roles that chat templates know, after OpenAI's aliases; and all others.
enum class ChatRole : std::uint8_t { kUser, kAssistant, kSystem, kTool, kOther };

/// The role that a name means: developer is system, function is tool.
ChatRole chat_role(std::string_view name);

/// One turn of a scanned record.
struct ChatTurn {
  ChatRole role;
  std::string_view role_name;  // as read
  std::string_view body;       // of the content: the bytes between its quotes

  /// The role as it stands in a sample.
  std::string_view sample_role() const;
};

/// Reads records of the one shape that most chat data has: an object with the single member "messages", a list of
/// one or more objects with exactly the members "role" and "content", in this order, both strings. Any white space
/// between the tokens; no escapes in keys and roles.
///
/// What is taken is a sample for RecordParser too, the very same; all else, sound or not, is left to it. Bytes are
/// marked 64 at a time, what stands between two contents is compared as a whole. O(bytes); memory is reused. The
/// results are the same on every level.
class ChatScanner {
 public:
  /// Longer records are not taken, so that their marks need not be kept.
  static constexpr std::size_t kLongest = std::size_t{1} << 22;

  explicit ChatScanner(SimdLevel level = simd_level());
  ~ChatScanner();
  ChatScanner(ChatScanner&&) noexcept;
  ChatScanner& operator=(ChatScanner&&) noexcept;

  /// Whether `record` has the shape. Strict JSON and UTF-8, and no escape of a lone surrogate.
  bool scan(std::string_view record);

  /// The turns of the record scanned last, which must have had the shape and still be there.
  std::span<const ChatTurn> turns() const { return turns_; }
  /// Writes the content of one of them to `out`, which has room for its body and kSlack bytes more. Returns its end.
  char* write_content(const ChatTurn& turn, char* out) const;
  static constexpr std::size_t kSlack = 32;
  /// The content: a view into the record or, when it holds escapes, into `arena`.
  std::string_view content(const ChatTurn& turn, TextArena& arena) const;
  /// Fills `sample`, which must be clear: its format and its messages.
  void fill(Sample& sample, TextArena& arena) const;

 private:
  bool turn();
  bool role();
  bool is_text() const;
  bool has_sound_escapes() const;
  std::size_t mark_from(std::uint64_t JsonMarks::*kind, std::size_t from) const;
  template <std::size_t Size>
  bool skip(const char (&literal)[Size]);
  template <class... Tokens>
  bool skip_tokens(const Tokens&... tokens);

  SimdLevel level_;
  std::string_view record_;
  std::size_t at_ = 0;
  std::vector<JsonMarks> marks_;
  std::vector<ChatTurn> turns_;
};

}  // namespace tunegate
