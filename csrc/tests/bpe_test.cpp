#include "tunegate/bpe.hpp"

#include <algorithm>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "check.hpp"

using tunegate::BpeData;
using tunegate::BpeMerge;
using tunegate::BpeModel;
using tunegate::BpeScratch;
using tunegate::find_metaspace_cut;

namespace {

using Ids = std::vector<std::uint32_t>;

Ids encoded(const BpeModel& model, std::string_view piece) {
  static BpeScratch scratch;
  Ids ids;
  model.encode(piece, scratch, ids);
  CHECK_EQ(model.count(piece, scratch), ids.size());
  return ids;
}

/// a b c d, then ab, bc, abc, cd; merges in the order given.
BpeData letters(std::vector<BpeMerge> merges) {
  return {{"a", "b", "c", "d", "ab", "bc", "abc", "cd"}, std::move(merges), std::nullopt, false, false, false};
}

/// A vocabulary of 256 byte characters, the byte being the id.
BpeData bytes() {
  BpeData data;
  data.tokens.resize(256);
  std::uint32_t next = 0x100;
  for (std::uint32_t byte = 0; byte < 256; ++byte) {
    const bool is_visible = (byte > 0x20 && byte < 0x7F) || (byte > 0xA0 && byte != 0xAD);
    const std::uint32_t code = is_visible ? byte : next++;
    std::string& token = data.tokens[byte];
    if (code < 0x80) {
      token = {static_cast<char>(code)};
    } else {
      token = {static_cast<char>(0xC0 | code >> 6), static_cast<char>(0x80 | (code & 0x3F))};
    }
  }
  return data;
}

void add_merge(BpeData& data, std::uint32_t left, std::uint32_t right) {
  data.tokens.push_back(data.tokens[left] + data.tokens[right]);
  data.merges.push_back({left, right, static_cast<std::uint32_t>(data.tokens.size() - 1)});
}

/// The definition: as long as there is a pair that merges, merge the leftmost one of the lowest rank.
Ids brute_force(const BpeData& data, Ids ids) {
  while (true) {
    std::size_t best = data.merges.size(), place = 0;
    for (std::size_t i = 0; i + 1 < ids.size(); ++i) {
      for (std::size_t rank = 0; rank < best; ++rank) {
        if (data.merges[rank].left == ids[i] && data.merges[rank].right == ids[i + 1]) best = rank, place = i;
      }
    }
    if (best == data.merges.size()) return ids;
    ids[place] = data.merges[best].result;
    ids.erase(ids.begin() + static_cast<std::ptrdiff_t>(place) + 1);
  }
}

/// Merges of the letters a to c in any order, also such that a later one makes what an earlier one needs.
BpeData random_letters(std::mt19937& random) {
  BpeData data{{"a", "b", "c"}, {}, std::nullopt, false, false, false};
  const std::size_t size = 4 + random() % 40;
  while (data.tokens.size() < size) {
    const std::string token = data.tokens[random() % data.tokens.size()] + data.tokens[random() % data.tokens.size()];
    if (std::find(data.tokens.begin(), data.tokens.end(), token) == data.tokens.end()) data.tokens.push_back(token);
  }
  for (std::uint32_t left = 0; left < size; ++left) {
    for (std::uint32_t right = 0; right < size; ++right) {
      const auto result = std::find(data.tokens.begin(), data.tokens.end(), data.tokens[left] + data.tokens[right]);
      if (result == data.tokens.end() || random() % 4 == 0) continue;
      data.merges.push_back({left, right, static_cast<std::uint32_t>(result - data.tokens.begin())});
    }
  }
  std::shuffle(data.merges.begin(), data.merges.end(), random);
  return data;
}

}  // namespace

TEST(the_pair_of_the_lowest_rank_merges_first) {
  CHECK(encoded(BpeModel(letters({{0, 1, 4}, {1, 2, 5}}), false), "abc") == Ids{4, 2});
  CHECK(encoded(BpeModel(letters({{1, 2, 5}, {0, 1, 4}}), false), "abc") == Ids{0, 5});
  CHECK(encoded(BpeModel(letters({{1, 2, 5}, {0, 5, 6}}), false), "abcabc") == Ids{6, 6});
}

TEST(of_equal_pairs_the_leftmost_merges_first) {
  const BpeData data{{"a", "aa"}, {{0, 0, 1}}, std::nullopt, false, false, false};
  CHECK(encoded(BpeModel(data, false), "aaa") == Ids{1, 0});
  CHECK(encoded(BpeModel(data, false), "aaaaa") == Ids{1, 1, 0});
}

