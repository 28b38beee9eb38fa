#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "tunegate/arrow_table.hpp"
#include "tunegate/column.hpp"
#include "tunegate/record_sink.hpp"
#include "tunegate/sample.hpp"

namespace tunegate {

/// The records of one stretch of a source as columns: the tables `records`, `samples` and `messages` of
/// docs/design.md, without `source`. Unreadable records stand in `records` only.
class Batch final : public RecordSink {
 public:
  /// Makes room for what records of `bytes` bytes mostly give, so that few columns must grow.
  explicit Batch(std::size_t bytes);

  std::optional<Unreadable> add(const RecordPlace& place, std::string_view raw, RecordParser& parser) override;
  void add_unreadable(const RecordPlace& place, std::string_view fingerprint, std::string_view reason) override;

  std::size_t records() const { return record_id_.size(); }
  std::size_t samples() const { return sample_id_.size(); }

  /// Each moves its columns out and may be called once.
  ArrowTable take_records();
  ArrowTable take_samples();
  ArrowTable take_messages();

 private:
  void add_sample(const RecordPlace& place, const Sample& sample);
  void add_chat(const RecordPlace& place, const ChatScanner& chat, const std::optional<std::string>& split);
  void add_record(const RecordPlace& place, std::string_view fingerprint, std::optional<std::string_view> reason);
  void add_message(std::int64_t sample_id, std::int32_t turn, const Message& message);

  Column<std::int64_t> record_id_, line_, byte_offset_, byte_length_;
  StringColumn record_fingerprint_, reason_;

  Column<std::int64_t> sample_id_;
  StringColumn format_, category_, difficulty_, split_, tools_, metadata_, sample_fingerprint_;
  OptionalColumn<BitVector> label_;

  Column<std::int64_t> message_sample_id_;
  Column<std::int32_t> turn_;
  StringColumn part_, role_, content_, reasoning_, tool_calls_, tool_call_id_, name_, media_, extra_;
  OptionalColumn<Column<double>> weight_;
};

}  // namespace tunegate
