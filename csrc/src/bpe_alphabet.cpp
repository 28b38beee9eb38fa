#include "tunegate/bpe_alphabet.hpp"

#include <algorithm>
#include <charconv>
#include <optional>

#include "byte_characters.hpp"
#include "token_ids.hpp"
#include "tunegate/unicode.hpp"

namespace tunegate {
namespace {

constexpr char32_t kEndOfUnicode = 0x110000;

/// Writes known tokens and runs of unknown characters. What byte fallback writes does not end such a run: `tokenizers`
/// puts its unknown token behind those bytes.
class SymbolWriter {
 public:
  SymbolWriter(std::uint32_t* out, std::uint32_t unk, bool fuses) : end_(out), unk_(unk), fuses_(fuses) {}

  void known(std::uint32_t id) {
    end_run();
    *end_++ = id;
  }
  void byte(std::uint32_t id) { *end_++ = id; }
  void unknown() {
    if (unk_ == kNoToken) return;
    if (!fuses_) end_run();
    is_in_run_ = true;
  }
  void end_run() {
    if (is_in_run_) *end_++ = unk_;
    is_in_run_ = false;
  }
  std::uint32_t* end() const { return end_; }

 private:
  std::uint32_t* end_;
  std::uint32_t unk_;
  bool fuses_;
  bool is_in_run_ = false;
};

/// The byte that a token such as <0x0A> stands for.
std::optional<std::uint8_t> byte_of_fallback(std::string_view token) {
  if (token.size() != 6 || !token.starts_with("<0x") || token[5] != '>') return std::nullopt;
  for (const char digit : token.substr(3, 2)) {
    if (digit >= 'a') return std::nullopt;  // written in capitals
  }
  std::uint8_t byte = 0;
  const auto [end, error] = std::from_chars(token.data() + 3, token.data() + 5, byte, 16);
  return error == std::errc() && end == token.data() + 5 ? std::optional(byte) : std::nullopt;
}

bool all_known(const std::array<std::uint32_t, 256>& ids) {
  return std::all_of(ids.begin(), ids.end(), [](std::uint32_t id) { return id != kNoToken; });
}

}  // namespace

BpeAlphabet::BpeAlphabet(const BpeData& data, bool is_byte_level)
    : pages_(1), unk_(data.unk.value_or(kNoToken)), fuses_unk_(data.fuse_unk), is_byte_level_(is_byte_level) {
  bytes_.fill(kNoToken);
  fallbacks_.fill(kNoToken);
  pages_.front().fill(kNoToken);
  read_tokens(data.tokens, is_byte_level);
  if (!data.byte_fallback) fallbacks_.fill(kNoToken);
  is_complete_ = is_byte_level && all_known(bytes_);
  keeps_all_ = is_complete_ || unk_ != kNoToken || all_known(fallbacks_);
}

void BpeAlphabet::read_tokens(const std::vector<std::string>& tokens, bool is_byte_level) {
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    const auto id = static_cast<std::uint32_t>(i);
    const std::string& token = tokens[i];
    if (const auto byte = byte_of_fallback(token)) fallbacks_[*byte] = id;
    if (token.empty()) continue;
    if (is_byte_level) {
      if (const auto byte = byte_of_character(token)) bytes_[*byte] = id;
    } else if (const Character character = decode(token, 0); character.bytes == token.size()) {
      set(character.value, id);
    }
  }
}

void BpeAlphabet::set(char32_t character, std::uint32_t id) {
  if (character >= kEndOfUnicode) return;
  if (character < 0x80) bytes_[character] = id;
  std::uint16_t& page = page_of_[character / 256];
  if (page == 0) {
    page = static_cast<std::uint16_t>(pages_.size());
    pages_.emplace_back().fill(kNoToken);
  }
  pages_[page][character % 256] = id;
}

std::uint32_t BpeAlphabet::find(char32_t character) const {
  return character < kEndOfUnicode ? pages_[page_of_[character / 256]][character % 256] : kNoToken;
}

bool BpeAlphabet::has(char32_t character) const { return !is_byte_level_ && find(character) != kNoToken; }

bool BpeAlphabet::falls_back(std::string_view bytes) const {
  return std::all_of(bytes.begin(), bytes.end(),
                     [this](char byte) { return fallbacks_[static_cast<unsigned char>(byte)] != kNoToken; });
}

template <class Writer>
void BpeAlphabet::read_bytes(std::string_view piece, Writer& writer) const {
  for (const char byte : piece) {
    const std::uint32_t id = bytes_[static_cast<unsigned char>(byte)];
    if (id != kNoToken) {
      writer.known(id);
    } else {
      writer.unknown();
    }
  }
}

template <class Writer>
void BpeAlphabet::read_characters(std::string_view piece, Writer& writer) const {
  for (std::size_t at = 0; at < piece.size();) {
    const auto byte = static_cast<unsigned char>(piece[at]);
    const Character character = byte < 0x80 ? Character{byte, 1} : decode(piece, at);
    const std::uint32_t id = byte < 0x80 ? bytes_[byte] : find(character.value);
    const std::string_view bytes = piece.substr(at, character.bytes);
    at += character.bytes;
    if (id != kNoToken) {
      writer.known(id);
    } else if (falls_back(bytes)) {
      for (const char part : bytes) writer.byte(fallbacks_[static_cast<unsigned char>(part)]);
    } else {
      writer.unknown();
    }
  }
}

std::size_t BpeAlphabet::read(std::string_view piece, std::uint32_t* out) const {
  if (is_complete_) {
    for (std::size_t i = 0; i < piece.size(); ++i) out[i] = bytes_[static_cast<unsigned char>(piece[i])];
    return piece.size();
  }
  SymbolWriter writer(out, unk_, fuses_unk_);
  if (is_byte_level_) {
    read_bytes(piece, writer);
  } else {
    read_characters(piece, writer);
  }
  writer.end_run();
  return static_cast<std::size_t>(writer.end() - out);
}

}  // namespace tunegate
