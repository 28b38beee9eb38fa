#include "tunegate/batch.hpp"

#include <cstring>
#include <numeric>

#include "canonical.hpp"

namespace tunegate {
namespace {

constexpr PaddedText kRoles[] = {PaddedText("user"), PaddedText("assistant"), PaddedText("system"), PaddedText("tool")};
constexpr PaddedText kMain("main"), kMessages("messages");

void append(StringColumn& column, const PaddedText& text) {
  std::memcpy(column.room(text.bytes.size()), text.bytes.data(), text.bytes.size());
  column.end_text(text.size);
}

void append(StringColumn& column, const Fingerprint& digits) {
  std::memcpy(column.room(digits.digits.size()), digits.digits.data(), digits.digits.size());
  column.end_text(digits.digits.size());
}

Message other_turn(std::string_view role, std::string_view content) {
  Message message;
  message.role = role;
  message.content = content;
  return message;
}

}  // namespace

Batch::Batch(std::size_t bytes) {
  const std::size_t records = bytes / 256, messages = bytes / 96;
  for (auto* column : {&record_id_, &line_, &byte_offset_, &byte_length_, &sample_id_}) column->room(records);
  for (StringColumn* column : {&record_fingerprint_, &sample_fingerprint_}) column->reserve(records, 32 * records);
  format_.reserve(records, 8 * records);
  message_sample_id_.room(messages);
  turn_.room(messages);
  part_.reserve(messages, 4 * messages);
  role_.reserve(messages, 8 * messages);
  content_.reserve(messages, bytes);
}

std::optional<Unreadable> Batch::add(const RecordPlace& place, std::string_view raw, RecordParser& parser) {
  if (const ChatScanner* chat = parser.scan(raw)) {
    add_chat(place, *chat, parser.default_split());
    return std::nullopt;
  }
  auto unreadable = parser.parse_any_shape(raw);
  if (!unreadable) add_sample(place, parser.sample());
  return unreadable;
}

void Batch::add_sample(const RecordPlace& place, const Sample& sample) {
  const Fingerprint identity = fingerprint(sample);
  add_record(place, identity, std::nullopt);
  sample_id_.push_back(place.record_id);
  format_.append(sample.format);
  category_.append_or_null(sample.category);
  difficulty_.append_or_null(sample.difficulty);
  split_.append_or_null(sample.split);
  tools_.append_or_null(sample.tools);
  label_.append(sample.label);
  metadata_.append_or_null(sample.metadata);
  append(sample_fingerprint_, identity);
  std::int32_t next[3] = {0, 0, 0};  // chosen and rejected both number on from the last main turn
  const auto main = static_cast<std::int32_t>(sample.count(Part::kMain));
  next[1] = next[2] = main;
  for (const Message& message : sample.messages) {
    add_message(place.record_id, next[static_cast<std::size_t>(message.part)]++, message);
  }
}

/// The same as add_sample() for the sample that these turns are, without making it.
void Batch::add_chat(const RecordPlace& place, const ChatScanner& chat, const std::optional<std::string>& split) {
  thread_local Canonical canonical;  // keeps its memory from sample to sample
  canonical.begin(std::nullopt, std::nullopt);
  const auto turns = chat.turns();
  for (const ChatTurn& turn : turns) {
    char* const text = content_.room(turn.body.size() + ChatScanner::kSlack);
    const auto size = static_cast<std::size_t>(chat.write_content(turn, text) - text);
    if (turn.role == ChatRole::kOther) {
      canonical.turn(other_turn(turn.role_name, {text, size}));
      role_.append(turn.role_name);
    } else {
      const PaddedText& role = kRoles[static_cast<std::size_t>(turn.role)];
      canonical.plain_turn(role, {text, size});
      append(role_, role);
    }
    content_.end_text(size);
    append(part_, kMain);
  }
  const std::size_t count = turns.size();
  message_sample_id_.append(place.record_id, count);
  std::iota(turn_.room(count), turn_.room(count) + count, 0);
  turn_.grow(count);
  for (StringColumn* column : {&reasoning_, &tool_calls_, &tool_call_id_, &name_, &media_, &extra_}) {
    column->append_nulls(count);
  }
  weight_.append_nulls(count);

  const Fingerprint identity = canonical.fingerprint();
  add_record(place, identity, std::nullopt);
  sample_id_.push_back(place.record_id);
  append(format_, kMessages);
  for (StringColumn* column : {&category_, &difficulty_, &tools_, &metadata_}) column->append_nulls(1);
  split_.append_or_null(split);
  label_.append_nulls(1);
  append(sample_fingerprint_, identity);
}

void Batch::add_unreadable(const RecordPlace& place, std::string_view fingerprint, std::string_view reason) {
  add_record(place, fingerprint, reason);
}

void Batch::add_record(const RecordPlace& place, std::string_view fingerprint, std::optional<std::string_view> reason) {
  record_id_.push_back(place.record_id);
  line_.push_back(place.line);
  byte_offset_.push_back(place.byte_offset);
  byte_length_.push_back(place.byte_length);
  record_fingerprint_.append(fingerprint);
  reason_.append_or_null(reason);
}

void Batch::add_message(std::int64_t sample_id, std::int32_t turn, const Message& message) {
  message_sample_id_.push_back(sample_id);
  turn_.push_back(turn);
  part_.append(part_name(message.part));
  role_.append(message.role);
  content_.append_or_null(message.content);
  reasoning_.append_or_null(message.reasoning);
  tool_calls_.append_or_null(message.tool_calls);
  tool_call_id_.append_or_null(message.tool_call_id);
  name_.append_or_null(message.name);
  media_.append_or_null(message.media);
  extra_.append_or_null(message.extra);
  weight_.append(message.weight);
}

ArrowTable Batch::take_records() {
  ArrowTable table;
  table.add_column("record_id", std::move(record_id_));
  table.add_column("line", std::move(line_));
  table.add_column("byte_offset", std::move(byte_offset_));
  table.add_column("byte_length", std::move(byte_length_));
  record_fingerprint_.move_to(table, "fingerprint");
  reason_.move_to(table, "reason");
  return table;
}

ArrowTable Batch::take_samples() {
  ArrowTable table;
  table.add_column("sample_id", std::move(sample_id_));
  format_.move_to(table, "format");
  category_.move_to(table, "category");
  difficulty_.move_to(table, "difficulty");
  split_.move_to(table, "split");
  tools_.move_to(table, "tools");
  label_.move_to(table, "label");
  metadata_.move_to(table, "metadata");
  sample_fingerprint_.move_to(table, "fingerprint");
  return table;
}

ArrowTable Batch::take_messages() {
  ArrowTable table;
  table.add_column("sample_id", std::move(message_sample_id_));
  table.add_column("turn", std::move(turn_));
  part_.move_to(table, "part");
  role_.move_to(table, "role");
  content_.move_to(table, "content");
  reasoning_.move_to(table, "reasoning");
  tool_calls_.move_to(table, "tool_calls");
  tool_call_id_.move_to(table, "tool_call_id");
  name_.move_to(table, "name");
  weight_.move_to(table, "weight");
  media_.move_to(table, "media");
  extra_.move_to(table, "extra");
  return table;
}

}  // namespace tunegate
