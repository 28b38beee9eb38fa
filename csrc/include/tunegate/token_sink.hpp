#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "tunegate/arrow_table.hpp"
#include "tunegate/record_sink.hpp"
#include "tunegate/tokenizer.hpp"

namespace tunegate {

/// Counts the tokens of the samples of one stretch of a source.
class TokenSink final : public RecordSink {
 public:
  struct Pool;
  explicit TokenSink(std::shared_ptr<Pool> pool);
  ~TokenSink() override;

  std::optional<Unreadable> add(const RecordPlace& place, std::string_view raw, RecordParser& parser) override;
  void add_unreadable(const RecordPlace&, std::string_view, std::string_view) override {}

  /// Columns record_id, line and those of TokenCounts: a row for each readable record, in reading order. Moves them
  /// out; may be called once.
  ArrowTable take_counts();

 private:
  std::shared_ptr<Pool> pool_;
  std::unique_ptr<Tokenizer::Counter> counter_;
  std::vector<std::int64_t> record_id_, line_, prompt_, response_, tokens_, trained_, longest_;
};

/// Makes TokenSinks that share `tokenizer` and hand what they remember of pieces on.
SinkFactory token_sinks(std::shared_ptr<const Tokenizer> tokenizer);

}  // namespace tunegate
