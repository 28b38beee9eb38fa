#include "tunegate/batch.hpp"

namespace tunegate {

std::optional<Unreadable> Batch::add(const RecordPlace& place, std::string_view raw, RecordParser& parser) {
  auto unreadable = parser.parse(raw);
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
  label_.push_back(sample.label.value_or(false));
  label_validity_.push_back(sample.label.has_value());
  metadata_.append_or_null(sample.metadata);
  sample_fingerprint_.append(identity);
  std::int32_t next[3] = {0, 0, 0};  // chosen and rejected both number on from the last main turn
  const auto main = static_cast<std::int32_t>(sample.count(Part::kMain));
  next[1] = next[2] = main;
  for (const Message& message : sample.messages) {
    add_message(place.record_id, next[static_cast<std::size_t>(message.part)]++, message);
  }
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
  weight_.push_back(message.weight.value_or(0.0));
  weight_validity_.push_back(message.weight.has_value());
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
  table.add_booleans("label", std::move(label_), std::move(label_validity_));
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
  table.add_column("weight", std::move(weight_), std::move(weight_validity_));
  media_.move_to(table, "media");
  extra_.move_to(table, "extra");
  return table;
}

}  // namespace tunegate
