#include "tunegate/clusters.hpp"

#include <algorithm>
#include <numeric>
#include <random>

#include "check.hpp"
#include "memory_sets.hpp"

using tunegate::connected_components;
using tunegate::is_less;
using tunegate::Match;
using tunegate::Membership;
using tunegate::Overlap;
using tunegate::PrefixJoin;
using tunegate::star_clusters;
using tunegate::Threshold;

namespace {

using Numbers = std::vector<std::uint32_t>;

constexpr Threshold kThreshold{7, 10};

bool same(const std::vector<Membership>& left, const std::vector<Membership>& right) {
  return std::ranges::equal(left, right, [](const Membership& a, const Membership& b) {
    return a.keeper == b.keeper && a.overlap == b.overlap;
  });
}

Numbers numbers_below(std::uint32_t count) {
  Numbers numbers(count);
  std::iota(numbers.begin(), numbers.end(), 0U);
  return numbers;
}

std::vector<Match> all_matches(const MemorySets& sets) {
  std::vector<Match> matches;
  for (std::uint32_t a = 0; a < sets.size(); ++a) {
    for (std::uint32_t b = a + 1; b < sets.size(); ++b) {
      const Overlap overlap = true_overlap(sets[a], sets[b]);
      if (kThreshold.is_met(overlap)) matches.push_back({a, b, overlap});
    }
  }
  return matches;
}

/// Every record against all keepers so far.
std::vector<Membership> greedy_stars(const MemorySets& sets, const Numbers& order) {
  std::vector<Membership> members(sets.size());
  Numbers keepers;
  for (const std::uint32_t record : order) {
    Membership best{record, {}};
    for (const std::uint32_t keeper : keepers) {
      const Overlap overlap = true_overlap(sets[keeper], sets[record]);
      if (!kThreshold.is_met(overlap)) continue;
      if (best.keeper == record || is_less(best.overlap, overlap)) best = {keeper, overlap};
    }
    if (best.keeper == record) keepers.push_back(record);
    members[record] = best;
  }
  return members;
}

Numbers components_by_search(std::uint32_t records, const std::vector<Match>& matches) {
  std::vector<Numbers> neighbours(records);
  for (const Match& match : matches) {
    neighbours[match.a].push_back(match.b);
    neighbours[match.b].push_back(match.a);
  }
  Numbers labels(records, records);
  for (std::uint32_t first = 0; first < records; ++first) {
    if (labels[first] != records) continue;
    labels[first] = first;
    Numbers queue{first};
    for (std::size_t i = 0; i < queue.size(); ++i) {
      for (const std::uint32_t next : neighbours[queue[i]]) {
        if (labels[next] != records) continue;
        labels[next] = first;
        queue.push_back(next);
      }
    }
  }
  return labels;
}

}  // namespace

TEST(a_member_of_a_chain_does_not_draw_in_what_its_keeper_does_not_match) {
  const std::vector<Match> chain{{0, 1, {4, 5}}, {1, 2, {4, 5}}, {2, 3, {4, 5}}};
  CHECK(same(star_clusters(Numbers{0, 1, 2, 3}, chain), {{0, {}}, {0, {4, 5}}, {2, {}}, {2, {4, 5}}}));
  CHECK(same(star_clusters(Numbers{1, 0, 2, 3}, chain), {{1, {4, 5}}, {1, {}}, {1, {4, 5}}, {3, {}}}));
  CHECK(connected_components(4, chain) == Numbers(4, 0));
}

TEST(the_most_similar_keeper_wins_then_the_earliest) {
  const std::vector<Match> matches{{0, 2, {4, 5}}, {1, 2, {8, 10}}, {0, 3, {4, 5}}, {1, 3, {9, 11}}};
  CHECK(same(star_clusters(Numbers{0, 1, 2, 3}, matches), {{0, {}}, {1, {}}, {0, {4, 5}}, {1, {9, 11}}}));
  CHECK(same(star_clusters(Numbers{1, 0, 3, 2}, matches), {{0, {}}, {1, {}}, {1, {8, 10}}, {1, {9, 11}}}));
}

TEST(without_matches_every_record_keeps_itself) {
  CHECK(same(star_clusters(Numbers{1, 0}, {}), {{0, {}}, {1, {}}}));
  CHECK(star_clusters({}, {}).empty());
  CHECK(connected_components(3, {}) == Numbers({0, 1, 2}));
  CHECK(connected_components(0, {}).empty());
}

TEST(stars_are_those_of_a_greedy_walk_in_any_order) {
  std::mt19937 random(4);
  const MemorySets sets(random_sets(41, 220, 16, 12));
  std::vector<Match> matches = all_matches(sets);
  Numbers order = numbers_below(sets.size());
  for (int i = 0; i < 6; ++i) {
    const auto expected = greedy_stars(sets, order);
    CHECK(same(star_clusters(order, matches), expected));
    std::shuffle(matches.begin(), matches.end(), random);
    CHECK(same(star_clusters(order, matches), expected));
    std::shuffle(order.begin(), order.end(), random);
  }
}

TEST(a_join_over_crowded_records_stands_for_the_matches_among_them) {
  std::mt19937 random(5);
  const MemorySets sets(random_sets(42, 220, 16, 12));
  const std::vector<Match> matches = all_matches(sets);
  Numbers order = numbers_below(sets.size());
  for (const unsigned share : {0U, 30U, 50U, 100U}) {
    std::vector<std::uint8_t> is_crowded(sets.size());
    Numbers crowded;
    for (std::uint32_t record = 0; record < sets.size(); ++record) {
      is_crowded[record] = random() % 100 < share ? 1 : 0;
      if (is_crowded[record] != 0) crowded.push_back(record);
    }
    auto others = matches;
    std::erase_if(others, [&](const Match& match) { return is_crowded[match.a] != 0 && is_crowded[match.b] != 0; });
    CHECK(share == 0 || others.size() < matches.size());
    PrefixJoin join(crowded, sets, kThreshold, 2);
    std::shuffle(order.begin(), order.end(), random);
    CHECK(same(star_clusters(order, others, {&join, is_crowded, 0, {}}), greedy_stars(sets, order)));
  }
}

TEST(components_are_those_of_a_search) {
  std::mt19937 random(6);
  for (const std::size_t edges : {20U, 100U, 180U, 600U}) {
    std::vector<Match> matches;
    for (std::size_t i = 0; i < edges; ++i) {
      const std::uint32_t a = random() % 200, b = random() % 200;
      if (a != b) matches.push_back({std::min(a, b), std::max(a, b), {4, 5}});
    }
    CHECK(connected_components(200, matches) == components_by_search(200, matches));
  }
}
