#include "tunegate/crowd_watch.hpp"

#include <cstdint>
#include <random>
#include <vector>

#include "check.hpp"

namespace {

using tunegate::CrowdWatch;
using Row = std::vector<std::uint32_t>;

Row random_row(std::mt19937& random) {
  Row row(18);
  for (auto& key : row) key = static_cast<std::uint32_t>(random());
  return row;
}

TEST(records_with_keys_of_their_own_are_no_crowd) {
  CrowdWatch watch;
  std::mt19937 random(1);
  int crowded = 0;
  for (int i = 0; i < 5000; ++i) crowded += watch.is_crowded(random_row(random));
  CHECK_EQ(crowded, 0);
}

TEST(near_copies_of_a_few_records_are_no_crowd) {
  CrowdWatch watch;
  std::mt19937 random(2);
  int crowded = 0;
  for (int i = 0; i < 1000; ++i) {
    const Row row = random_row(random);
    for (int copy = 0; copy < 3; ++copy) crowded += watch.is_crowded(row);
  }
  CHECK_EQ(crowded, 0);
}

TEST(records_of_which_a_third_has_a_key_in_common_are_a_crowd_once_that_is_known) {
  CrowdWatch watch;
  std::mt19937 random(3);
  int crowded = 0, others = 0;
  for (int i = 0; i < 3000; ++i) {
    Row row = random_row(random);
    const bool is_of_crowd = random() % 3 == 0;
    if (is_of_crowd) row[5] = 77;
    const bool is_known = watch.is_crowded(row);
    if (i >= 300) (is_of_crowd ? crowded : others) += is_known == is_of_crowd ? 0 : 1;
  }
  CHECK_EQ(crowded, 0);  // missed
  CHECK_EQ(others, 0);   // taken for one
}

TEST(a_watch_takes_records_without_keys) {
  CrowdWatch watch;
  for (int i = 0; i < 100; ++i) CHECK(!watch.is_crowded({}));
}

}  // namespace
