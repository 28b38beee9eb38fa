#include <cmath>
#include <limits>
#include <stdexcept>

#include "check.hpp"
#include "tunegate/minhash.hpp"

using tunegate::Banding;
using tunegate::choose_banding;
using tunegate::expected_recall;
using tunegate::MinHasher;

namespace {

bool is_near(double a, double b, double tolerance) { return std::abs(a - b) <= tolerance; }

bool is_refused(double threshold, double recall) {
  try {
    choose_banding(threshold, recall);
    return false;
  } catch (const std::invalid_argument&) {
    return true;
  }
}

/// Whether some number of bands of these rows reaches the recall within the lanes.
bool is_reached(std::uint32_t rows, std::uint32_t most_lanes, double threshold, double recall) {
  return expected_recall({most_lanes / rows, rows}, threshold) >= recall;
}

}  // namespace

TEST(expected_recall_is_that_of_hand_and_textbook) {
  CHECK(is_near(expected_recall({1, 1}, 0.5), 0.5, 1e-15));
  CHECK(is_near(expected_recall({2, 1}, 0.5), 0.75, 1e-15));
  CHECK(is_near(expected_recall({1, 2}, 0.5), 0.25, 1e-15));
  CHECK_EQ(expected_recall({3, 4}, 0.0), 0.0);
  CHECK_EQ(expected_recall({3, 4}, 1.0), 1.0);
  // Mining of Massive Datasets, figure 3.8: 20 bands of 5 rows, printed to three places.
  CHECK(is_near(expected_recall({20, 5}, 0.2), 0.006, 5e-4));
  CHECK(is_near(expected_recall({20, 5}, 0.5), 0.470, 5e-4));
  CHECK(is_near(expected_recall({20, 5}, 0.7), 0.975, 5e-4));
  CHECK(is_near(expected_recall({20, 5}, 0.8), 0.9996, 5e-5));
}

TEST(the_usual_threshold_takes_18_bands_of_4_rows) {
  CHECK(choose_banding(0.8, 0.9999) == Banding{18, 4});  // 1 - 0.5904^18 = 0.99992; 17 bands give 0.99987
}

TEST(equal_sets_need_one_band) { CHECK(choose_banding(1.0, 0.9999) == Banding{1, 16}); }

TEST(the_recall_is_reached_by_the_most_rows_that_96_lanes_hold) {
  for (int percent = 30; percent <= 100; ++percent) {
    const double threshold = percent / 100.0;
    for (const double recall : {0.5, 0.9, 0.99, 0.999, 0.9999, 0.999999}) {
      const Banding chosen = choose_banding(threshold, recall);
      CHECK(expected_recall(chosen, threshold) >= recall);
      CHECK(chosen.bands == 1 || expected_recall({chosen.bands - 1, chosen.rows}, threshold) < recall);
      CHECK(chosen.bands * chosen.rows <= (chosen.rows == 2 ? 256u : 96u));
      CHECK(chosen.rows >= 1 && chosen.rows <= 16);
      for (std::uint32_t rows = chosen.rows + 1; rows <= 16; ++rows) {
        CHECK(!is_reached(rows, rows == 2 ? 256 : 96, threshold, recall));
      }
    }
  }
}

TEST(a_low_threshold_has_a_banding_down_to_where_lanes_run_out) {
  const Banding chosen = choose_banding(0.01, 0.9999);
  CHECK(chosen == Banding{917, 1});  // ln 0.0001 / ln 0.99 = 916.4
  CHECK(is_refused(0.001, 0.9999));  // 9,206 bands
  CHECK(is_refused(1e-300, 0.9999));
}

TEST(a_threshold_or_a_recall_out_of_range_is_refused) {
  const double not_a_number = std::numeric_limits<double>::quiet_NaN();
  for (const double threshold : {0.0, -0.1, 1.1, not_a_number}) CHECK(is_refused(threshold, 0.9));
  for (const double recall : {0.0, 1.0, -1.0, 2.0, not_a_number}) CHECK(is_refused(0.8, recall));
}
