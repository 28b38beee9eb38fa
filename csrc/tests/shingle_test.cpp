#include "tunegate/shingle.hpp"

#include <algorithm>
#include <map>
#include <memory>
#include <random>
#include <stdexcept>
#include <string>
#include <vector>

#include "../src/word_characters.hpp"
#include "check.hpp"
#include "tunegate/unicode.hpp"

using namespace tunegate;

namespace {

using Words = std::vector<std::u32string>;
using Pieces = std::vector<std::string>;

std::vector<SimdLevel> levels() {
  std::vector<SimdLevel> all;
  for (const SimdLevel level : {SimdLevel::kScalar, SimdLevel::kV2, SimdLevel::kV3, SimdLevel::kV4}) {
    if (level <= best_simd_level()) all.push_back(level);
  }
  return all;
}

/// The obvious version: the text in lower case one code point after the other, then cut where `\w` ends.
Words reference_words(const Pieces& pieces) {
  const WordCharacters& table = WordCharacters::table();  // tests/test_shingles.py holds it against Python
  std::u32string lower;
  for (const std::string& piece : pieces) {
    for (std::size_t at = 0; at < piece.size(); at += decode(piece, at).bytes) {
      const char32_t character = decode(piece, at).value;
      lower += character == kCapitalSigma ? table.lower_sigma(piece, at) : table.lower(character);
      if (character == kDottedCapitalI) lower += U'\u0307';
    }
    lower += U'\n';
  }
  Words words;
  std::u32string word;
  for (const char32_t character : lower) {
    if (table.is_word(character)) {
      word += character;
    } else if (!word.empty()) {
      words.push_back(std::exchange(word, {}));
    }
  }
  return words;
}

std::vector<Words> reference_shingles(const Pieces& pieces, ShingleOptions options) {
  Words units = reference_words(pieces);
  if (options.unit == ShingleUnit::kCharacters) {
    std::u32string joined;
    for (const std::u32string& word : units) joined += word;
    units.clear();
    for (const char32_t character : joined) units.emplace_back(1, character);
  }
  std::vector<Words> shingles;
  const std::size_t size = std::min(options.size, units.size());
  for (std::size_t i = 0; size > 0 && i + size <= units.size(); ++i) {
    const auto begin = units.begin() + static_cast<std::ptrdiff_t>(i);
    shingles.emplace_back(begin, begin + static_cast<std::ptrdiff_t>(size));
  }
  return shingles;
}

std::vector<std::uint64_t> shingles_of(Shingler& shingler, const Pieces& pieces) {
  shingler.clear();
  for (const std::string& piece : pieces) {
    // A copy of just that size, so that the sanitizer sees a read outside.
    const auto bytes = std::make_unique<char[]>(piece.size());
    std::copy(piece.begin(), piece.end(), bytes.get());
    shingler.add({bytes.get(), piece.size()});
  }
  const auto hashes = shingler.shingles();
  return {hashes.begin(), hashes.end()};
}

std::vector<std::uint64_t> shingles_of(const Pieces& pieces, ShingleOptions options = {}) {
  Shingler shingler(options);
  return shingles_of(shingler, pieces);
}

/// Checks over many texts that hashes and the shingles of the obvious version stand for one another, on all levels.
class Bijection {
 public:
  explicit Bijection(ShingleOptions options) : options_(options) {
    for (const SimdLevel level : levels()) shinglers_.emplace_back(options, level);
  }

  void check(const Pieces& pieces) {
    const std::vector<Words> expected = reference_shingles(pieces, options_);
    const std::vector<std::uint64_t> hashes = shingles_of(shinglers_[0], pieces);
    CHECK_EQ(hashes.size(), expected.size());
    for (std::size_t i = 0; i < std::min(hashes.size(), expected.size()); ++i) {
      CHECK(hash_of_.try_emplace(expected[i], hashes[i]).first->second == hashes[i]);
      CHECK(shingle_of_.try_emplace(hashes[i], expected[i]).first->second == expected[i]);
    }
    const std::uint64_t text_hash = shinglers_[0].text_hash();
    CHECK((text_hash == 0) == expected.empty());
    for (Shingler& shingler : shinglers_) {
      CHECK(shingles_of(shingler, pieces) == hashes);
      CHECK(shingler.text_hash() == text_hash);
    }
  }

