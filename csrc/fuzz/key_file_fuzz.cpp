// Opens any bytes as a key file and looks at all that it offers; a file that opens must lead nowhere outside itself.
//
// Sound files with changed bytes get new digests first, so that the checks behind the digests are reached.
#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

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
  for (const auto& match : keys.matches()) sum += keys.records()[match.b].length + keys.records()[match.a].length;
  std::uint64_t begin = 0;
  for (const std::uint64_t end : keys.set_ends()) {
    for (; begin < end; ++begin) sum += keys.sets()[begin];
  }
  return sum;
}

}  // namespace

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
