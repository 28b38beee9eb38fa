#include <utility>

#include "spare_pool.hpp"
#include "tunegate/contamination.hpp"

namespace tunegate {

/// The index, and workspaces that no sink uses: theirs is the memory that grows with the index, not the stretch.
struct ContaminationSink::Pool {
  explicit Pool(std::shared_ptr<const ItemIndex> shared) : index(std::move(shared)) {}

  std::shared_ptr<const ItemIndex> index;
  SparePool<ItemIndex::Workspace> workspaces;
};

ContaminationSink::ContaminationSink(std::shared_ptr<Pool> pool)
    : pool_(std::move(pool)),
      workspace_(pool_->workspaces.take([&] { return std::make_unique<ItemIndex::Workspace>(*pool_->index); })) {}

ContaminationSink::~ContaminationSink() { pool_->workspaces.give_back(std::move(workspace_)); }

std::optional<Unreadable> ContaminationSink::add(const RecordPlace& place, std::string_view raw, RecordParser& parser) {
  auto unreadable = parser.parse(raw);
  if (unreadable) return unreadable;
  const auto match = pool_->index->match(parser.sample(), *workspace_);
  if (!match) return std::nullopt;
  record_id_.push_back(place.record_id);
  item_.push_back(match->item);
  shared_.push_back(match->shared);
  item_grams_.push_back(match->item_grams);
  sample_grams_.push_back(match->sample_grams);
  exact_.push_back(match->exact);
  matched_.push_back(match->matched);
  return std::nullopt;
}

ArrowTable ContaminationSink::take_matches() {
  ArrowTable table;
  table.add_column("record_id", std::move(record_id_));
  table.add_column("item", std::move(item_));
  table.add_column("shared", std::move(shared_));
  table.add_column("item_grams", std::move(item_grams_));
  table.add_column("sample_grams", std::move(sample_grams_));
  table.add_booleans("exact", std::move(exact_));
  table.add_column("matched", std::move(matched_));
  return table;
}

SinkFactory contamination_sinks(std::shared_ptr<const ItemIndex> index) {
  const auto pool = std::make_shared<ContaminationSink::Pool>(std::move(index));
  return [pool](std::size_t) { return std::make_unique<ContaminationSink>(pool); };
}

}  // namespace tunegate
