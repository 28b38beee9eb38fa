#include "tunegate/token_sink.hpp"

#include <utility>

#include "spare_pool.hpp"

namespace tunegate {

/// The tokenizer, and counters that no sink uses: what one remembers of the pieces serves the next stretch too.
struct TokenSink::Pool {
  explicit Pool(std::shared_ptr<const Tokenizer> shared) : tokenizer(std::move(shared)) {}

  std::shared_ptr<const Tokenizer> tokenizer;
  SparePool<Tokenizer::Counter> counters;
};

TokenSink::TokenSink(std::shared_ptr<Pool> pool)
    : pool_(std::move(pool)),
      counter_(pool_->counters.take([&] { return std::make_unique<Tokenizer::Counter>(*pool_->tokenizer); })) {}

TokenSink::~TokenSink() { pool_->counters.give_back(std::move(counter_)); }

std::optional<Unreadable> TokenSink::add(const RecordPlace& place, std::string_view raw, RecordParser& parser) {
  auto unreadable = parser.parse(raw);
  if (unreadable) return unreadable;
  const TokenCounts counts = count_tokens(parser.sample(), *counter_);
  record_id_.push_back(place.record_id);
  line_.push_back(place.line);
  prompt_.push_back(counts.prompt);
  response_.push_back(counts.response);
  tokens_.push_back(counts.tokens);
  trained_.push_back(counts.trained);
  longest_.push_back(counts.longest);
  return std::nullopt;
}

ArrowTable TokenSink::take_counts() {
  ArrowTable table;
  table.add_column("record_id", std::move(record_id_));
  table.add_column("line", std::move(line_));
  table.add_column("prompt", std::move(prompt_));
  table.add_column("response", std::move(response_));
  table.add_column("tokens", std::move(tokens_));
  table.add_column("trained", std::move(trained_));
  table.add_column("longest", std::move(longest_));
  return table;
}

SinkFactory token_sinks(std::shared_ptr<const Tokenizer> tokenizer) {
  const auto pool = std::make_shared<TokenSink::Pool>(std::move(tokenizer));
  return [pool](std::size_t) { return std::make_unique<TokenSink>(pool); };
}

}  // namespace tunegate
