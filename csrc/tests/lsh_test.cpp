#include "tunegate/lsh.hpp"

#include <algorithm>
#include <map>
#include <random>
#include <set>
#include <stdexcept>

#include "check.hpp"

using tunegate::Candidates;
using tunegate::find_candidates;
using tunegate::KeyStretch;
using tunegate::LshOptions;
using tunegate::RecordPair;

namespace {

using Pairs = std::vector<RecordPair>;
using Records = std::vector<std::uint32_t>;

constexpr std::uint64_t kNoLimit = ~std::uint64_t{0};

/// Keys by band and record, and the same cut into stretches.
struct Keys {
  std::vector<Records> bands;
  std::vector<std::uint8_t> active;
  std::vector<Records> memory;
  std::vector<KeyStretch> stretches;

  explicit Keys(std::vector<Records> by_band) : bands(std::move(by_band)), active(bands.at(0).size(), 1) {
    cut({active.size()});
  }

  /// Stretches of these sizes in turn, with a stride of `spare` more than their records.
  void cut(const std::vector<std::size_t>& sizes, std::size_t spare = 0) {
    memory.clear();
    stretches.clear();
    std::size_t turn = 0;
    for (std::size_t first = 0; first < active.size();) {
      const std::size_t size = std::min(sizes[turn++ % sizes.size()], active.size() - first);
      Records& keys = memory.emplace_back(bands.size() * (size + spare), 7);  // 7 in between must not be read
      for (std::size_t band = 0; band < bands.size(); ++band) {
        std::copy_n(bands[band].begin() + static_cast<std::ptrdiff_t>(first), size,
                    keys.begin() + static_cast<std::ptrdiff_t>(band * (size + spare)));
      }
      stretches.push_back(
          {keys.data(), size + spare, static_cast<std::uint32_t>(first), static_cast<std::uint32_t>(size)});
      first += size;
    }
  }

  Candidates find(std::uint32_t first_new = 0, std::uint64_t most_pairs = kNoLimit, std::size_t threads = 1) const {
    const auto count = static_cast<std::uint32_t>(bands.size());
    return find_candidates(stretches, active, {count, first_new, most_pairs, threads});
  }
};

Keys random_keys(std::uint32_t seed, std::size_t bands, std::size_t records, std::uint32_t key_space) {
  std::mt19937 random(seed);
  std::vector<Records> by_band(bands, Records(records));
  for (Records& keys : by_band) {
    for (std::uint32_t& key : keys) key = random() % key_space * 0x01000193u;
  }
  return Keys(by_band);
}

/// The obvious version: buckets in a map.
std::map<std::uint32_t, Records> buckets_of(const Keys& keys, std::size_t band) {
  std::map<std::uint32_t, Records> buckets;
  for (std::uint32_t record = 0; record < keys.active.size(); ++record) {
    if (keys.active[record] != 0) buckets[keys.bands[band][record]].push_back(record);
  }
  return buckets;
}

struct Expected {
  std::set<RecordPair> pairs;
  std::set<std::uint32_t> crowded;

  void add(const Records& members, std::uint32_t first_new, std::size_t most_members) {
    if (members.size() > most_members) return crowded.insert(members.begin(), members.end()), void();
    for (std::size_t i = 0; i < members.size(); ++i) {
      for (std::size_t j = i + 1; j < members.size(); ++j) {
        if (members[j] >= first_new) pairs.insert({members[i], members[j]});
      }
    }
  }
  bool is(const Candidates& found) const {
    return found.pairs == Pairs(pairs.begin(), pairs.end()) && found.crowded == Records(crowded.begin(), crowded.end());
  }
};

/// All pairs of buckets of up to `most_members`, the members of others as crowded.
Expected expected(const Keys& keys, std::uint32_t first_new = 0, std::size_t most_members = ~std::size_t{0}) {
  Expected all;
  for (std::size_t band = 0; band < keys.bands.size(); ++band) {
    for (const auto& [key, members] : buckets_of(keys, band)) all.add(members, first_new, most_members);
  }
  return all;
}

std::map<std::size_t, std::uint64_t> sizes_of(const Keys& keys, std::size_t band) {
  std::map<std::size_t, std::uint64_t> sizes;
  for (const auto& [key, members] : buckets_of(keys, band)) {
    if (members.size() > 1) ++sizes[members.size()];
  }
  return sizes;
}

}  // namespace

TEST(records_that_share_a_key_in_some_band_are_a_pair_once) {
  const Keys keys({{5, 6, 5, 7, 6}, {1, 2, 3, 4, 2}, {9, 8, 9, 0, 9}});
  CHECK(keys.find().pairs == Pairs{{0, 2}, {0, 4}, {1, 4}, {2, 4}});
  CHECK(keys.find().crowded.empty());
}

TEST(the_same_key_in_two_bands_is_no_pair) {
  CHECK(Keys({{1, 2}, {2, 1}}).find().pairs.empty());
  CHECK(Keys({{0xFFFFFFFF, 0}, {0, 0xFFFFFFFF}}).find().pairs.empty());
}

TEST(no_records_no_bands_and_one_record_have_no_candidates) {
  CHECK(find_candidates({}, {}, {18, 0, kNoLimit, 2}).pairs.empty());
  CHECK(Keys(std::vector<Records>{Records{1}}).find().pairs.empty());
  const Keys keys({{1, 1}});
  CHECK(find_candidates(keys.stretches, keys.active, {0, 0, kNoLimit, 2}).pairs.empty());
}

