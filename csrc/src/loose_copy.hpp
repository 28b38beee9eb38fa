#pragma once
#include <array>
#include <cstddef>
#include <cstring>
#include <string_view>

namespace tunegate {

inline constexpr std::size_t kLooseStep = 32;

/// Copies `size` bytes and, of fewer than kLooseStep, those behind them too, which both sides must then have: for
/// short texts this is faster than a copy that ends in time.
inline void copy_loosely(const char* from, char* to, std::size_t size) {
  std::size_t at = 0;
  for (; at + kLooseStep < size; at += kLooseStep) std::memcpy(to + at, from + at, kLooseStep);
  if (size > kLooseStep) at = size - kLooseStep;
  std::memcpy(to + at, from + at, kLooseStep);
}

/// A short text with room behind it, so that a copy needs no loop.
struct PaddedText {
  constexpr PaddedText(std::string_view text) : size(text.size()) {
    for (std::size_t i = 0; i < text.size(); ++i) bytes.at(i) = text[i];
  }
  constexpr std::string_view view() const { return {bytes.data(), size}; }

  std::array<char, 16> bytes{};
  std::size_t size;
};

}  // namespace tunegate
