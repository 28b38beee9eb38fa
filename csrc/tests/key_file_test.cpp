#include "tunegate/key_file.hpp"

#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "check.hpp"
#include "tunegate/byte_source.hpp"

namespace {

using tunegate::HeapKeys;
using tunegate::KeyFileError;
using tunegate::KeySettings;
using tunegate::MappedKeys;

const KeySettings kSettings{tunegate::TextField::kPair, {tunegate::ShingleUnit::kWords, 2}, {3, 2}, 7};

struct TemporaryFile {
  std::string path = std::filesystem::temp_directory_path() / ("tunegate-keys-" + std::to_string(::getpid()));
  ~TemporaryFile() { std::filesystem::remove(path); }
};

/// Sets of one and two shingles, so that their places in the file differ.
class Sets final : public tunegate::ShingleSource {
 public:
  class OneReader final : public Reader {
   public:
    std::span<const std::uint64_t> shingles(std::uint32_t record) override {
      set_ = record == 0 ? std::vector<std::uint64_t>{9, 4, 9} : std::vector<std::uint64_t>{};
      return set_;
    }

   private:
    std::vector<std::uint64_t> set_;
  };
  std::unique_ptr<Reader> reader() const override { return std::make_unique<OneReader>(); }
};

/// The keys of two records, the second unreadable.
HeapKeys two_records() {
  const tunegate::MinHasher hasher(kSettings.banding, kSettings.seed);
  tunegate::KeySink sink(kSettings, &hasher, 100);
  tunegate::RecordParser parser{tunegate::FieldNames{}};
  const std::string record = R"({"text": "a b c"})";
  CHECK(!sink.add({0, 1, 0, static_cast<std::int64_t>(record.size())}, record, parser));
  sink.add_unreadable({1, 2, 20, 4}, "", "no reason");
  HeapKeys keys;
  keys.append(sink);
  return keys;
}

void write(const std::string& path) {
  const HeapKeys keys = two_records();
  const Sets sets;
  const std::vector<std::uint8_t> kept{1, 0};
  tunegate::write_key_file(path, {kSettings, {4, 5}, {{"a.jsonl", 24, 2, 2}}, {{&keys, 0, 0, 0}}, kept, &sets});
}

std::string content(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

void replace(const std::string& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
}

/// What opening the file says; empty when it opens.
std::string fault(const std::string& path, const KeySettings& settings = kSettings) {
  try {
    const MappedKeys keys(path, settings);
    return "";
  } catch (const KeyFileError& error) {
    return error.what();
  }
}

}  // namespace

TEST(a_key_file_gives_back_what_was_written) {
  const TemporaryFile file;
  write(file.path);
  const MappedKeys keys(file.path, kSettings);
  const HeapKeys expected = two_records();
  CHECK(std::equal(keys.records().begin(), keys.records().end(), expected.records().begin(), expected.records().end()));
  CHECK(std::equal(keys.bits().begin(), keys.bits().end(), expected.bits().begin(), expected.bits().end()));
  CHECK_EQ(keys.unreadable().size(), 1u);
  CHECK_EQ(keys.unreadable()[0], 1u);
  for (std::size_t band = 0; band < 3; ++band) {
    const auto &found = keys.stretches()[0], &wanted = expected.stretches()[0];
    CHECK_EQ(found.keys[band * found.stride], wanted.keys[band * wanted.stride]);
  }
  CHECK_EQ(keys.sources().size(), 1u);
  CHECK_EQ(keys.sources()[0].name, "a.jsonl");
  CHECK_EQ(keys.sources()[0].lines, 2u);
  CHECK_EQ(keys.kept()[0], 1u);
  CHECK_EQ(keys.kept()[1], 0u);
  CHECK_EQ(keys.threshold().numerator, 4u);
  CHECK(std::vector<std::uint64_t>(keys.sets().begin(), keys.sets().end()) == (std::vector<std::uint64_t>{4, 9}));
  CHECK(std::vector<std::uint64_t>(keys.set_ends().begin(), keys.set_ends().end()) ==
        (std::vector<std::uint64_t>{2, 2}));
}

TEST(the_same_keys_give_the_same_bytes) {
  const TemporaryFile file;
  write(file.path);
  const std::string first = content(file.path);
  write(file.path);
  CHECK(content(file.path) == first);
}

TEST(a_change_of_any_byte_is_seen) {
  const TemporaryFile file;
  write(file.path);
  const std::string whole = content(file.path);
  for (std::size_t at = 0; at < whole.size(); ++at) {
    std::string changed = whole;
    changed[at] = static_cast<char>(changed[at] ^ 1);
    replace(file.path, changed);
    CHECK(!fault(file.path).empty());
  }
}

TEST(a_file_cut_anywhere_is_refused) {
  const TemporaryFile file;
  write(file.path);
  const std::string whole = content(file.path);
  for (std::size_t size = 0; size < whole.size(); ++size) {
    replace(file.path, whole.substr(0, size));
    CHECK(!fault(file.path).empty());
  }
}

TEST(other_settings_and_versions_are_named) {
  const TemporaryFile file;
  write(file.path);
  KeySettings other = kSettings;
  other.shingles.size = 5;
  CHECK(fault(file.path, other).find("was made with other settings: pair, 2 words, 3 bands of 2, seed 7") == 0);
  std::string changed = content(file.path);
  changed[8] = 9;
  replace(file.path, changed);
  CHECK_EQ(fault(file.path), "has version 9, expected 1");
  replace(file.path, "{}\n");
  CHECK_EQ(fault(file.path), "is no index of tunegate");
}

TEST(a_missing_file_is_a_source_error) {
  try {
    const MappedKeys keys("/nowhere/keys", kSettings);
    CHECK(false);
  } catch (const tunegate::SourceError& error) {
    CHECK_EQ(std::string(error.what()), "No such file or directory");
  }
}
