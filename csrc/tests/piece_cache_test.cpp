#include "piece_cache.hpp"

#include <cstdint>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "check.hpp"

namespace {

using tunegate::PieceCache;

PieceCache::Key key(const std::string& piece) { return PieceCache::key(piece, piece.data() + piece.size()); }

TEST(a_piece_is_found_with_its_count_and_no_other_one_is_taken_for_it) {
  PieceCache cache;
  std::map<std::string, std::uint32_t> known;
  std::mt19937 random(1);
  for (int i = 0; i < 20'000; ++i) {
    std::string piece(1 + random() % PieceCache::kMostBytes, 'a');
    for (char& byte : piece) byte = static_cast<char>(random() % (i % 2 == 0 ? 3 : 256));
    const auto it = known.emplace(piece, 1 + random() % piece.size()).first;
    const std::size_t row = cache.row(key(piece));
    if (const auto found = cache.find(row, key(piece))) CHECK_EQ(*found, it->second);
    cache.put(row, key(piece), it->second);
    CHECK(cache.find(row, key(piece)) == it->second);
  }
}

TEST(pieces_that_differ_in_zero_bytes_at_their_end_differ) {
  PieceCache cache;
  const std::string one(1, '\0'), two(2, '\0');
  cache.put(cache.row(key(one)), key(one), 1);
  CHECK(!cache.find(cache.row(key(two)), key(two)));
  CHECK_EQ(PieceCache::size(key(two)), 2u);
}

TEST(a_key_does_not_depend_on_what_stands_behind_the_piece) {
  const std::string text = "abcdefghijklmnopqrstuvwxyz";
  for (std::size_t size = 1; size <= PieceCache::kMostBytes; ++size) {
    const std::string alone = text.substr(0, size);
    const auto within = PieceCache::key(std::string_view(text).substr(0, size), text.data() + text.size());
    CHECK(within.low == key(alone).low && within.high == key(alone).high);
    CHECK_EQ(PieceCache::size(within), size);
  }
}

TEST(four_pieces_of_a_row_are_kept_and_those_asked_for_stay) {
  PieceCache cache;
  std::vector<std::string> same_row;
  const std::size_t row = cache.row(key("a"));
  for (int i = 0; same_row.size() < 6; ++i) {
    if (const std::string piece = std::to_string(i); cache.row(key(piece)) == row) same_row.push_back(piece);
  }
  const auto is_known = [&](const std::string& piece) { return cache.find(row, key(piece)).has_value(); };
  cache.put(row, key(same_row[0]), 1);
  for (int i = 0; i < 3; ++i) CHECK(is_known(same_row[0]));  // moves to the front
  for (std::size_t i = 1; i < 6; ++i) {
    cache.put(row, key(same_row[i]), 1);
    CHECK(is_known(same_row[0]));
  }
}

}  // namespace
