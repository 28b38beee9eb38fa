#include "tunegate/near_duplicates.hpp"

#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "check.hpp"
#include "tunegate/dedup_run.hpp"

namespace {

using tunegate::DedupOptions;
using tunegate::DedupRun;
using tunegate::JoinMode;
using tunegate::PairScope;

using Pairs = std::map<std::pair<std::uint32_t, std::uint32_t>, double>;
using Set = std::set<std::vector<std::string>>;

const std::string kPath = std::filesystem::temp_directory_path() / ("tunegate-near-" + std::to_string(::getpid()));

/// Texts of few words, most of them edits of earlier ones.
std::vector<std::vector<std::string>> make_texts(std::size_t count) {
  std::mt19937 random(3);
  std::vector<std::vector<std::string>> texts;
  for (std::size_t i = 0; i < count; ++i) {
    std::vector<std::string> text(1 + random() % 12);
    for (auto& word : text) word = "w" + std::to_string(random() % 40);
    if (i > 0 && random() % 4 != 0) {
      text = texts[random() % i];
      text[random() % text.size()] = "w" + std::to_string(random() % 40);
    }
    texts.push_back(text);
  }
  return texts;
}

void write(const std::vector<std::vector<std::string>>& texts) {
  std::ofstream file(kPath);
  for (const auto& text : texts) {
    file << R"({"text": ")";
    for (const auto& word : text) file << word << ' ';
    file << "\"}\n";
  }
}

Set pairs_of_words(const std::vector<std::string>& text) {
  if (text.size() < 2) return {text};
  Set set;
  for (std::size_t i = 0; i + 1 < text.size(); ++i) set.insert({text[i], text[i + 1]});
  return set;
}

Pairs all_pairs(const std::vector<std::vector<std::string>>& texts) {
  Pairs pairs;
  for (std::uint32_t a = 0; a < texts.size(); ++a) {
    for (std::uint32_t b = a + 1; b < texts.size(); ++b) {
      const Set left = pairs_of_words(texts[a]), right = pairs_of_words(texts[b]);
      const auto shared = static_cast<std::size_t>(
          std::count_if(left.begin(), left.end(), [&](const auto& shingle) { return right.contains(shingle); }));
      const std::size_t united = left.size() + right.size() - shared;
      if (5 * shared >= 4 * united) pairs[{a, b}] = static_cast<double>(shared) / static_cast<double>(united);
    }
  }
  return pairs;
}

/// What the engine finds, the pairs of copies written out.
Pairs found_pairs(JoinMode mode, std::size_t threads) {
  DedupOptions options;
  options.shingles.size = 2;
  options.recall = 0.999999999;
  options.mode = mode;
  options.threads = threads;
  DedupRun run(options);
  tunegate::ReadOptions source;
  source.path = kPath;
  source.block_bytes = 2000;
  run.open_source(kPath, source);
  while (run.read_more()) {
  }
  run.find(PairScope::kAll);
  std::map<std::uint32_t, std::vector<std::uint32_t>> groups;
  for (std::uint32_t record = 0; record < run.records(); ++record) {
    groups[run.found().copy_of()[record]].push_back(record);
  }
  Pairs pairs;
  for (const auto& [first, members] : groups) {
    for (const std::uint32_t a : members) {
      for (const std::uint32_t b : members) {
        if (a < b) pairs[{a, b}] = 1;
      }
    }
  }
  for (const auto& match : run.found().matches()) {
    for (const std::uint32_t a : groups[match.a]) {
      for (const std::uint32_t b : groups[match.b]) pairs[std::minmax(a, b)] = match.overlap.similarity();
    }
  }
  return pairs;
}

}  // namespace

TEST(all_pairs_are_found_in_both_modes_with_any_number_of_threads) {
  const auto texts = make_texts(400);
  write(texts);
  const Pairs expected = all_pairs(texts);
  CHECK(expected.size() > 50);
  for (const JoinMode mode : {JoinMode::kMinHash, JoinMode::kExact}) {
    for (const std::size_t threads : {1u, 2u, 3u}) CHECK(found_pairs(mode, threads) == expected);
  }
  std::filesystem::remove(kPath);
}
