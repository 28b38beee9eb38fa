#pragma once
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

#include "hash128.hpp"
#include "tunegate/record_keys.hpp"

namespace tunegate {

static_assert(std::endian::native == std::endian::little, "key files hold little-endian numbers as they are in memory");

inline constexpr std::array<char, 8> kMagic{'t', 'u', 'n', 'e', 'k', 'e', 'y', '\n'};
inline constexpr std::uint32_t kVersion = 1;  // raise it whenever the same records would give other bytes
inline constexpr std::uint32_t kMostBands = 1 << 16;
inline constexpr std::size_t kAlignment = 64;

enum KeyFileSection : std::size_t { kRecords, kBits, kKeys, kUnreadable, kSources, kSetEnds, kSets, kKept, kSections };

/// The first bytes of a key file, as they stand in it.
struct KeyFileHeader {
  struct Section {
    std::uint64_t begin = 0;
    std::uint64_t bytes = 0;
  };

  std::array<char, 8> magic = kMagic;
  std::uint32_t version = kVersion;
  std::uint8_t field = 0;
  std::uint8_t unit = 0;
  std::uint16_t unused = 0;
  std::uint32_t shingle_size = 0;
  std::uint32_t bands = 0;
  std::uint32_t rows = 0;
  std::uint32_t threshold_numerator = 0;
  std::uint32_t threshold_denominator = 0;
  std::uint32_t unused_too = 0;
  std::uint64_t seed = 0;
  std::uint64_t records = 0;
  std::array<Section, kSections> sections{};
  std::array<char, 8> padding{};
  std::array<char, 32> body_digest{};    // of all bytes after the header
  std::array<char, 32> header_digest{};  // of all bytes before it

  KeySettings settings() const {
    return {static_cast<TextField>(field), {static_cast<ShingleUnit>(unit), shingle_size}, {bands, rows}, seed};
  }
};
static_assert(sizeof(KeyFileHeader) % kAlignment == 0 && sizeof(KeyFileHeader) == 256);

inline std::array<char, 32> digest_of(const KeyFileHeader& header) {
  return hash128({reinterpret_cast<const char*>(&header), offsetof(KeyFileHeader, header_digest)}).digits;
}

}  // namespace tunegate
