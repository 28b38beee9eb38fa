#include "tunegate/record_keys.hpp"

#include <string>
#include <vector>

#include "check.hpp"
#include "tunegate/record_shingles.hpp"

namespace {

using tunegate::HashArena;
using tunegate::HeapKeys;
using tunegate::KeySettings;
using Hashes = std::vector<std::uint64_t>;

const KeySettings kSettings{tunegate::TextField::kPair, {tunegate::ShingleUnit::kWords, 2}, {18, 4}, 7};

std::string text_of_template(int number) {
  std::string text = "all of these begin with the very same dozen of words or so ";
  return text + std::to_string(number) + " " + std::to_string(number * 7);
}

Hashes shingles_of(const std::string& text) {
  tunegate::Shingler shingler(kSettings.shingles);
  shingler.add(text);
  const auto shingles = shingler.shingles();
  return {shingles.begin(), shingles.end()};
}

/// The keys of `records` records of a template, read in stretches of 100.
HeapKeys keys_of_template(int records, HashArena* room) {
  const tunegate::MinHasher hasher(kSettings.banding, kSettings.seed);
  HeapKeys keys;
  for (int first = 0; first < records; first += 100) {
    tunegate::KeySink sink(kSettings, &hasher, 1 << 16, room);
    tunegate::RecordParser parser{tunegate::FieldNames{}};
    for (int number = first; number < std::min(first + 100, records); ++number) {
      const std::string record = R"({"text": ")" + text_of_template(number) + "\"}";
      CHECK(!sink.add({number, number + 1, 0, static_cast<std::int64_t>(record.size())}, record, parser));
    }
    keys.append(sink);
  }
  return keys;
}

TEST(the_shingles_of_a_crowd_are_kept_from_the_first_reading) {
  HashArena room(1 << 16);
  const HeapKeys keys = keys_of_template(300, &room);
  CHECK(keys.held().size() > 150);  // all but those before each stretch had learned
  for (const auto& [record, hashes] : keys.held()) {
    CHECK(Hashes(hashes.begin(), hashes.end()) == shingles_of(text_of_template(static_cast<int>(record))));
  }
}

TEST(no_more_of_a_crowd_is_kept_than_there_is_room_for) {
  HashArena room(100);
  std::size_t kept = 0;
  const HeapKeys keys = keys_of_template(300, &room);
  for (const auto& set : keys.held()) kept += set.hashes.size();
  CHECK(kept > 0 && kept <= 100);
  CHECK(keys_of_template(300, nullptr).held().empty());
}

TEST(shingles_that_were_kept_are_not_read_again) {
  HashArena room(1 << 16);
  const HeapKeys keys = keys_of_template(300, &room);
  const tunegate::RecordShingles texts({{0, keys.records(), "/no/such/file", {}, {}, keys.held()}}, kSettings.field,
                                       kSettings.shingles);
  const auto reader = texts.reader();
  for (const auto& [record, hashes] : keys.held()) {
    CHECK_EQ(texts.held(record).data(), hashes.data());
    CHECK_EQ(reader->shingles(record).data(), hashes.data());
  }
  CHECK(texts.held(0).empty());
}

}  // namespace