TEST(a_merge_of_lower_rank_that_becomes_possible_goes_before_those_that_waited) {
  // ab is made by rank 1; then abc by rank 0, before the cd of rank 2 takes the c away
  CHECK(encoded(BpeModel(letters({{4, 2, 6}, {0, 1, 4}, {2, 3, 7}}), false), "abcd") == Ids{6, 3});
}

TEST(of_a_merge_that_comes_twice_the_later_rank_counts) {
  CHECK(encoded(BpeModel(letters({{0, 1, 4}, {1, 2, 5}, {0, 1, 4}}), false), "abc") == Ids{0, 5});
}

TEST(an_empty_piece_has_no_tokens) {
  CHECK(encoded(BpeModel(letters({}), false), "").empty());
  CHECK(encoded(BpeModel(bytes(), true), "").empty());
}

TEST(bytes_are_mapped_when_the_model_is_made) {
  BpeData data = bytes();
  add_merge(data, ' ', 0xC3);
  add_merge(data, 256, 0xA9);
  CHECK(encoded(BpeModel(data, true), "a \u00E9\n") == Ids{'a', 257, '\n'});
  CHECK(encoded(BpeModel(data, true), std::string_view("\0\x7F\xAD\xFF", 4)) == Ids{0, 0x7F, 0xAD, 0xFF});
}

TEST(a_byte_that_the_vocabulary_lacks_is_left_out_or_unknown) {
  const BpeData lacking{{"a", "b", "ab", "?"}, {{0, 1, 2}}, std::nullopt, false, false, false};
  CHECK(encoded(BpeModel(lacking, true), "a b") == Ids{2});  // the space is gone before the merges
  BpeData unknown = lacking;
  unknown.unk = 3;
  CHECK(encoded(BpeModel(unknown, true), "a  b") == Ids{0, 3, 3, 1});
  unknown.fuse_unk = true;
  CHECK(encoded(BpeModel(unknown, true), "a  b") == Ids{0, 3, 1});
}

TEST(an_unknown_character_is_one_unknown_token_and_a_run_one_when_fused) {
  BpeData data{{"?", "a", "\u00E9"}, {}, 0, false, false, false};
  CHECK(encoded(BpeModel(data, false), "a\u6F22\u5B57\u00E9z") == Ids{1, 0, 0, 2, 0});
  data.fuse_unk = true;
  CHECK(encoded(BpeModel(data, false), "a\u6F22\u5B57\u00E9z") == Ids{1, 0, 2, 0});
  data.unk.reset();
  CHECK(encoded(BpeModel(data, false), "a\u6F22\u5B57\u00E9z") == Ids{1, 2});
}

TEST(unknown_characters_fall_back_to_bytes_where_all_of_them_are_tokens) {
  BpeData data{{"?", "a", "<0xC3>", "<0xA9>", "<0xAA>"}, {}, 0, true, true, false};
  CHECK(encoded(BpeModel(data, false), "\u00E9") == Ids{2, 3});
  CHECK(encoded(BpeModel(data, false), "\u00EB") == Ids{0});  // C3 AB: one byte of two is not enough
  // An unknown character in front of one that falls back comes behind its bytes, and with the next unknown one.
  CHECK(encoded(BpeModel(data, false), "\u00EB\u00E9\u00EBa") == Ids{2, 3, 0, 1});
  data.byte_fallback = false;
  CHECK(encoded(BpeModel(data, false), "\u00E9") == Ids{0});
}

TEST(a_whole_piece_that_is_a_token_may_ignore_the_merges) {
  BpeData data = letters({{1, 2, 5}});
  CHECK(encoded(BpeModel(data, false), "abc") == Ids{0, 5});
  data.ignore_merges = true;
  CHECK(encoded(BpeModel(data, false), "abc") == Ids{6});
  CHECK(encoded(BpeModel(data, false), "abcd") == Ids{0, 5, 3});
  BpeData spaced = bytes();
  spaced.tokens.push_back("\u0120a");
  spaced.tokens.push_back("\u6F22");  // no character of a byte
  spaced.ignore_merges = true;
  const BpeModel model(spaced, true);
  CHECK(encoded(model, " a") == Ids{256});
  CHECK(encoded(model, "\u6F22") == Ids{0xE6, 0xBC, 0xA2});
}

