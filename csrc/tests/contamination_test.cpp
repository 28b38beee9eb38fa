#include "tunegate/contamination.hpp"

#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <random>
#include <set>
#include <stdexcept>

#include "check.hpp"
#include "tunegate/source_reader.hpp"

using tunegate::ItemIndex;
using tunegate::ItemMatch;
using tunegate::ItemOptions;
using tunegate::Message;
using tunegate::Part;
using tunegate::Sample;
using tunegate::Threshold;

namespace {

using Texts = std::vector<std::string_view>;

Message turn(std::string_view role, std::string_view content, Part part = Part::kMain) {
  Message message;
  message.part = part;
  message.role = role;
  message.content = content;
  return message;
}

std::optional<ItemMatch> match(const Texts& items, std::vector<Message> turns, ItemOptions options) {
  const ItemIndex index(items, options);
  ItemIndex::Workspace workspace(index);
  Sample sample;
  sample.messages = std::move(turns);
  return index.match(sample, workspace);
}

std::optional<ItemMatch> match(const Texts& items, std::string_view text, ItemOptions options) {
  return match(items, {turn("user", text)}, options);
}

ItemOptions grams_of(std::size_t words, Threshold containment, Threshold jaccard = {1, 1}) {
  return {words, containment, jaccard};
}

bool throws(ItemOptions options) {
  try {
    const ItemIndex index(Texts{"a b"}, options);
  } catch (const std::invalid_argument&) {
    return true;
  }
  return false;
}

}  // namespace

TEST(a_match_counts_distinct_n_grams) {
  // Item: ab bc cd de; the sample has ab bc cd and bx xa besides, ab twice.
  const auto found = match({"a b c d e"}, "A, b c d. B x a b", grams_of(2, {3, 4}));
  CHECK(found == (ItemMatch{0, 3, 4, 6, false, 1}));  // ab bc cd db bx xa
}

TEST(a_limit_is_inclusive_and_compared_as_integers) {
  CHECK(match({"a b c d e"}, "a b c d x", grams_of(2, {3, 4})));
  CHECK(!match({"a b c d e"}, "a b c d x", grams_of(2, {76, 100})));
  CHECK(!match({"a b c d e"}, "a b c x d e", grams_of(2, {4, 5})));  // ab bc de
}

TEST(a_jaccard_limit_below_the_containment_limit_adds_matches) {
  // Item ab bc cd de, sample ab bc cd dx: 3 shared of 4 and of 5 in all.
  CHECK(!match({"a b c d e"}, "a b c d x", grams_of(2, {1, 1}, {61, 100})));
  CHECK(match({"a b c d e"}, "a b c d x", grams_of(2, {1, 1}, {3, 5})) == (ItemMatch{0, 3, 4, 4, false, 1}));
}

TEST(a_short_item_matches_the_words_of_a_whole_turn_only) {
  const ItemOptions options = grams_of(4, {1, 4});
  CHECK(match({"What is it?"}, "what IS it", options) == (ItemMatch{0, 1, 1, 1, true, 1}));
  CHECK(!match({"What is it?"}, "what is it then", options));
  CHECK(!match({"What is it?"}, "is it what", options));
  CHECK(!match({"What is it?"}, "what is", options));
  CHECK(!match({"What is it?"}, {turn("user", "What is"), turn("assistant", "it?")}, options));
  CHECK(match({"What is it?"}, {turn("user", "So?"), turn("assistant", "What is it?")}, options));
}

TEST(a_turn_is_not_taken_for_longer_than_it_is) {
  // Seven words: ähm don t go_there now 3x 7. Signs, underscores and other scripts make no further ones.
  const std::string_view text = "\xC3\x84hm, don't go_there ... now \xE2\x80\x93 3x (7)";
  CHECK(match({text}, text, grams_of(8, {7, 10})) == (ItemMatch{0, 1, 1, 1, true, 1}));
  CHECK(match({text}, text, grams_of(7, {7, 10})) == (ItemMatch{0, 1, 1, 1, false, 1}));
  CHECK(match({"x\xC3\xA9y"}, "x\xC3\xA9y", grams_of(2, {1, 1})));
}

TEST(an_item_of_n_words_has_one_n_gram) {
  CHECK(match({"a b c"}, "x a b c", grams_of(3, {1, 1})) == (ItemMatch{0, 1, 1, 2, false, 1}));
}

TEST(n_grams_run_on_from_turn_to_turn) {
  CHECK(match({"a b c d"}, {turn("user", "a b"), turn("assistant", "c d")}, grams_of(3, {1, 1})));
}

TEST(system_turns_and_turns_without_content_take_no_part) {
  const ItemOptions options = grams_of(2, {1, 1});
  CHECK(!match({"a b c"}, {turn("system", "a b c")}, options));
  CHECK(!match({"a"}, {turn("system", "a")}, options));
  CHECK(match({"a b c"}, {turn("user", "a"), turn("system", "x"), turn("tool", "b c")}, options));
  Message silent = turn("assistant", "");
  silent.content.reset();
  silent.reasoning = "a b c";
  CHECK(!match({"a b c"}, {silent}, options));
}

