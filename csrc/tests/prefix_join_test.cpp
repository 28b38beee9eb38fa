#include "tunegate/prefix_join.hpp"

#include <algorithm>
#include <bit>
#include <numeric>
#include <stdexcept>

#include "check.hpp"
#include "memory_sets.hpp"

using tunegate::is_less;
using tunegate::Match;
using tunegate::Overlap;
using tunegate::PrefixJoin;
using tunegate::RecordPair;
using tunegate::SourceError;
using tunegate::Threshold;
using tunegate::verify;

namespace {

using Set = MemorySets::Set;
using Numbers = std::vector<std::uint32_t>;

constexpr Threshold kThresholds[] = {{7, 10}, {4, 5}, {1, 2}, {1, 1}, {1, 100}};

Numbers all_of(const MemorySets& sets) {
  Numbers records(sets.size());
  std::iota(records.begin(), records.end(), 0U);
  return records;
}

bool same(const std::vector<Match>& left, const std::vector<Match>& right) {
  return std::ranges::equal(
      left, right, [](const Match& a, const Match& b) { return a.a == b.a && a.b == b.b && a.overlap == b.overlap; });
}

std::vector<RecordPair> all_pairs(const Numbers& records) {
  std::vector<RecordPair> pairs;
  for (std::size_t i = 0; i < records.size(); ++i) {
    for (std::size_t k = i + 1; k < records.size(); ++k) pairs.push_back({records[i], records[k]});
  }
  return pairs;
}

std::vector<Match> true_matches(const MemorySets& sets, const std::vector<RecordPair>& pairs, Threshold threshold) {
  std::vector<Match> matches;
  for (const auto [a, b] : pairs) {
    const Overlap overlap = true_overlap(sets[a], sets[b]);
    if (threshold.is_met(overlap)) matches.push_back({a, b, overlap});
  }
  return matches;
}

/// The best match among `added`, in the order of adding.
std::optional<Match> true_best(const MemorySets& sets, const Numbers& added, std::uint32_t record,
                               Threshold threshold) {
  std::optional<Match> best;
  for (const std::uint32_t other : added) {
    const Overlap overlap = true_overlap(sets[other], sets[record]);
    if (other == record || !threshold.is_met(overlap)) continue;
    if (!best || is_less(best->overlap, overlap)) best = Match{other, record, overlap};
  }
  return best;
}

bool same(const std::optional<Match>& left, const std::optional<Match>& right) {
  if (!left || !right) return left.has_value() == right.has_value();
  return left->a == right->a && left->b == right->b && left->overlap == right->overlap;
}

/// `records` sets of `size`, which have the first `common` hashes in common and no other.
std::vector<Set> with_boilerplate(std::size_t records, std::size_t size, std::size_t common) {
  std::mt19937_64 random(3);
  Set boilerplate(common);
  for (auto& hash : boilerplate) hash = random();
  std::vector<Set> sets(records, boilerplate);
  for (auto& set : sets) {
    while (set.size() < size) set.push_back(random());
    std::shuffle(set.begin(), set.end(), random);
  }
  return sets;
}

/// One template of `common` hashes in each set, and before or behind it so many of its own.
std::vector<Set> of_template(std::size_t common, const std::vector<std::size_t>& own) {
  std::mt19937_64 random(7);
  std::vector<Set> sets(own.size(), with_boilerplate(1, common, common).front());
  for (std::size_t i = 0; i < own.size(); ++i) {
    Set words(own[i]);
    for (auto& word : words) word = random();
    sets[i].insert(i % 2 == 0 ? sets[i].begin() : sets[i].end(), words.begin(), words.end());
  }
  return sets;
}

/// A walk that adds what nothing added matches: how many sets it read, and how many it added.
std::pair<std::size_t, std::size_t> walk(PrefixJoin& join, const MemorySets& sets) {
  const std::size_t before = sets.reads();
  std::size_t added = 0;
  for (std::uint32_t record = 0; record < sets.size(); ++record) {
    if (join.best_added(record)) continue;
    join.add(record);
    ++added;
  }
  return {sets.reads() - before, added};
}

template <class Error, class Call>
std::string error_of(Call call) {
  try {
    call();
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

}  // namespace

TEST(all_matches_are_found_and_no_others) {
  for (const std::uint64_t seed : {1U, 2U, 3U, 4U}) {
    const MemorySets sets(random_sets(seed, 130, seed % 2 == 0 ? 20 : 300, seed < 3 ? 12 : 40));
    for (const Threshold threshold : kThresholds) {
      const auto expected = true_matches(sets, all_pairs(all_of(sets)), threshold);
      CHECK(!expected.empty());
      CHECK(same(PrefixJoin(all_of(sets), sets, threshold, 1).all_matches(0), expected));
    }
  }
}

TEST(pairs_exactly_on_the_threshold_match) {
  for (const Threshold threshold : {Threshold{7, 10}, Threshold{4, 5}}) {
    const MemorySets sets(random_sets(21, 250, 11, 30));
    const auto expected = true_matches(sets, all_pairs(all_of(sets)), threshold);
    const auto on_threshold = std::ranges::count_if(expected, [&](const Match& match) {
      return match.overlap.shared * threshold.denominator == match.overlap.united * threshold.numerator;
    });
    CHECK(on_threshold > 100);
    CHECK(same(PrefixJoin(all_of(sets), sets, threshold, 2).all_matches(0), expected));
  }
}

TEST(sets_of_one_hash_match_equal_ones_and_empty_sets_nothing) {
  const MemorySets sets({{7}, {}, {7, 7}, {8}, {}, {7}, {8, 9}});
  const auto matches = PrefixJoin(all_of(sets), sets, {4, 5}, 1).all_matches(0);
  CHECK(same(matches, {{0, 2, {1, 1}}, {0, 5, {1, 1}}, {2, 5, {1, 1}}}));
  CHECK(PrefixJoin({}, sets, {4, 5}, 3).all_matches(0).empty());
  CHECK_EQ(PrefixJoin({}, sets, {4, 5}, 3).candidates(), 0U);
}

TEST(a_join_of_some_records_finds_the_matches_among_them) {
  const MemorySets sets(random_sets(5, 300, 40, 20));
  std::mt19937 random(5);
  Numbers records = all_of(sets);
  std::erase_if(records, [&](std::uint32_t) { return random() % 3 == 0; });
  const auto expected = true_matches(sets, all_pairs(records), {7, 10});
  CHECK(same(PrefixJoin(records, sets, {7, 10}, 2).all_matches(0), expected));
}

TEST(pairs_of_two_old_records_are_left_out) {
  const MemorySets sets(random_sets(6, 200, 30, 20));
  const auto all = true_matches(sets, all_pairs(all_of(sets)), {7, 10});
  const PrefixJoin join(all_of(sets), sets, {7, 10}, 2);
  for (const std::uint32_t first_new : {1U, 77U, 150U, 199U, 200U, 4'000'000'000U}) {
    auto expected = all;
    std::erase_if(expected, [&](const Match& match) { return match.b < first_new; });
    CHECK(same(join.all_matches(first_new), expected));
  }
}

TEST(threads_change_no_answer) {
  std::mt19937_64 random(9);
  std::vector<std::uint64_t> masks(3000);  // sets of up to 64 words, so that a reference by bits is fast
  std::vector<Set> sets(masks.size());
  for (std::size_t i = 0; i < masks.size(); ++i) {
    masks[i] = i % 4 == 3 ? masks[random() % i] ^ std::uint64_t{1} << random() % 64 : random() & random();
    for (std::uint64_t bit = 0; bit < 64; ++bit) {
      if ((masks[i] >> bit & 1) != 0) sets[i].push_back((bit + 1) * 0x9E3779B97F4A7C15U);
    }
  }
  std::vector<Match> expected;
  for (std::uint32_t a = 0; a < masks.size(); ++a) {
    for (std::uint32_t b = a + 1; b < masks.size(); ++b) {
      const Overlap overlap{static_cast<std::uint32_t>(std::popcount(masks[a] & masks[b])),
                            static_cast<std::uint32_t>(std::popcount(masks[a] | masks[b]))};
      if (overlap.shared * 5 >= overlap.united * 4) expected.push_back({a, b, overlap});
    }
  }
  const MemorySets source(sets);
  const std::uint64_t candidates = PrefixJoin(all_of(source), source, {4, 5}, 1).candidates();
  for (const std::size_t threads : {1U, 2U, 5U}) {
    const PrefixJoin join(all_of(source), source, {4, 5}, threads);
    CHECK_EQ(join.candidates(), candidates);
    CHECK(same(join.all_matches(0), expected));
  }
}

TEST(pairs_are_verified_in_their_order) {
  const MemorySets sets(random_sets(8, 120, 25, 20));
  const auto pairs = all_pairs(all_of(sets));
  for (const std::size_t threads : {1U, 2U, 5U}) {
    CHECK(same(verify(pairs, sets, {7, 10}, threads), true_matches(sets, pairs, {7, 10})));
    CHECK(verify({}, sets, {7, 10}, threads).empty());
  }
}

TEST(a_record_of_many_pairs_is_read_once) {
  const MemorySets sets(std::vector<Set>(101, Set{1, 2, 3}));
  std::vector<RecordPair> pairs;
  for (std::uint32_t b = 1; b <= 100; ++b) pairs.push_back({0, b});
  CHECK_EQ(verify(pairs, sets, {4, 5}, 1).size(), 100U);
  CHECK_EQ(sets.reads(), 101U);
}

TEST(sets_too_large_to_be_kept_are_verified_as_well) {
  Set large(9000);
  std::iota(large.begin(), large.end(), 1U);
  Set similar = large;
  similar[17] = 0;
  const MemorySets sets({large, similar, large, {1}});
  const std::vector<Match> expected{{0, 1, {8999, 9001}}, {0, 2, {9000, 9000}}, {1, 2, {8999, 9001}}};
  CHECK(same(verify(all_pairs(all_of(sets)), sets, {4, 5}, 2), expected));
  CHECK(same(PrefixJoin(all_of(sets), sets, {4, 5}, 2).all_matches(0), expected));
}

TEST(the_error_of_the_first_pair_reaches_the_caller) {
  const MemorySets sets(std::vector<Set>(4000, Set{1}), {600, 2500, 3999});
  std::vector<RecordPair> pairs;
  for (std::uint32_t a = 0; a + 1 < sets.size(); ++a) pairs.push_back({a, a + 1});
  for (const std::size_t threads : {1U, 2U, 5U}) {
    CHECK_EQ(error_of<SourceError>([&] { verify(pairs, sets, {4, 5}, threads); }), "no record 600");
    CHECK(error_of<SourceError>([&] { PrefixJoin(all_of(sets), sets, {4, 5}, threads); }).starts_with("no record "));
  }
}

TEST(the_best_added_record_is_the_most_similar_then_the_first_added) {
  for (const std::uint64_t seed : {31U, 32U}) {
    const MemorySets sets(random_sets(seed, 130, 24, seed == 31 ? 12 : 30));
    for (const Threshold threshold : kThresholds) {
      std::mt19937_64 random(seed);
      Numbers order = all_of(sets), added;
      std::shuffle(order.begin(), order.end(), random);
      PrefixJoin join(all_of(sets), sets, threshold, 1);
      for (const std::uint32_t record : order) {
        CHECK(same(join.best_added(record), true_best(sets, added, record, threshold)));
        if (random() % 2 == 0) continue;
        join.add(record);
        added.push_back(record);
        CHECK(same(join.best_added(record), true_best(sets, added, record, threshold)));
      }
    }
  }
}

TEST(an_equal_set_added_later_does_not_win_over_the_first) {
  const MemorySets sets({{1, 2, 3, 4, 5}, {5, 4, 3, 2, 1}, {1, 2, 3, 4}, {1, 2, 3, 4, 5, 1}});
  PrefixJoin join(all_of(sets), sets, {4, 5}, 1);
  CHECK(!join.best_added(3).has_value());
  join.add(2);
  CHECK(same(join.best_added(3), Match{2, 3, {4, 5}}));
  join.add(1);
  join.add(0);
  join.add(1);  // again
  CHECK(same(join.best_added(3), Match{1, 3, {5, 5}}));
  CHECK(same(join.best_added(1), Match{0, 1, {5, 5}}));
}

TEST(boilerplate_below_the_threshold_is_not_enumerated) {
  for (const std::size_t common : {60U, 79U, 84U, 87U}) {  // of 100: 87 in common are a similarity of 0.77
    const MemorySets sets(with_boilerplate(200, 100, common));
    const PrefixJoin join(all_of(sets), sets, {4, 5}, 1);
    CHECK(join.candidates() <= 10 * 200);
    CHECK(join.all_matches(0).empty());
  }
}

TEST(records_of_one_template_all_match) {
  const MemorySets sets(with_boilerplate(120, 100, 90));  // 90 / 110 > 4 / 5
  const PrefixJoin join(all_of(sets), sets, {4, 5}, 2);
  const auto matches = join.all_matches(0);
  CHECK_EQ(matches.size(), 120U * 119 / 2);
  CHECK(std::ranges::all_of(matches, [](const Match& match) { return match.overlap == Overlap{90, 110}; }));
}

TEST(a_hash_of_more_records_than_are_counted_still_matches) {
  for (const std::size_t records : {255U, 256U, 257U, 1281U}) {  // 1281 = 5 * 256 + 1
    const MemorySets sets(std::vector<Set>(records, Set{7}));
    for (const std::size_t threads : {1U, 3U}) {
      PrefixJoin join(all_of(sets), sets, {4, 5}, threads);
      join.add(0);
      for (const std::uint32_t record : {std::uint32_t{1}, sets.size() - 1}) {
        CHECK(same(join.best_added(record), Match{0, record, {1, 1}}));
      }
    }
  }
}

TEST(walking_records_of_one_template_reads_each_about_once) {
  const MemorySets sets(with_boilerplate(3000, 50, 45));
  PrefixJoin join(all_of(sets), sets, {4, 5}, 1);
  const std::size_t before = sets.reads();
  join.add(0);
  std::size_t matched = 0;
  for (std::uint32_t record = 1; record < sets.size(); ++record) matched += join.best_added(record).has_value();
  CHECK_EQ(matched, 2999U);
  CHECK(sets.reads() - before < 3100);
}

TEST(walking_records_of_one_template_and_of_unequal_sizes_reads_each_about_once) {
  // Of 96 in common, two sets match with up to 24 of their own: those of 6 to 12 the first one, those of 15 no other of
  // 15, but those of 6 and 9 match all of 15.
  std::vector<std::size_t> own(3000);
  for (std::size_t i = 0; i < own.size(); ++i) own[i] = std::size_t{i == 0 ? 12U : 6U + 3U * (i % 4)};
  const MemorySets sets(of_template(96, own));
  PrefixJoin join(all_of(sets), sets, {4, 5}, 1);
  const auto [reads, added] = walk(join, sets);
  CHECK_EQ(added, 1U + 3000 / 4);
  CHECK(reads < 2 * 3000);
  CHECK(same(join.best_added(4), Match{0, 4, {96, 96 + 12 + 6}}));
  CHECK(same(join.best_added(5), Match{0, 5, {96, 96 + 12 + 9}}));
}

TEST(of_many_keepers_that_match_equally_well_the_first_is_read) {
  std::vector<std::size_t> own(2000, 15);
  for (std::size_t i = 1000; i < own.size(); ++i) own[i] = 6;
  const MemorySets sets(of_template(96, own));
  PrefixJoin join(all_of(sets), sets, {4, 5}, 1);
  const auto [reads, added] = walk(join, sets);
  CHECK_EQ(added, 1000U);
  CHECK(reads < 2 * 1000 + 100);
  for (const std::uint32_t record : {1000U, 1999U}) CHECK(same(join.best_added(record), Match{0, record, {96, 117}}));
}

TEST(the_best_of_many_records_of_one_template_is_found_whatever_they_share_beside_it) {
  std::mt19937_64 random(12);
  std::vector<Set> records(300, with_boilerplate(1, 24, 24).front());
  for (auto& set : records) {
    for (std::size_t words = random() % 9; words > 0; --words) set.insert(set.begin(), random() % 30);
    set.erase(set.end() - static_cast<std::ptrdiff_t>(random() % 3), set.end());
  }
  const MemorySets sets(records);
  for (const Threshold threshold : kThresholds) {
    PrefixJoin join(all_of(sets), sets, threshold, 1);
    Numbers added;
    for (std::uint32_t record = 0; record < sets.size(); ++record) {
      const auto best = join.best_added(record);
      CHECK(same(best, true_best(sets, added, record, threshold)));
      if (best && random() % 3 != 0) continue;
      join.add(record);
      added.push_back(record);
    }
  }
}

TEST(what_large_sets_share_behind_more_positions_than_are_told_apart_still_matches) {
  const MemorySets sets(of_template(4000, {66'000, 66'000, 10}));  // positions have 16 bits at most
  PrefixJoin join(all_of(sets), sets, {1, 100}, 1);
  join.add(0);
  CHECK(same(join.best_added(1), Match{0, 1, {4000, 136'000}}));
  CHECK(same(join.best_added(2), Match{0, 2, {4000, 70'010}}));
  join.add(2);
  CHECK(same(join.best_added(1), Match{2, 1, {4000, 70'010}}));
}

TEST(a_threshold_out_of_range_and_a_record_not_joined_are_errors) {
  const MemorySets sets({{1}, {2}, {3}});
  const Numbers records{0, 2};
  PrefixJoin join(records, sets, {4, 5}, 1);
  CHECK_EQ(error_of<std::out_of_range>([&] { join.add(1); }), "record 1 is none of those joined");
  CHECK_EQ(error_of<std::out_of_range>([&] { join.best_added(3); }), "record 3 is none of those joined");
  for (const Threshold threshold : {Threshold{0, 5}, Threshold{6, 5}, Threshold{0, 0}}) {
    const auto error = error_of<std::invalid_argument>([&] { PrefixJoin(records, sets, threshold, 1); });
    CHECK(error.ends_with("is not above 0 and at most 1"));
  }
}
