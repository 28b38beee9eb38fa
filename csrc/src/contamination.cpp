#include "tunegate/contamination.hpp"

#include <algorithm>
#include <stdexcept>
#include <string>
#include <unordered_map>
#include <utility>

#include "gram_table.hpp"

namespace tunegate {
namespace {

constexpr std::uint32_t kNone = GramTable::kNone;

/// Items that are one for the matching: the first of them, and how many they are.
struct Twins {
  std::uint32_t first = 0;
  std::uint32_t count = 0;
};

/// Lists of numbers in one stretch of memory.
struct Lists {
  std::vector<std::size_t> begin{0};
  std::vector<std::uint32_t> numbers;

  std::size_t size() const { return begin.size() - 1; }
  std::span<const std::uint32_t> operator[](std::size_t list) const {
    return {numbers.data() + begin[list], begin[list + 1] - begin[list]};
  }
  std::span<std::uint32_t> at(std::size_t list) {
    return {numbers.data() + begin[list], begin[list + 1] - begin[list]};
  }
  void append(std::span<const std::uint32_t> list) {
    numbers.insert(numbers.end(), list.begin(), list.end());
    begin.push_back(numbers.size());
  }
};

struct ShortItem {
  Twins items;
  std::uint32_t number = 0;
};

std::size_t share_of(Threshold threshold, std::size_t count) {
  return (count * threshold.numerator + threshold.denominator - 1) / threshold.denominator;
}

/// The fewest n-grams that a matching sample shares with an item of `count`: Jaccard's union is the item at least.
std::size_t least_shared(const ItemOptions& options, std::size_t count) {
  return std::min(share_of(options.containment, count), share_of(options.jaccard, count));
}

void check_fraction(Threshold threshold, const char* name) {
  if (threshold.numerator > 0 && threshold.numerator <= threshold.denominator) return;
  throw std::invalid_argument(std::string(name) + " is " + std::to_string(threshold.numerator) + "/" +
                              std::to_string(threshold.denominator) + ", expected a fraction above 0 and at most 1");
}

ItemOptions checked(ItemOptions options) {
  if (options.words == 0) throw std::invalid_argument("n is 0, expected the words of an n-gram, at least 1");
  check_fraction(options.containment, "containment");
  check_fraction(options.jaccard, "jaccard");
  return options;
}

/// Whether the turn has `limit` words for certain, seen from its first few hundred bytes in most languages: letters
/// and digits of ASCII with another ASCII character but the underscore between them stand in different words.
bool has_words(std::string_view turn, std::size_t limit) {
  std::size_t words = 0;
  bool apart = true;
  for (const char c : turn) {
    const auto lower = static_cast<unsigned char>(c | 0x20);
    const bool letter = (lower >= 'a' && lower <= 'z') || (c >= '0' && c <= '9');
    if (letter && apart && ++words == limit) return true;
    apart = letter ? false : apart || (static_cast<unsigned char>(c) < 0x80 && c != '_');
  }
  return false;
}

bool counts(const Message& turn) { return turn.role != "system" && turn.content.has_value(); }

Overlap similarity(const ItemMatch& match) {
  return {match.shared, match.item_grams + match.sample_grams - match.shared};
}

bool is_better(const ItemMatch& match, const ItemMatch& than) {
  const std::uint64_t left = std::uint64_t{match.shared} * than.item_grams;
  const std::uint64_t right = std::uint64_t{than.shared} * match.item_grams;
  if (left != right) return left > right;
  if (is_less(similarity(than), similarity(match))) return true;
  return !is_less(similarity(match), similarity(than)) && match.item < than.item;
}

/// The best of the matches added, with the count of all.
class Best {
 public:
  void add(ItemMatch match, std::uint32_t items) {
    matched_ += items;
    if (!best_ || is_better(match, *best_)) best_ = match;
  }
  std::optional<ItemMatch> take() {
    if (best_) best_->matched = matched_;
    return best_;
  }

 private:
  std::optional<ItemMatch> best_;
  std::uint32_t matched_ = 0;
};

}  // namespace

struct ItemIndex::State {
  ItemOptions options;
  SimdLevel level;
  std::size_t items = 0, without_words = 0, short_items = 0;
  GramTable grams;
  std::vector<Twins> sets;  // items of equal n-grams
  Lists set_grams;          // rarest first
  Lists gram_sets;          // the sets that have this n-gram among those to look up
  Sieve looked_up;          // the hashes of the n-grams that have such sets
  std::unordered_map<std::uint64_t, ShortItem> shorts;

  State(std::span<const std::string_view> texts, ItemOptions given, SimdLevel simd);

