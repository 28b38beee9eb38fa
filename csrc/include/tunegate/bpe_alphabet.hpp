#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "tunegate/tokenizer_file.hpp"

namespace tunegate {

/// The tokens that a piece starts as, before any merge.
///
/// Byte level: one for each byte. Else one for each character; a character that is no token becomes the tokens of its
/// bytes where all of them exist and the model falls back to bytes, else the unknown token, else nothing. A table for
/// bytes, one of pages of 256 characters (1 KB each) for the others.
class BpeAlphabet {
 public:
  /// `data` is valid as parse_tokenizer_file makes it.
  BpeAlphabet(const BpeData& data, bool is_byte_level);

  /// Writes the ids to `out`, which has room for piece.size() of them; returns how many. Any bytes are accepted, those
  /// that are no UTF-8 as unknown characters. O(bytes).
  std::size_t read(std::string_view piece, std::uint32_t* out) const;

  /// Whether a character is a token by itself, and whether none is ever left out.
  bool has(char32_t character) const;
  bool keeps_all() const { return keeps_all_; }

  /// Byte level: whether every byte is a token; then the token of each.
  bool is_complete() const { return is_complete_; }
  std::uint32_t of_byte(std::uint8_t byte) const { return bytes_[byte]; }

 private:
  using Page = std::array<std::uint32_t, 256>;

  void read_tokens(const std::vector<std::string>& tokens, bool is_byte_level);
  void set(char32_t character, std::uint32_t id);
  std::uint32_t find(char32_t character) const;
  bool falls_back(std::string_view bytes) const;
  template <class Writer>
  void read_bytes(std::string_view piece, Writer& writer) const;
  template <class Writer>
  void read_characters(std::string_view piece, Writer& writer) const;

  std::array<std::uint32_t, 256> bytes_;      // byte level: by byte; else by ASCII character
  std::array<std::uint32_t, 256> fallbacks_;  // the tokens <0x00> to <0xFF>
  std::array<std::uint16_t, 0x1100> page_of_{};
  std::vector<Page> pages_;
  std::uint32_t unk_;
  bool fuses_unk_;
  bool is_byte_level_;
  bool is_complete_;  // byte level: every byte is a token
  bool keeps_all_ = false;
};

}  // namespace tunegate