TEST(short_and_long_pieces_agree_with_brute_force_for_random_vocabularies) {
  std::mt19937 random(3);
  std::size_t differ = 0;
  for (int round = 0; round < 400; ++round) {
    const BpeData data = random_letters(random);
    const BpeModel model(data, false);
    for (const std::size_t size : {1, 2, 3, 8, 20, 63, 64, 65, 66, 100, 200}) {
      std::string piece(size, 'a');
      Ids ids(size);
      const std::uint32_t letters = 1 + static_cast<std::uint32_t>(random() % 3);
      for (std::size_t i = 0; i < size; ++i) {
        ids[i] = static_cast<std::uint32_t>(random() % letters);
        piece[i] = static_cast<char>('a' + static_cast<char>(ids[i]));
      }
      if (encoded(model, piece) != brute_force(data, ids)) ++differ;
    }
  }
  CHECK_EQ(differ, 0u);
}

TEST(a_long_run_of_one_character_becomes_the_longest_tokens) {
  BpeData data = bytes();
  add_merge(data, 'a', 'a');
  for (std::uint32_t id = 256; id < 262; ++id) add_merge(data, id, id);
  const Ids ids = encoded(BpeModel(data, true), std::string(100'000, 'a'));
  CHECK_EQ(ids.size(), 781u + 1u);  // 781 times 128 letters, and 32
  CHECK_EQ(ids.front(), 262u);
  CHECK_EQ(ids.back(), 260u);
}

TEST(scratch_of_a_long_piece_serves_shorter_ones) {
  const BpeModel model(letters({{0, 1, 4}}), false);
  BpeScratch scratch;
  Ids ids;
  for (const std::size_t pairs : {500u, 40u, 1u, 100u}) {
    std::string piece;
    for (std::size_t i = 0; i < pairs; ++i) piece += "ab";
    ids.clear();
    model.encode(piece, scratch, ids);
    CHECK(ids == Ids(pairs, 4));
  }
}

TEST(texts_are_cut_before_each_run_of_the_metaspace) {
  const std::string text = "\u2581\u2581ab\u2581c\u00E9\u2581\u2581";
  std::vector<std::size_t> ends;
  for (std::size_t at = 0; at < text.size(); ends.push_back(at)) at = find_metaspace_cut(text, at);
  CHECK(ends == std::vector<std::size_t>{8, 14, 20});
  CHECK_EQ(find_metaspace_cut("ab", 0), 2u);
  CHECK_EQ(find_metaspace_cut("a\u2580", 0), 4u);
}

TEST(a_vocabulary_splits_before_the_metaspace_unless_a_token_spans_it) {
  const BpeData data{{"?", "\u2581", "\u2581\u2581", "a", "\u2581a"}, {{1, 1, 2}, {1, 3, 4}}, 0, true, false, false};
  CHECK(BpeModel(data, false).splits_before_metaspace());
  CHECK(!BpeModel(data, true).splits_before_metaspace());
  const auto changed = [&data](auto change) {
    BpeData other = data;
    change(other);
    return BpeModel(other, false).splits_before_metaspace();
  };
  CHECK(!changed([](BpeData& other) { other.tokens.push_back("a\u2581"); }));
  CHECK(!changed([](BpeData& other) { other.tokens[1] = "b"; }));  // the metaspace itself is no token
  CHECK(!changed([](BpeData& other) { other.unk.reset(); }));      // characters are left out
  CHECK(!changed([](BpeData& other) { other.unk = 2; }));          // what is unknown looks like the metaspace
  CHECK(!changed([](BpeData& other) { other.ignore_merges = true; }));
}

TEST(a_text_cut_before_the_metaspace_has_the_tokens_of_the_whole) {
  const BpeData data{{"?", "\u2581", "\u2581\u2581", "a", "\u2581a", "aa", "\u2581\u2581a", "<0xE2>", "<0x96>",
                      "<0x81>", "\u2581aa", "a?", "\u2581\u2581\u2581\u2581"},
                     {{2, 2, 12}, {3, 0, 11}, {1, 3, 4}, {3, 3, 5}, {2, 3, 6}, {1, 1, 2}, {4, 3, 10}, {1, 5, 10}},
                     0,
                     true,
                     true,
                     false};
  const BpeModel model(data, false);
  CHECK(model.splits_before_metaspace());
  std::mt19937 random(5);
  static constexpr std::string_view kCharacters[] = {"\u2581", "\u2581", "a", "a", "z", "\u2580", "\u6F22"};
  for (int round = 0; round < 3000; ++round) {
    std::string text;
    for (std::size_t size = random() % 40; size > 0; --size) text += kCharacters[random() % std::size(kCharacters)];
    Ids parts;
    for (std::size_t at = 0; at < text.size();) {
      const std::size_t end = find_metaspace_cut(text, at);
      for (const std::uint32_t id : encoded(model, std::string_view(text).substr(at, end - at))) parts.push_back(id);
      at = end;
    }
    if (parts != encoded(model, text)) return check::fail(__FILE__, __LINE__, "cut: " + text);
  }
}