  std::size_t prefix(std::size_t set) const {
    const std::size_t count = set_grams[set].size();
    return count - least_shared(options, count) + 1;
  }
  void add_short(std::uint32_t item, std::uint64_t hash);
  void add_set(std::uint32_t item, std::span<const std::uint64_t> shingles);
  void order_by_rarity();
  void post();

  void find_looked_up(Workspace& workspace) const;
  void mark(Workspace& workspace) const;
  void match_turn(std::string_view turn, Workspace& workspace, Best& best) const;
  void match_sets(Workspace& workspace, Best& best) const;
  void match_set(std::uint32_t set, Workspace& workspace, Best& best) const;
  std::uint32_t count_shared(std::uint32_t set, const Workspace& workspace) const;

 private:
  std::unordered_multimap<std::size_t, std::uint32_t> set_of_;  // while building: sets by a hash of their n-grams
  std::vector<std::uint32_t> numbers_;
};

ItemIndex::State::State(std::span<const std::string_view> texts, ItemOptions given, SimdLevel simd)
    : options(checked(given)), level(simd), items(texts.size()) {
  if (items >= kNone) throw std::length_error("there are more than 2^32 - 2 items");
  Shingler shingler({ShingleUnit::kWords, options.words}, level), words({ShingleUnit::kWords, 1}, level);
  for (std::uint32_t item = 0; item < items; ++item) {
    words.clear();
    words.add(texts[item]);
    const std::size_t count = words.shingles().size();
    if (count == 0) {
      ++without_words;
    } else if (count < options.words) {
      add_short(item, words.text_hash());
    } else {
      shingler.clear();
      shingler.add(texts[item]);
      add_set(item, shingler.shingles());
    }
  }
  set_of_ = {};
  order_by_rarity();
  post();
}

void ItemIndex::State::add_short(std::uint32_t item, std::uint64_t hash) {
  ++short_items;
  const auto number = static_cast<std::uint32_t>(shorts.size());
  ++shorts.try_emplace(hash, ShortItem{{item, 0}, number}).first->second.items.count;
}

void ItemIndex::State::add_set(std::uint32_t item, std::span<const std::uint64_t> shingles) {
  numbers_.clear();
  for (const std::uint64_t hash : shingles) numbers_.push_back(grams.add(hash));
  std::sort(numbers_.begin(), numbers_.end());
  numbers_.erase(std::unique(numbers_.begin(), numbers_.end()), numbers_.end());
  const auto* bytes = reinterpret_cast<const char*>(numbers_.data());
  const std::size_t key = std::hash<std::string_view>{}({bytes, numbers_.size() * sizeof(std::uint32_t)});
  const auto [begin, end] = set_of_.equal_range(key);
  for (auto known = begin; known != end; ++known) {
    if (std::ranges::equal(set_grams[known->second], numbers_)) return void(++sets[known->second].count);
  }
  set_of_.emplace(key, static_cast<std::uint32_t>(sets.size()));
  sets.push_back({item, 1});
  set_grams.append(numbers_);
}

void ItemIndex::State::order_by_rarity() {
  std::vector<std::uint32_t> frequency(grams.size(), 0);
  for (const std::uint32_t gram : set_grams.numbers) ++frequency[gram];
  for (std::size_t set = 0; set < sets.size(); ++set) {
    std::ranges::sort(set_grams.at(set), {}, [&](std::uint32_t gram) { return std::pair(frequency[gram], gram); });
  }
}

void ItemIndex::State::post() {
  std::vector<std::size_t>& begin = gram_sets.begin;
  begin.assign(grams.size() + 1, 0);
  const auto for_each = [&](auto visit) {
    for (std::uint32_t set = 0; set < sets.size(); ++set) {
      for (const std::uint32_t gram : set_grams[set].first(prefix(set))) visit(gram, set);
    }
  };
  for_each([&](std::uint32_t gram, std::uint32_t) { ++begin[gram + 1]; });
  for (std::size_t gram = 0; gram < grams.size(); ++gram) begin[gram + 1] += begin[gram];
  std::vector<std::size_t> next(begin.begin(), begin.end() - 1);
  gram_sets.numbers.resize(begin.back());
  for_each([&](std::uint32_t gram, std::uint32_t set) { gram_sets.numbers[next[gram]++] = set; });
  looked_up = Sieve(gram_sets.numbers.size());
  grams.for_each([&](std::uint64_t hash, std::uint32_t gram) {
    if (!gram_sets[gram].empty()) looked_up.add(hash);
  });
}

void ItemIndex::State::find_looked_up(Workspace& workspace) const {
  const std::size_t count = looked_up.sift(workspace.shingles_, workspace.sifted_);
  for (std::size_t i = 0; i < count; ++i) {
    const std::uint32_t gram = grams.find(workspace.sifted_[i]);
    if (gram == kNone || gram_sets[gram].empty()) continue;
    if (std::exchange(workspace.gram_seen_[gram], workspace.stamp_) != workspace.stamp_) {
      workspace.present_.push_back(gram);
    }
  }
}

void ItemIndex::State::mark(Workspace& workspace) const {
  for (const std::uint64_t hash : workspace.shingles_) {
    const std::uint32_t gram = grams.find(hash);
    if (gram != kNone) workspace.gram_seen_[gram] = workspace.stamp_;
  }
}

void ItemIndex::State::match_sets(Workspace& workspace, Best& best) const {
  find_looked_up(workspace);
  if (!workspace.present_.empty()) mark(workspace);
  for (const std::uint32_t gram : workspace.present_) {
    for (const std::uint32_t set : gram_sets[gram]) {
      if (std::exchange(workspace.set_seen_[set], workspace.stamp_) != workspace.stamp_) {
        match_set(set, workspace, best);
      }
    }
  }
}

void ItemIndex::State::match_set(std::uint32_t set, Workspace& workspace, Best& best) const {
  const std::uint32_t shared = count_shared(set, workspace);
  if (shared == 0) return;
  ItemMatch match;
  match.item = sets[set].first;
  match.shared = shared;
  match.item_grams = static_cast<std::uint32_t>(set_grams[set].size());
  match.sample_grams = workspace.sample_grams();
  const bool is_match =
      options.containment.is_met({shared, match.item_grams}) || options.jaccard.is_met(similarity(match));
  if (is_match) best.add(match, sets[set].count);
}

/// 0 as soon as too many are missing for a match; the rare ones, which stand first, tell soonest.
std::uint32_t ItemIndex::State::count_shared(std::uint32_t set, const Workspace& workspace) const {
  const auto all = set_grams[set];
  std::size_t may_miss = all.size() - least_shared(options, all.size());
  std::uint32_t shared = 0;
  for (const std::uint32_t gram : all) {
    if (workspace.gram_seen_[gram] == workspace.stamp_) {
      ++shared;
    } else if (may_miss-- == 0) {
      return 0;
    }
  }
  return shared;
}

void ItemIndex::State::match_turn(std::string_view turn, Workspace& workspace, Best& best) const {
  if (has_words(turn, options.words)) return;
  workspace.turn_.clear();
  workspace.turn_.add(turn);
  const auto found = shorts.find(workspace.turn_.text_hash());
  if (found == shorts.end()) return;
  const ShortItem& item = found->second;
  if (std::exchange(workspace.short_seen_[item.number], workspace.stamp_) == workspace.stamp_) return;
  best.add({item.items.first, 1, 1, 1, true, 0}, item.items.count);
}

ItemIndex::ItemIndex(std::span<const std::string_view> items, ItemOptions options, SimdLevel level)
    : state_(std::make_unique<State>(items, options, level)) {}

ItemIndex::~ItemIndex() = default;

std::optional<ItemMatch> ItemIndex::match(const Sample& sample, Workspace& workspace) const {
  Best best;
  workspace.begin_sample();
  for (const Message& turn : sample.messages) {
    if (!counts(turn)) continue;
    if (!state_->sets.empty()) workspace.sample_.add(*turn.content);
    if (!state_->shorts.empty()) state_->match_turn(*turn.content, workspace, best);
  }
  if (!state_->sets.empty()) {
    workspace.shingles_ = workspace.sample_.shingles();
    state_->match_sets(workspace, best);
  }
  return best.take();
}

std::size_t ItemIndex::items() const { return state_->items; }
std::size_t ItemIndex::items_without_words() const { return state_->without_words; }
std::size_t ItemIndex::short_items() const { return state_->short_items; }
std::size_t ItemIndex::grams() const { return state_->grams.size(); }
std::size_t ItemIndex::postings() const { return state_->gram_sets.numbers.size(); }

ItemIndex::Workspace::Workspace(const ItemIndex& index)
    : sample_({ShingleUnit::kWords, index.state_->options.words}, index.state_->level),
      turn_({ShingleUnit::kWords, 1}, index.state_->level),
      gram_seen_(index.state_->grams.size(), 0),
      set_seen_(index.state_->sets.size(), 0),
      short_seen_(index.state_->shorts.size(), 0) {}

void ItemIndex::Workspace::begin_sample() {
  sample_.clear();
  present_.clear();
  sample_grams_ = 0;
  if (++stamp_ != 0) return;
  for (auto* seen : {&gram_seen_, &set_seen_, &short_seen_}) std::ranges::fill(*seen, 0);
  stamp_ = 1;
}

std::uint32_t ItemIndex::Workspace::sample_grams() {
  if (sample_grams_ == 0) {
    distinct_.load(shingles_);
    sample_grams_ = static_cast<std::uint32_t>(distinct_.size());
  }
  return sample_grams_;
}

}  // namespace tunegate
