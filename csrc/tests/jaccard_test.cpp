#include "tunegate/jaccard.hpp"

#include <algorithm>
#include <iterator>
#include <random>
#include <vector>

#include "check.hpp"
#include "memory_sets.hpp"

using tunegate::is_less;
using tunegate::Overlap;
using tunegate::SetComparer;
using tunegate::Threshold;

namespace {

using Set = MemorySets::Set;

constexpr Threshold kThresholds[] = {{1, 2}, {2, 3}, {7, 10}, {4, 5}, {9, 10}, {1, 1}, {1, 100}};

Set hashes_of(std::mt19937_64& random, std::size_t size, std::size_t vocabulary) {
  Set set(size);
  for (auto& hash : set) hash = (random() % vocabulary) * 0x2545F4914F6CDD1DU;
  return set;
}

}  // namespace

TEST(a_threshold_is_inclusive) {
  CHECK((Threshold{4, 5}.is_met({4, 5})));
  CHECK((Threshold{4, 5}.is_met({400, 500})));
  CHECK((!Threshold{4, 5}.is_met({399, 500})));
  CHECK((Threshold{7, 10}.is_met({7, 10})));  // as doubles, 0.7 * 10 > 7
  CHECK((Threshold{1, 1}.is_met({3, 3})));
  CHECK((!Threshold{1, 1}.is_met({2, 3})));
  CHECK((Threshold{1, 100}.is_met({1, 100})));
  CHECK((Threshold{4, 5}.is_met({3'200'000'000, 4'000'000'000})));
  CHECK((!Threshold{4, 5}.is_met({3'199'999'999, 4'000'000'000})));
}

TEST(empty_and_disjoint_sets_meet_no_threshold) {
  CHECK((!Threshold{1, 100}.is_met({0, 0})));
  CHECK((!Threshold{1, 100}.is_met({0, 5})));
  CHECK((!Threshold{1, 100}.is_possible(0, 0)));
  CHECK((!Threshold{1, 100}.is_possible(0, 5)));
  CHECK_EQ((Overlap{0, 0}.similarity()), 0.0);
}

TEST(the_least_intersection_is_the_first_that_meets_the_threshold) {
  for (const Threshold threshold : kThresholds) {
    for (std::uint32_t a = 1; a <= 60; ++a) {
      for (std::uint32_t b = 1; b <= 60; ++b) {
        const std::uint32_t most = std::min(a, b);
        std::uint32_t least = 0;
        while (least <= most && !threshold.is_met({least, a + b - least})) ++least;
        CHECK_EQ(threshold.is_possible(a, b), least <= most);
        if (least <= most) CHECK_EQ(threshold.least_shared(a, b), least);
        if (least > most) CHECK(threshold.least_shared(a, b) > most);
      }
    }
  }
}

TEST(similarities_are_compared_as_fractions) {
  CHECK(is_less({2, 3}, {3, 4}));
  CHECK(!is_less({3, 4}, {2, 3}));
  CHECK(!is_less({4, 5}, {8, 10}));
  CHECK(!is_less({8, 10}, {4, 5}));
  CHECK(is_less({3'999'999'998, 3'999'999'999}, {3'999'999'999, 4'000'000'000}));  // equal as floats
  CHECK(is_less({0, 0}, {1, 9}));
  CHECK(!is_less({1, 9}, {0, 0}));
  CHECK(!is_less({0, 0}, {0, 7}));
}

TEST(a_hash_that_is_repeated_counts_once) {
  SetComparer comparer;
  comparer.load(Set{5, 7, 5, 9, 7});
  CHECK_EQ(comparer.size(), 3U);
  CHECK(std::ranges::equal(comparer.distinct(), Set{5, 7, 9}));
  CHECK((comparer.compare(Set{7, 7, 1, 1, 9, 1}) == Overlap{2, 4}));
  CHECK((comparer.compare(Set{}) == Overlap{0, 3}));
  comparer.load(Set{});
  CHECK((comparer.compare(Set{}) == Overlap{0, 0}));
  CHECK((comparer.compare(Set{0, 0, ~std::uint64_t{0}}) == Overlap{0, 2}));
}

TEST(a_comparer_without_a_set_compares_with_the_empty_one) {
  SetComparer comparer;
  CHECK((comparer.compare(Set{}) == Overlap{0, 0}));
  CHECK((comparer.compare(Set{0, 1}) == Overlap{0, 2}));
}

TEST(sets_of_all_sizes_in_any_order_are_compared_as_sorted_sets_are) {
  std::mt19937_64 random(11);
  SetComparer comparer;
  for (int i = 0; i < 150; ++i) {
    const std::size_t size = i % 10 == 0 ? random() % 3000 : random() % 130;
    const Set loaded = hashes_of(random, size, 1 + random() % (2 * size + 1));
    comparer.load(loaded);
    for (int k = 0; k < 4; ++k) {
      const Set other = hashes_of(random, k == 3 ? random() % 2000 : random() % (size + 20), 1 + 2 * size);
      CHECK((comparer.compare(other) == true_overlap(loaded, other)));
    }
  }
}

TEST(hashes_of_few_bits_are_compared_as_well) {
  SetComparer comparer;
  for (const int shift : {0, 16, 32, 48, 54}) {
    Set left, right;
    for (std::uint64_t i = 0; i < 600; ++i) left.push_back(i << shift), right.push_back(3 * i << shift);
    comparer.load(left);
    CHECK((comparer.compare(right) == true_overlap(left, right)));
  }
}

TEST(nothing_is_left_of_earlier_sets_when_the_stamps_come_round) {
  const Set rare{99}, usual{1};
  SetComparer comparer;
  comparer.load(Set{1, 2, 3});
  int wrong = 0;
  for (int i = 0; i <= 2 * 65535; ++i) {
    const bool is_rare = i % 65535 == 0;
    wrong += comparer.compare(is_rare ? rare : usual) != (is_rare ? Overlap{0, 4} : Overlap{1, 3});
  }
  CHECK_EQ(wrong, 0);
  SetComparer loader;
  for (int i = 0; i <= 2 * 65535; ++i) {
    const bool is_rare = i % 65535 == 0;
    loader.load(is_rare && i == 0 ? rare : usual);
    if (is_rare && i > 0) wrong += loader.compare(rare) != Overlap{0, 2};
  }
  CHECK_EQ(wrong, 0);
}

TEST(a_match_is_what_comparing_finds_at_the_threshold_or_above) {
  std::mt19937_64 random(5);
  const auto draw = [&](std::uint64_t values, std::size_t count) {
    std::vector<std::uint64_t> hashes(count);
    for (std::uint64_t& hash : hashes) hash = random() % values;
    return hashes;
  };
  const Threshold thresholds[] = {{1, 2}, {2, 3}, {7, 10}, {4, 5}, {1, 1}, {1, 100}};
  SetComparer comparer;
  for (int round = 0; round < 20'000; ++round) {
    const std::uint64_t values = 1 + random() % 30;
    const auto left = draw(values, random() % 40), right = draw(values, random() % 40);
    const Threshold threshold = thresholds[random() % std::size(thresholds)];
    comparer.load(left);
    const Overlap overlap = comparer.compare(right);
    const auto match = comparer.match(right, threshold);
    CHECK_EQ(match.has_value(), threshold.is_met(overlap));
    if (match) CHECK(*match == overlap);
  }
}
