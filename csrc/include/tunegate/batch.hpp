#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tunegate/arrow_table.hpp"
#include "tunegate/record_sink.hpp"
#include "tunegate/sample.hpp"

namespace tunegate {

/// A UTF-8 column under construction, at most 2 GiB. Nulls cost nothing until a value follows them.
class StringColumn {
 public:
  void append(std::string_view text) {
    if (nulls_ > 0) write_nulls();
    bytes_ += text;
    offsets_.push_back(static_cast<std::int32_t>(bytes_.size()));
    if (validity_.size() > 0) validity_.push_back(true);
  }
  void append_or_null(const std::optional<std::string_view>& text) {
    if (text) return append(*text);
    ++nulls_;
  }
  void move_to(ArrowTable& table, std::string name) {
    write_nulls();
    table.add_strings(std::move(name), std::move(offsets_), std::move(bytes_), std::move(validity_));
  }
  void reserve_bytes(std::size_t bytes) { bytes_.reserve(bytes); }

 private:
  void write_nulls() {
    if (nulls_ == 0) return;
    while (validity_.size() < offsets_.size() - 1) validity_.push_back(true);
    for (std::size_t i = 0; i < nulls_; ++i) validity_.push_back(false);
    offsets_.insert(offsets_.end(), nulls_, offsets_.back());
    nulls_ = 0;
  }

  std::vector<std::int32_t> offsets_{0};
  std::string bytes_;
  BitVector validity_;  // empty while every value is present
  std::size_t nulls_ = 0;
};

/// The records of one stretch of a source as columns: the tables `records`, `samples` and `messages` of
/// docs/design.md, without `source`. Unreadable records stand in `records` only.
class Batch final : public RecordSink {
 public:
  explicit Batch(std::size_t bytes) { content_.reserve_bytes(bytes); }

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
  void add_record(const RecordPlace& place, std::string_view fingerprint, std::optional<std::string_view> reason);
  void add_message(std::int64_t sample_id, std::int32_t turn, const Message& message);

  std::vector<std::int64_t> record_id_, line_, byte_offset_, byte_length_;
  StringColumn record_fingerprint_, reason_;

  std::vector<std::int64_t> sample_id_;
  StringColumn format_, category_, difficulty_, split_, tools_, metadata_, sample_fingerprint_;
  BitVector label_, label_validity_;

  std::vector<std::int64_t> message_sample_id_;
  std::vector<std::int32_t> turn_;
  StringColumn part_, role_, content_, reasoning_, tool_calls_, tool_call_id_, name_, media_, extra_;
  std::vector<double> weight_;
  BitVector weight_validity_;
};

}  // namespace tunegate