 private:
  ShingleOptions options_;
  std::vector<Shingler> shinglers_;
  std::map<Words, std::uint64_t> hash_of_;
  std::map<std::uint64_t, Words> shingle_of_;
};

const Pieces kAlphabet{"a",
                       "b",
                       "Z",
                       "q",
                       "0",
                       "9",
                       "_",
                       "k",
                       " ",
                       " ",
                       ".",
                       "'",
                       "\n",
                       "@",
                       "[",
                       "`",
                       "{",
                       "/",
                       ":",
                       "é",
                       "É",
                       "ß",
                       "ǅ",
                       "Σ",
                       "σ",
                       "ς",
                       "Ο",
                       "ά",
                       "Ж",
                       "я",
                       "中",
                       "文",
                       "、",
                       "क",
                       "्",
                       "ष",
                       "ि",
                       "İ",
                       "ı",
                       "K",
                       "Ⱥ",
                       "²",
                       "Ⅷ",
                       "ʰ",
                       "\u0301",
                       "\u00AD",
                       "😀",
                       "𝐀",
                       "𐐀",
                       "𠀀",
                       "\x80",
                       "\xC3",
                       "\xE2\x82",
                       "\xFF",
                       "\xED\xA0\x80",
                       std::string(1, '\0')};

std::string random_text(std::mt19937& random, std::size_t characters, std::size_t alphabet) {
  std::string text;
  for (std::size_t i = 0; i < characters; ++i) text += kAlphabet[random() % alphabet];
  return text;
}

Pieces cut_at_random(std::mt19937& random, const std::string& text) {
  Pieces pieces;
  std::size_t at = 0;
  for (std::size_t end; at < text.size(); at = end) {
    end = std::min(text.size(), at + random() % 100);  // in the middle of characters, and empty ones too
    pieces.push_back(text.substr(at, end - at));
  }
  return pieces;
}

}  // namespace

TEST(hashes_are_the_same_on_every_machine) {
  // By tests/test_shingles.py, which has the formulas in Python.
  CHECK(shingles_of({"Hello, hello WORLD"}, {ShingleUnit::kWords, 2}) ==
        (std::vector<std::uint64_t>{0xDAEBB265CD2525C0, 0xBE2B9CE8CE8309A5}));
  CHECK(shingles_of({"one two three four five six", "antidisestablishmentarianism"}) ==
        (std::vector<std::uint64_t>{0xAAE8D11A2EEF1848, 0x40F1B7B61BEA66E8, 0xD77E6DEC8D9B951D}));
  CHECK(shingles_of({"日本語"}, {ShingleUnit::kCharacters, 2}) ==
        (std::vector<std::uint64_t>{0xEE2E990B0E9FC8AD, 0xA209B73BCE4C07CE}));
  Shingler shingler({});
  shingler.add("one two three");
  CHECK_EQ(shingler.text_hash(), 0x612D9519567071C9u);
}

TEST(texts_of_any_size_agree_with_the_obvious_version) {
  std::mt19937 random(5);
  for (const ShingleOptions options : {ShingleOptions{ShingleUnit::kWords, 5}, {ShingleUnit::kCharacters, 3}}) {
    Bijection bijection(options);
    for (std::size_t size = 0; size <= 200; ++size) {
      bijection.check({random_text(random, size, 19)});
      bijection.check({std::string(size, 'w') + " x"});
      bijection.check({std::string(size, 'x') + "é", std::string(size, 'Y')});
    }
  }
}

