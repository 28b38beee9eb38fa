#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "tunegate/arrow_table.hpp"
#include "tunegate/jaccard.hpp"
#include "tunegate/record_sink.hpp"
#include "tunegate/sample.hpp"
#include "tunegate/shingle.hpp"
#include "tunegate/simd_level.hpp"

namespace tunegate {

/// When a sample counts as holding a benchmark item. The fractions are above 0 and at most 1.
///
/// Source: Chowdhery et al. 2022 (PaLM), section 8: an example is contaminated when at least 70 % of the 8-grams of
/// its question, prompt or target were seen in training. Brown et al. 2020 (GPT-3), appendix C: n of 8 to 13 words
/// by the length of the items, any overlap. Touvron et al. 2023 (Llama 2), appendix A.6: 80 % of an item's tokens
/// make it dirty. A Jaccard limit at or above the containment limit adds no match, for containment is never lower.
struct ItemOptions {
  std::size_t words = 8;  // n of the n-gram, at least 1
  Threshold containment{7, 10};
  Threshold jaccard{4, 5};
};

/// The best item of a sample: the highest containment, then the highest similarity, then the first item.
struct ItemMatch {
  std::uint32_t item = 0;          // counted from 0 in the order given
  std::uint32_t shared = 0;        // distinct n-grams that item and sample have in common
  std::uint32_t item_grams = 0;    // containment = shared / item_grams
  std::uint32_t sample_grams = 0;  // similarity = shared / (item_grams + sample_grams - shared)
  bool exact = false;              // an item of fewer than n words; the three counts are 1
  std::uint32_t matched = 0;       // how many items match this sample, the best one included
  bool operator==(const ItemMatch&) const = default;
};

/// Benchmark items by their n-grams, to find those that a sample holds. Immutable; threads may share it.
///
/// The text of a sample is the contents of all its turns but system ones, of chosen and rejected branches alike, for
/// a trainer reads both; tool turns count, reasoning and tool calls do not. A match has a containment or a Jaccard
/// similarity at its limit or above. An item of fewer than n words matches only when one turn has its words, in
/// order, and no others; one without words matches nothing. Texts are any bytes; words are the Shingler's.
///
/// No match is lost: an item of g n-grams that shares at least k of them shares one of its g - k + 1 rarest, so only
/// those are looked up, and what many items have in common costs nothing. Items with equal n-grams are looked at once.
/// Memory: 32 to 64 bytes for each distinct n-gram, and 4 for each n-gram of each item.
/// Source: Chaudhuri, Ganti, Kaushik 2006 (prefix filter); Bayardo, Ma, Srikant 2007 (All-Pairs).
class ItemIndex {
 public:
  class Workspace;

  /// Throws std::invalid_argument for limits that are no such fraction, or n = 0. O(bytes of the items).
  explicit ItemIndex(std::span<const std::string_view> items, ItemOptions options = {}, SimdLevel level = simd_level());
  ~ItemIndex();

  /// The best item that `sample` holds, if it holds any. O(bytes of the sample), a cache hit for each shingle, and
  /// O(n-grams) for each item with a rare n-gram in common.
  std::optional<ItemMatch> match(const Sample& sample, Workspace& workspace) const;

  std::size_t items() const;
  /// Items without a word: they match nothing.
  std::size_t items_without_words() const;
  /// Items of fewer than n words: they match whole turns only.
  std::size_t short_items() const;
  /// Distinct n-grams, and how many entries stand under those that are looked up.
  std::size_t grams() const;
  std::size_t postings() const;

 private:
  struct State;
  std::unique_ptr<const State> state_;
};

/// What match() needs in memory: 4 bytes for each distinct n-gram and item of the index. One per thread.
class ItemIndex::Workspace {
 public:
  explicit Workspace(const ItemIndex& index);

 private:
  friend class ItemIndex;
  void begin_sample();
  /// Distinct n-grams of the sample; counted only when asked for.
  std::uint32_t sample_grams();

  Shingler sample_, turn_;
  std::span<const std::uint64_t> shingles_;  // of the sample, in sample_
  SetComparer distinct_;
  std::uint32_t sample_grams_ = 0;
  std::vector<std::uint32_t> gram_seen_, set_seen_, short_seen_;  // the stamp of the sample they were last met in
  std::vector<std::uint64_t> sifted_;
  std::vector<std::uint32_t> present_;  // n-grams to look up
  std::uint32_t stamp_ = 0;
};

/// Matches the samples of one stretch of a source.
class ContaminationSink final : public RecordSink {
 public:
  struct Pool;
  explicit ContaminationSink(std::shared_ptr<Pool> pool);
  ~ContaminationSink() override;

  std::optional<Unreadable> add(const RecordPlace& place, std::string_view raw, RecordParser& parser) override;
  void add_unreadable(const RecordPlace&, std::string_view, std::string_view) override {}

  /// Columns record_id, item, shared, item_grams, sample_grams, exact, matched: a row for each sample with a match,
  /// in reading order. Moves them out; may be called once.
  ArrowTable take_matches();

 private:
  std::shared_ptr<Pool> pool_;
  std::unique_ptr<ItemIndex::Workspace> workspace_;
  std::vector<std::int64_t> record_id_;
  std::vector<std::uint32_t> item_, shared_, item_grams_, sample_grams_, matched_;
  BitVector exact_;
};

/// Makes ContaminationSinks that share `index` and hand their memory on.
SinkFactory contamination_sinks(std::shared_ptr<const ItemIndex> index);

}  // namespace tunegate