TEST(chosen_and_rejected_branches_both_count) {
  for (const Part part : {Part::kChosen, Part::kRejected}) {
    CHECK(match({"a b c"}, {turn("user", "x"), turn("assistant", "a b c", part)}, grams_of(2, {1, 1})));
  }
}

TEST(the_best_item_has_the_highest_containment_then_similarity_then_comes_first) {
  const ItemOptions options = grams_of(2, {1, 2});
  CHECK(match({"a b c z", "a b c"}, "a b c", options) == (ItemMatch{1, 2, 2, 2, false, 2}));
  CHECK(match({"a b", "a b c", "b c"}, "a b c", options) == (ItemMatch{1, 2, 2, 2, false, 3}));
  CHECK(match({"b c", "a b"}, "a b c", options) == (ItemMatch{0, 1, 1, 2, false, 2}));
  CHECK(match({"b c", "x"}, {turn("user", "a b c"), turn("user", "x")}, options) ==
        (ItemMatch{1, 1, 1, 1, true, 2}));  // a whole turn is as similar as can be
}

TEST(equal_items_count_each_and_the_first_is_named) {
  CHECK(match({"q", "a b c", "A b, c", "c", "C!"}, "a b c", grams_of(2, {1, 1})) == (ItemMatch{1, 2, 2, 2, false, 2}));
  CHECK(match({"q", "a b c", "A b, c", "c", "C!"}, {turn("user", "c"), turn("user", "c")}, grams_of(2, {1, 1})) ==
        (ItemMatch{3, 1, 1, 1, true, 2}));
}

TEST(items_without_words_match_nothing_and_are_counted) {
  const Texts items{"", " ?! ", "a b c", "a"};
  const ItemIndex index(items, grams_of(2, {1, 1}));
  CHECK_EQ(index.items(), 4u);
  CHECK_EQ(index.items_without_words(), 2u);
  CHECK_EQ(index.short_items(), 1u);
  CHECK_EQ(index.grams(), 2u);
  CHECK(!match(items, "?!", grams_of(2, {1, 1})));
  CHECK(!match({}, "a b c", grams_of(2, {1, 1})));
}

TEST(a_limit_that_is_no_fraction_is_refused) {
  CHECK(throws(grams_of(0, {1, 2})));
  CHECK(throws(grams_of(2, {0, 2})));
  CHECK(throws(grams_of(2, {3, 2})));
  CHECK(throws(grams_of(2, {1, 2}, {0, 0})));
  CHECK(!throws(grams_of(2, {1, 1}, {1, 1})));
}

TEST(what_many_items_have_in_common_is_not_looked_up) {
  std::vector<std::string> texts;
  for (int i = 0; i < 500; ++i) {
    const std::string own = " w" + std::to_string(i) + " v" + std::to_string(i) + " u" + std::to_string(i);
    texts.push_back("one two three four five six seven" + own);  // 6 n-grams in common, 3 of its own
  }
  const ItemIndex index(Texts(texts.begin(), texts.end()), grams_of(2, {7, 10}));
  CHECK_EQ(index.grams(), 6u + 500 * 3);
  CHECK_EQ(index.postings(), 500u * 3);  // ceil(6.3) = 7 shared, so one of the 3 rarest of 9
}

namespace {

using Grams = std::set<std::vector<std::string>>;

std::vector<std::string> random_words(std::mt19937& random, std::size_t most) {
  std::vector<std::string> words(random() % (most + 1));
  for (auto& word : words) word = std::string(1, static_cast<char>('a' + random() % 4));
  return words;
}

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const auto& word : words) text += word + ' ';
  return text;
}

Grams grams(const std::vector<std::string>& words, std::size_t n) {
  Grams out;
  for (std::size_t i = 0; i + n <= words.size(); ++i) out.insert({words.begin() + i, words.begin() + i + n});
  return out;
}

bool reaches(std::size_t part, std::size_t whole, Threshold limit) {
  return part * limit.denominator >= whole * limit.numerator;
}

/// The definition, word for word: every item is compared with the sample.
std::optional<ItemMatch> reference(const std::vector<std::vector<std::string>>& items,
                                   const std::vector<std::vector<std::string>>& turns, const ItemOptions& options) {
  std::vector<std::string> all;
  for (const auto& words : turns) all.insert(all.end(), words.begin(), words.end());
  const Grams sample = grams(all, options.words);
  std::optional<ItemMatch> best;
  double best_containment = 0, best_similarity = 0;
  std::uint32_t matched = 0;
  for (std::uint32_t i = 0; i < items.size(); ++i) {
    const Grams item = grams(items[i], options.words);
    ItemMatch found{i, 1, 1, 1, true, 0};
    if (!item.empty()) {
      const auto shared = static_cast<std::uint32_t>(
          std::ranges::count_if(item, [&](const auto& gram) { return sample.contains(gram); }));
      found = {i, shared, static_cast<std::uint32_t>(item.size()), static_cast<std::uint32_t>(sample.size()), false, 0};
    } else if (items[i].empty() || !std::ranges::count(turns, items[i])) {
      continue;
    }
    const std::uint32_t united = found.item_grams + found.sample_grams - found.shared;
    const bool is_match =
        reaches(found.shared, found.item_grams, options.containment) || reaches(found.shared, united, options.jaccard);
    if (!is_match) continue;
    ++matched;
    const double containment = double(found.shared) / found.item_grams, similarity = double(found.shared) / united;
    if (best && std::pair(containment, similarity) <= std::pair(best_containment, best_similarity)) continue;
    best = found;
    best_containment = containment;
    best_similarity = similarity;
  }
  if (best) best->matched = matched;
  return best;
}

}  // namespace

