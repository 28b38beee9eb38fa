#include "byte_characters.hpp"

#include "tunegate/unicode.hpp"

namespace tunegate {
namespace {

constexpr char32_t kAfterLast = 0x144;  // the highest of the 256 is U+0143
constexpr std::int16_t kNoByte = -1;

constexpr std::array<std::int16_t, kAfterLast> kBytes = [] {
  std::array<std::int16_t, kAfterLast> bytes{};
  bytes.fill(kNoByte);
  for (std::size_t byte = 0; byte < kByteCharacters.size(); ++byte) {
    bytes[kByteCharacters[byte]] = static_cast<std::int16_t>(byte);
  }
  return bytes;
}();

}  // namespace

std::optional<std::uint8_t> byte_of_character(std::string_view token) {
  if (token.empty() || token.size() > 2) return std::nullopt;
  const auto bytes = bytes_of_token(token);
  if (!bytes || bytes->size() != 1) return std::nullopt;
  return static_cast<std::uint8_t>(bytes->front());
}

std::optional<std::string> bytes_of_token(std::string_view token) {
  std::string bytes;
  for (std::size_t at = 0; at < token.size();) {
    const Character character = decode(token, at);
    if (character.value >= kAfterLast || kBytes[character.value] == kNoByte) return std::nullopt;
    bytes += static_cast<char>(kBytes[character.value]);
    at += character.bytes;
  }
  return bytes;
}

}  // namespace tunegate
