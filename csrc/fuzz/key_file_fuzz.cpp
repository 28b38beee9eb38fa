// Opens any bytes as a key file and looks at all that it offers; a file that opens must lead nowhere outside itself.
//
// Sound files with changed bytes get new digests first, so that the checks behind the digests are reached.
#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "key_file_layout.hpp"
#include "tunegate/byte_source.hpp"
#include "tunegate/key_file.hpp"

namespace {

const std::string kPath = std::filesystem::temp_directory_path() / ("tunegate-fuzz-" + std::to_string(::getpid()));

void seal(std::string& bytes) {
  if (bytes.size() < sizeof(tunegate::KeyFileHeader)) return;
  auto* header = reinterpret_cast<tunegate::KeyFileHeader*>(bytes.data());
  header->body_digest = tunegate::hash128(std::string_view(bytes).substr(sizeof *header)).digits;
  header->header_digest = tunegate::digest_of(*header);
}

/// Reads every number, so that AddressSanitizer sees one that lies outside.
std::uint64_t look_at(const tunegate::MappedKeys& keys) {
  std::uint64_t sum = 0;
  for (const auto& key : keys.records()) sum += key.offset + keys.sources().at(key.source).records;
  for (const auto& bits : keys.bits()) sum += bits[0];
  for (const std::uint32_t record : keys.unreadable()) sum += keys.records()[record].length;
  for (const std::uint8_t kept : keys.kept()) sum += kept;
  std::uint64_t begin = 0;
  for (const std::uint64_t end : keys.set_ends()) {
    for (; begin < end; ++begin) sum += keys.sets()[begin];
  }
  return sum;
}

class TwoSets final : public tunegate::ShingleSource {
  class SetReader final : public Reader {
    std::span<const std::uint64_t> shingles(std::uint32_t record) override {
      set_ = record == 0 ? std::vector<std::uint64_t>{1, 2, 3} : std::vector<std::uint64_t>{2, 3};
      return set_;
    }
    std::vector<std::uint64_t> set_;
  };

 public:
  std::unique_ptr<Reader> reader() const override { return std::make_unique<SetReader>(); }
};

}  // namespace

std::vector<std::string> fuzz_seeds();
std::vector<std::string> fuzz_seeds() {
  const tunegate::KeySettings settings{tunegate::TextField::kPair, {tunegate::ShingleUnit::kWords, 2}, {2, 2}, 1};
  const tunegate::MinHasher hasher(settings.banding, settings.seed);
  tunegate::KeySink sink(settings, &hasher, 0);
  tunegate::RecordParser parser{tunegate::FieldNames{}};
  for (const std::int64_t record : {0, 1})
    sink.add({record, record + 1, 18 * record, 17}, R"({"text": "a b c"})", parser);
  sink.add_unreadable({2, 3, 36, 1}, "", "none");
  tunegate::HeapKeys keys;
  keys.append(sink);
  const std::vector<std::uint8_t> kept{1, 0, 1};
  const TwoSets sets;
  tunegate::write_key_file(kPath, {settings, {4, 5}, {{"a", 38, 3, 3}}, {{&keys, 0, 0, 0}}, kept, &sets});
  std::ifstream file(kPath, std::ios::binary);
  return {std::string(std::istreambuf_iterator<char>(file), {})};
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string bytes(reinterpret_cast<const char*>(data), size);
  seal(bytes);
  std::ofstream(kPath, std::ios::binary | std::ios::trunc) << bytes;
  try {
    const auto* header = reinterpret_cast<const tunegate::KeyFileHeader*>(bytes.data());
    const auto settings = size < sizeof *header ? tunegate::KeySettings{} : header->settings();
    const tunegate::MappedKeys keys(kPath, settings);
    volatile const std::uint64_t sum = look_at(keys);
    static_cast<void>(sum);
  } catch (const tunegate::KeyFileError&) {
  } catch (const tunegate::SourceError&) {
  }
  std::filesystem::remove(kPath);
  return 0;
}