TEST(texts_of_any_script_agree_with_the_obvious_version) {
  std::mt19937 random(6);
  for (const std::size_t size : {1u, 2u, 3u, 5u, 8u, 13u}) {
    Bijection words({ShingleUnit::kWords, size});
    Bijection characters({ShingleUnit::kCharacters, size});
    for (int i = 0; i < 40; ++i) {
      const std::string text = random_text(random, random() % 400, i % 2 == 0 ? kAlphabet.size() : 24);
      words.check(cut_at_random(random, text));
      characters.check(cut_at_random(random, text));
    }
  }
}

TEST(random_bytes_agree_with_the_obvious_version) {
  std::mt19937 random(7);
  Bijection bijection({ShingleUnit::kWords, 2});
  for (int i = 0; i < 100; ++i) {
    std::string text(random() % 300, ' ');
    for (char& byte : text) byte = static_cast<char>(random());
    bijection.check({text});
  }
}

TEST(words_longer_than_what_is_looked_at_at_a_time_are_one_word) {
  Bijection bijection({ShingleUnit::kWords, 1});
  for (const std::size_t size : {2046u, 2047u, 2048u, 2049u, 4095u, 4096u, 5000u}) {
    bijection.check({std::string(size, 'x')});
    bijection.check({std::string(size, 'x') + " y " + std::string(size, 'z') + "é"});
    bijection.check({std::string(size, ' ') + "y"});
  }
}

TEST(shingles_are_those_of_words_in_lower_case_whatever_stands_between) {
  CHECK(shingles_of({"The quick, brown fox -- jumps!"}) == shingles_of({"the QUICK\tbrown", "fox...jumps"}));
  CHECK(shingles_of({"ab", "cd"}) != shingles_of({"abcd"}));
  CHECK(shingles_of({"a\xFF"
                     "b"}) == shingles_of({"a b"}));
  CHECK(shingles_of({"ΟΔΟΣ"}) == shingles_of({"οδος"}));
  CHECK(shingles_of({"ΟΔΟΣ'Α"}) == shingles_of({"οδοσ α"}));
  CHECK(shingles_of({"İzmir"}) == shingles_of({"i zmir"}));
}

TEST(a_text_shorter_than_a_shingle_is_one_and_a_text_without_words_has_none) {
  CHECK_EQ(shingles_of({"one two"}).size(), 1u);
  CHECK_EQ(shingles_of({"1 2 3 4 5"}).size(), 1u);
  CHECK_EQ(shingles_of({"1 2 3 4 5 6"}).size(), 2u);
  CHECK_EQ(shingles_of({"日本"}, {ShingleUnit::kCharacters, 3}).size(), 1u);
  CHECK(shingles_of({}).empty());
  CHECK(shingles_of({"", " ... \n", "\xFF"}).empty());
}

TEST(text_hashes_are_those_of_the_words_in_order) {
  const auto text_hash = [](const Pieces& pieces) {
    Shingler shingler({});
    for (const std::string& piece : pieces) shingler.add(piece);
    return shingler.text_hash();
  };
  CHECK_EQ(text_hash({"One, two", "three"}), text_hash({"one two three"}));
  CHECK(text_hash({"one two three"}) != text_hash({"one three two"}));
  CHECK(text_hash({"a a"}) != text_hash({"a a a"}));
  CHECK_EQ(text_hash({"..."}), 0u);
}

TEST(asking_for_the_text_hash_leaves_the_shingles_as_they_are) {
  Shingler shingler({ShingleUnit::kWords, 2});
  shingler.add("a b c");
  const auto before = shingler.shingles();
  const std::vector<std::uint64_t> copy(before.begin(), before.end());
  CHECK(shingler.text_hash() != 0);
  CHECK(std::equal(copy.begin(), copy.end(), before.begin(), before.end()));
  CHECK(shingles_of(shingler, {"a b c"}) == copy);
}

TEST(a_shingle_of_no_words_is_refused) {
  bool refused = false;
  try {
    Shingler({ShingleUnit::kWords, 0});
  } catch (const std::invalid_argument&) {
    refused = true;
  }
  CHECK(refused);
}
