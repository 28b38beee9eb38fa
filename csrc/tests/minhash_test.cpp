#include "tunegate/minhash.hpp"

#include <algorithm>
#include <cmath>
#include <random>
#include <set>
#include <stdexcept>

#include "check.hpp"

using tunegate::Banding;
using tunegate::best_simd_level;
using tunegate::expected_recall;
using tunegate::MinHasher;
using tunegate::SimdLevel;

namespace {

using Shingles = std::vector<std::uint64_t>;
using Numbers = std::vector<std::uint32_t>;

std::vector<SimdLevel> levels() {
  std::vector<SimdLevel> all;
  for (int level = 0; level <= static_cast<int>(best_simd_level()); ++level)
    all.push_back(static_cast<SimdLevel>(level));
  return all;
}

Shingles random_shingles(std::uint64_t seed, std::size_t size) {
  std::mt19937_64 random(seed);
  Shingles shingles(size);
  for (auto& shingle : shingles) shingle = random();
  return shingles;
}

/// As published: https://prng.di.unimi.it/splitmix64.c
std::uint64_t splitmix64(std::uint64_t& state) {
  state += 0x9E3779B97F4A7C15;
  std::uint64_t z = state;
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
  return z ^ (z >> 31);
}

/// The definition, lane after lane.
Numbers plain_signature(const Shingles& shingles, std::size_t lanes, std::uint64_t seed) {
  Numbers minima;
  for (std::size_t lane = 0; lane < lanes; ++lane) {
    const std::uint64_t random = splitmix64(seed);
    const auto a = static_cast<std::uint32_t>(random) | 1;
    const auto b = static_cast<std::uint32_t>(random >> 32);
    std::uint32_t least = 0xFFFFFFFF;
    for (const std::uint64_t shingle : shingles) {
      const auto x = static_cast<std::uint32_t>((shingle * 0x9E3779B97F4A7C15) >> 32);
      least = std::min(least, a * x + b);
    }
    minima.push_back(least);
  }
  return minima;
}

Numbers signature(const MinHasher& hasher, const Shingles& shingles) {
  Numbers lanes(hasher.banding().bands * hasher.banding().rows);
  hasher.signature(shingles, lanes);
  return lanes;
}

Numbers band_keys(const MinHasher& hasher, const Shingles& shingles) {
  Numbers keys(hasher.banding().bands);
  hasher.band_keys(shingles, keys);
  return keys;
}

/// Two random sets of `size` shingles, `shared` of them the same ones.
std::pair<Shingles, Shingles> two_sets(std::uint64_t seed, std::size_t size, std::size_t shared) {
  const Shingles all = random_shingles(seed, 2 * size - shared);
  return {{all.begin(), all.begin() + static_cast<std::ptrdiff_t>(size)},
          {all.end() - static_cast<std::ptrdiff_t>(size), all.end()}};
}

bool is_refused(Banding banding) {
  try {
    MinHasher(banding, 1);
    return false;
  } catch (const std::invalid_argument&) {
    return true;
  }
}

}  // namespace

TEST(the_signature_is_that_of_the_definition_on_all_levels_and_sizes) {
  const std::vector<Banding> bandings{{1, 1},  {1, 4},  {5, 1},  {7, 1},  {2, 8}, {17, 1},
                                      {18, 4}, {16, 6}, {97, 1}, {24, 5}, {33, 8}};
  for (const std::size_t size : {0, 1, 2, 15, 16, 17, 63, 64, 65, 99, 255, 256, 257, 1000}) {
    const Shingles shingles = random_shingles(size, size);
    for (const Banding banding : bandings) {
      const Numbers wanted = plain_signature(shingles, banding.bands * banding.rows, 42);
      for (const SimdLevel level : levels()) CHECK(signature(MinHasher(banding, 42, level), shingles) == wanted);
    }
  }
}

TEST(every_number_of_lanes_has_the_signature_of_the_definition) {
  const Shingles shingles = random_shingles(1, 9);
  const Numbers wanted = plain_signature(shingles, 300, 7);
  for (std::uint32_t lanes = 1; lanes <= 300; ++lanes) {
    for (const SimdLevel level : levels()) {
      const Numbers found = signature(MinHasher({lanes, 1}, 7, level), shingles);
      CHECK(std::ranges::equal(found, std::span(wanted).first(lanes)));
    }
  }
}

TEST(lanes_are_written_up_to_the_last_and_not_beyond) {
  Numbers lanes(73, 5), keys(19, 5);
  const MinHasher hasher({18, 4}, 1);
  hasher.signature(random_shingles(1, 20), std::span(lanes).first(72));
  hasher.band_keys(random_shingles(1, 20), std::span(keys).first(18));
  CHECK_EQ(lanes[72], 5u);
  CHECK_EQ(keys[18], 5u);
}