TEST(inactive_records_take_no_part) {
  Keys keys({{5, 5, 5, 5}, {1, 1, 2, 2}});
  keys.active = {1, 0, 1, 0};
  CHECK(keys.find().pairs == Pairs{{0, 2}});
}

TEST(pairs_of_two_old_records_are_left_out) {
  const Keys keys({{5, 5, 5, 5}});
  CHECK(keys.find(2).pairs == Pairs{{0, 2}, {0, 3}, {1, 2}, {1, 3}, {2, 3}});
  CHECK(keys.find(3).pairs == Pairs{{0, 3}, {1, 3}, {2, 3}});
  CHECK(keys.find(4).pairs.empty());
}

TEST(too_full_buckets_are_crowded_and_all_of_their_size_with_them) {
  // Band 0: a bucket of 3 and one of 2. Band 1: one of 3 and one of 2. Pairs: 3 + 1 + 3 + 1 = 8.
  const Keys keys({{1, 1, 1, 2, 2, 3}, {1, 2, 3, 4, 4, 4}, {1, 1, 2, 3, 4, 5}});
  const Pairs all{{0, 1}, {0, 2}, {1, 2}, {3, 4}, {3, 5}, {4, 5}};
  for (const std::size_t threads : {1, 2, 3}) {
    CHECK(keys.find(0, 8, threads).pairs == all);  // 3 + 1, 3 and 1
    CHECK(keys.find(0, 8, threads).crowded.empty());
    CHECK(keys.find(0, 7, threads).pairs == Pairs{{0, 1}, {3, 4}});  // one bucket of 3 would fit, not both
    CHECK(keys.find(0, 7, threads).crowded == Records{0, 1, 2, 3, 4, 5});
    CHECK(keys.find(0, 2, threads).pairs == Pairs{{0, 1}, {3, 4}});
    CHECK(keys.find(0, 1, threads).pairs.empty());
    CHECK(keys.find(0, 0, threads).crowded == Records{0, 1, 2, 3, 4, 5});
  }
}

TEST(records_of_small_buckets_only_are_not_crowded) {
  const Keys keys({{1, 1, 1, 1, 2, 2, 3, 4}});
  CHECK(keys.find(0, 6).pairs == Pairs{{4, 5}});
  CHECK(keys.find(0, 6).crowded == Records{0, 1, 2, 3});
}

TEST(a_stretch_beyond_the_records_is_an_error) {
  const Keys keys({{1, 1, 1}});
  const std::vector<std::uint8_t> active(2, 1);
  bool thrown = false;
  try {
    find_candidates(keys.stretches, active, {1, 0, kNoLimit, 1});
  } catch (const std::invalid_argument&) {
    thrown = true;
  }
  CHECK(thrown);
}

TEST(candidates_are_those_of_maps_whatever_stretches_threads_and_old_records) {
  Keys keys = random_keys(1, 6, 3001, 2000);
  for (std::size_t record = 0; record < keys.active.size(); record += 7) keys.active[record] = 0;
  for (const std::uint32_t first_new : {0, 1, 1500, 2999, 3001}) {
    const Expected wanted = expected(keys, first_new);
    for (const std::vector<std::size_t>& sizes : {std::vector<std::size_t>{4000}, {1, 2, 3, 500}, {63, 64, 65}}) {
      keys.cut(sizes, sizes.size() - 1);
      for (const std::size_t threads : {1, 2, 3, 8}) CHECK(wanted.is(keys.find(first_new, kNoLimit, threads)));
    }
    std::ranges::reverse(keys.stretches);
    CHECK(wanted.is(keys.find(first_new)));
  }
}

TEST(candidates_under_a_limit_are_those_of_maps) {
  for (const std::uint32_t key_space : {3, 40, 300, 2000}) {
    const Keys keys = random_keys(key_space, 4, 300, key_space);
    std::map<std::size_t, std::uint64_t> sizes;
    for (std::size_t band = 0; band < keys.bands.size(); ++band) {
      for (const auto& [members, buckets] : sizes_of(keys, band)) sizes[members] += buckets;
    }
    std::uint64_t within = 0;
    std::size_t last = 1;
    for (const auto& [members, buckets] : sizes) {
      const std::uint64_t next = within + buckets * members * (members - 1) / 2;
      for (const std::size_t threads : {1, 3}) {
        CHECK(expected(keys, 150, last).is(keys.find(150, within, threads)));
        CHECK(expected(keys, 150, last).is(keys.find(150, next - 1, threads)));
        CHECK(expected(keys, 150, members).is(keys.find(150, next, threads)));
      }
      within = next;
      last = members;
    }
  }
}

TEST(keys_that_differ_in_their_upper_or_lower_bits_only_are_told_apart) {
  for (const std::uint32_t step : {1u, 1u << 12, 1u << 20, 1u << 24}) {
    std::vector<Records> bands(1, Records(1000));
    for (std::uint32_t i = 0; i < 1000; ++i) bands[0][i] = i % 250 * step;
    const Keys keys(bands);
    CHECK(expected(keys).is(keys.find()));
  }
}

TEST(more_records_than_are_gathered_at_once_give_those_of_maps) {
  Keys keys = random_keys(3, 2, 30000, 200000);
  CHECK(expected(keys).is(keys.find(0, kNoLimit, 2)));
}
