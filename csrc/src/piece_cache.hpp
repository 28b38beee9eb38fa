#pragma once
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string_view>
#include <utility>

#include "tunegate/page_array.hpp"

namespace tunegate {

/// How many tokens short pieces of text have, of those met lately: most pieces of a text are words met before.
///
/// A row for each hash, which is a line of the processor's cache, with four pieces: one that is found moves a place to
/// the front, a new one takes the last place. 4 MiB at most, taken as they fill. A piece stands in its row with all
/// its bytes, so that no other one is taken for it.
class PieceCache {
 public:
  static constexpr std::size_t kMostBytes = 15;

  /// A piece as two numbers: its bytes, and their number in the lower half of the last one. The upper half of that byte
  /// is for the count of tokens.
  struct Key {
    std::uint64_t low = 0;
    std::uint64_t high = 0;
  };

  /// piece: 1 to kMostBytes bytes. end: where the text ends in which it stands; bytes up to there may be read.
  static Key key(std::string_view piece, const char* end) {
    Key key;
    if (end - piece.data() >= 16) {
      std::memcpy(&key, piece.data(), 16);
    } else {
      std::memcpy(&key, piece.data(), piece.size());
    }
    if constexpr (std::endian::native == std::endian::big)
      key = {__builtin_bswap64(key.low), __builtin_bswap64(key.high)};
    const std::size_t bits = 8 * piece.size();
    key.low &= bits < 64 ? (std::uint64_t{1} << bits) - 1 : ~std::uint64_t{0};
    key.high &= bits <= 64 ? 0 : (std::uint64_t{1} << (bits - 64)) - 1;
    key.high |= std::uint64_t{piece.size()} << kSizeBit;
    return key;
  }

  static std::size_t size(Key key) { return static_cast<std::size_t>(key.high >> kSizeBit); }

  std::size_t row(Key key) const {
    const std::uint64_t mixed = (key.low ^ key.high * 0xC2B2AE3D27D4EB4F) * 0x9E3779B97F4A7C15;
    return static_cast<std::size_t>(mixed >> (64 - kRowBits));
  }
  void prefetch(std::size_t row) const { __builtin_prefetch(&rows_[row]); }

  /// The count of the piece, if it is in its row.
  std::optional<std::uint32_t> find(std::size_t row, Key key) const {
    auto& held = rows_[row].pieces;
    for (std::size_t i = 0; i < held.size(); ++i) {
      const std::uint64_t count = held[i].high >> kCountBit;
      if (held[i].low != key.low || (held[i].high ^ count << kCountBit) != key.high) continue;
      if (i > 0) std::swap(held[i], held[i - 1]);
      return static_cast<std::uint32_t>(count);
    }
    return std::nullopt;
  }
  /// count: at most as many as the piece has bytes.
  void put(std::size_t row, Key key, std::uint32_t count) {
    rows_[row].pieces.back() = {key.low, key.high | std::uint64_t{count} << kCountBit};
  }

 private:
  struct alignas(64) Row {
    std::array<Key, 4> pieces;
  };
  static constexpr int kRowBits = 16;
  static constexpr int kSizeBit = 56, kCountBit = 60;

  PageArray<Row> rows_{std::size_t{1} << kRowBits};
};

}  // namespace tunegate