TEST(every_match_is_found_and_no_other) {
  std::mt19937 random(7);
  int matches = 0;
  for (int round = 0; round < 300; ++round) {
    const auto limit = [&] {
      const auto denominator = 1 + static_cast<std::uint32_t>(random() % 10);
      return Threshold{1 + static_cast<std::uint32_t>(random() % denominator), denominator};
    };
    const ItemOptions options{1 + random() % 4, limit(), limit()};
    std::vector<std::vector<std::string>> items(random() % 30);
    for (auto& words : items) words = random_words(random, 12);
    std::vector<std::string> texts;
    for (const auto& words : items) texts.push_back(joined(words));
    const ItemIndex index(Texts(texts.begin(), texts.end()), options);
    ItemIndex::Workspace workspace(index);  // its memory serves one sample after the other
    for (int i = 0; i < 20; ++i) {
      std::vector<std::vector<std::string>> turns(random() % 4);
      std::vector<std::string> contents;
      for (auto& words : turns) contents.push_back(joined(words = random_words(random, 9)));
      Sample sample;
      for (const auto& content : contents) sample.messages.push_back(turn("user", content));
      const auto expected = reference(items, turns, options);
      CHECK(index.match(sample, workspace) == expected);
      matches += expected ? 1 : 0;
    }
  }
  CHECK(matches > 1000);
}

namespace {

/// The rows as numbers, the seven columns one after the other.
using Rows = std::vector<std::vector<std::int64_t>>;

void add_rows(const tunegate::ArrowTable& table, Rows& rows) {
  ArrowSchema schema;
  ArrowArray array;
  table.export_schema(&schema);
  table.export_array(&array);
  for (std::int64_t row = 0; row < array.length; ++row) {
    rows.emplace_back();
    for (std::int64_t i = 0; i < array.n_children; ++i) {
      const void* values = array.children[i]->buffers[1];
      switch (*schema.children[i]->format) {
        case 'l': rows.back().push_back(static_cast<const std::int64_t*>(values)[row]); break;
        case 'I': rows.back().push_back(static_cast<const std::uint32_t*>(values)[row]); break;
        default: rows.back().push_back(static_cast<const std::uint8_t*>(values)[row / 8] >> (row % 8) & 1);
      }
    }
  }
  array.release(&array);
  schema.release(&schema);
}

Rows scan(const std::string& path, const std::shared_ptr<const ItemIndex>& index, std::size_t threads,
          std::size_t block_bytes) {
  tunegate::ReadOptions options;
  options.path = path;
  options.lines = true;
  options.first_record_id = 10;
  options.threads = threads;
  options.block_bytes = block_bytes;
  tunegate::SourceReader reader(options, contamination_sinks(index));
  Rows rows;
  while (const auto sink = reader.next()) {
    add_rows(static_cast<tunegate::ContaminationSink&>(*sink).take_matches(), rows);
  }
  return rows;
}

}  // namespace

TEST(a_source_gives_a_row_for_each_sample_with_a_match_whatever_the_threads) {
  const auto path =
      (std::filesystem::temp_directory_path() / ("tunegate-contamination-test-" + std::to_string(::getpid()))).string();
  {
    std::ofstream file(path, std::ios::binary);
    for (int i = 0; i < 100; ++i) {
      file << R"({"prompt": "a b c d", "completion": "x y z"})" << '\n'
           << R"({"prompt": "q )" << i << R"(", "completion": "nothing"})" << '\n'
           << "broken\n"
           << R"({"prompt": "Hi!", "chosen": "a b", "rejected": "b c d"})" << '\n';
    }
  }
  const Texts items{"b c d", "hi", "x y z"};
  const auto index = std::make_shared<const ItemIndex>(items, grams_of(2, {1, 1}));
  const Rows rows = scan(path, index, 1, 1 << 20);
  CHECK_EQ(rows.size(), 200u);
  // a b c d x y z has 6 bigrams, hi a b b c d has 5; record_id, item, shared, item, sample, exact, matched
  CHECK(rows[0] == (std::vector<std::int64_t>{10, 0, 2, 2, 6, 0, 2}));
  CHECK(rows[1] == (std::vector<std::int64_t>{13, 1, 1, 1, 1, 1, 2}));
  CHECK(rows[199] == (std::vector<std::int64_t>{409, 1, 1, 1, 1, 1, 2}));
  CHECK(scan(path, index, 3, 256) == rows);
  std::filesystem::remove(path);
}
