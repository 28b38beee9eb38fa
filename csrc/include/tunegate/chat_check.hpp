#pragma once
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "tunegate/record_sink.hpp"

namespace tunegate {

/// Which of five checks name a record.
struct ChatFaults {
  bool unreadable = false;        // Q101
  bool role_order = false;        // Q103
  bool unknown_name = false;      // Q104: a role or field that chat templates do not know
  bool missing_response = false;  // Q105
  bool empty_turn = false;        // Q106

  bool any() const { return unreadable || role_order || unknown_name || missing_response || empty_turn; }
};

/// The verdict of Q103 to Q106 on a sample of any format: what the gates' SQL and the signals role_order and blanks
/// say of its columns.
ChatFaults chat_faults(const Sample& sample);

/// Validates records and keeps nothing but the places of those that are not sound. Records of the commonest shape
/// are judged where they stand, without columns or copies.
class ChatCheck final : public RecordSink {
 public:
  struct Unsound {
    std::int64_t record_id;
    std::int64_t line;
    ChatFaults faults;
  };

  std::optional<Unreadable> add(const RecordPlace& place, std::string_view raw, RecordParser& parser) override;
  void add_unreadable(const RecordPlace& place, std::string_view fingerprint, std::string_view reason) override;

  /// In reading order.
  const std::vector<Unsound>& unsound() const { return unsound_; }

 private:
  ChatFaults faults_of(const ChatScanner& chat);
  bool is_blank_turn(const ChatScanner& chat, const ChatTurn& turn);

  TextArena arena_;
  std::vector<Unsound> unsound_;
};

}  // namespace tunegate