TEST(band_keys_are_the_same_on_all_levels) {
  for (const Banding banding : {Banding{18, 4}, {1, 16}, {26, 1}, {98, 2}, {7, 3}, {33, 8}}) {
    for (const std::size_t size : {0, 1, 99, 300}) {
      const Shingles shingles = random_shingles(size, size);
      const Numbers plain = band_keys(MinHasher(banding, 3, SimdLevel::kScalar), shingles);
      for (const SimdLevel level : levels()) CHECK(band_keys(MinHasher(banding, 3, level), shingles) == plain);
    }
  }
}

TEST(order_and_repeats_change_nothing) {
  const MinHasher hasher({18, 4}, 1);
  const Shingles once = random_shingles(5, 40);
  Shingles twice(once.rbegin(), once.rend());
  twice.insert(twice.end(), once.begin(), once.end());
  CHECK(signature(hasher, once) == signature(hasher, twice));
  CHECK(band_keys(hasher, once) == band_keys(hasher, twice));
}

TEST(the_empty_set_has_all_ones_and_another_key_in_every_band) {
  const MinHasher hasher({18, 4}, 1);
  CHECK(signature(hasher, {}) == Numbers(72, 0xFFFFFFFF));
  const Numbers keys = band_keys(hasher, {});
  CHECK_EQ(std::set(keys.begin(), keys.end()).size(), 18u);
}

TEST(a_band_key_agrees_where_all_rows_of_the_band_do) {
  const MinHasher hasher({12, 3}, 9);
  std::size_t agreeing = 0;
  for (std::uint64_t trial = 0; trial < 300; ++trial) {
    const auto [a, b] = two_sets(trial, 50, 40);
    const Numbers lanes_a = signature(hasher, a), lanes_b = signature(hasher, b);
    const Numbers keys_a = band_keys(hasher, a), keys_b = band_keys(hasher, b);
    for (std::size_t band = 0; band < 12; ++band) {
      bool same = true;
      for (std::size_t row = 0; row < 3; ++row) same &= lanes_a[row * 12 + band] == lanes_b[row * 12 + band];
      CHECK_EQ(keys_a[band] == keys_b[band], same);
      agreeing += same;
    }
  }
  CHECK(agreeing > 500);  // of 3,600, (40 / 60)^3 of them expected
}

TEST(different_sets_seldom_have_the_same_key) {
  const MinHasher hasher({18, 4}, 1);
  std::set<std::uint32_t> keys;
  for (std::uint64_t set = 0; set < 2000; ++set) {
    for (const std::uint32_t key : band_keys(hasher, random_shingles(set, 99))) keys.insert(key);
  }
  CHECK(keys.size() >= 36000 - 3);  // 36,000^2 / 2 / 2^32 = 0.15 collisions expected
}

TEST(bands_agree_as_often_as_the_similarity_says) {
  constexpr int kTrials = 4000;
  struct Case {
    std::size_t size, shared;
    Banding banding;
  };
  // Jaccard 80 / 100, 60 / 90, 50 / 150, 9 / 11, 8 / 12.
  for (const auto& [size, shared, banding] : {Case{90, 80, {2, 4}}, Case{90, 80, {5, 6}}, Case{75, 60, {6, 4}},
                                              Case{100, 50, {20, 3}}, Case{10, 9, {4, 8}}, Case{10, 8, {10, 5}}}) {
    const double similarity = static_cast<double>(shared) / static_cast<double>(2 * size - shared);
    const double expected = expected_recall(banding, similarity);
    const MinHasher hasher(banding, 1234);
    int found = 0;
    for (std::uint64_t trial = 0; trial < kTrials; ++trial) {
      const auto [a, b] = two_sets(trial * 8 + size, size, shared);
      const Numbers keys_a = band_keys(hasher, a), keys_b = band_keys(hasher, b);
      bool is_candidate = false;
      for (std::uint32_t band = 0; band < banding.bands; ++band) is_candidate |= keys_a[band] == keys_b[band];
      found += is_candidate;
    }
    const double error = std::sqrt(expected * (1 - expected) / kTrials);
    CHECK(std::abs(static_cast<double>(found) / kTrials - expected) < 4 * error);  // four standard errors
  }
}

TEST(a_banding_without_lanes_or_with_too_many_is_refused) {
  CHECK(is_refused({0, 4}));
  CHECK(is_refused({4, 0}));
  CHECK(is_refused({4097, 1}));
  CHECK(is_refused({0x80000000, 2}));
  CHECK(!is_refused({4096, 1}));
}
