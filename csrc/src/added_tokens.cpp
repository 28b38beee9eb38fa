#include "tunegate/added_tokens.hpp"

#include <algorithm>
#include <tuple>
#include <utility>

#include "regex_words.hpp"
#include "tunegate/unicode.hpp"

namespace tunegate {
namespace {

unsigned char byte_at(std::string_view text, std::size_t at) { return static_cast<unsigned char>(text[at]); }

/// Whether plain text has the byte so seldom that a search from one to the next is the fastest.
bool is_rare(unsigned char byte) {
  constexpr std::string_view kRare = "<[{|#@$%&*+/=>\\]^_`}~";
  return kRare.find(static_cast<char>(byte)) != kRare.npos;
}

/// Orders tokens by the byte of their content at one place.
struct ByByte {
  std::size_t place;
  bool operator()(const AddedToken& token, unsigned char byte) const { return byte_at(token.content, place) < byte; }
  bool operator()(unsigned char byte, const AddedToken& token) const { return byte < byte_at(token.content, place); }
};

}  // namespace

AddedTokens::AddedTokens(std::vector<AddedToken> tokens) : tokens_(std::move(tokens)) {
  const auto is_before = [](const AddedToken& a, const AddedToken& b) { return a.content < b.content; };
  std::sort(tokens_.begin(), tokens_.end(), is_before);
  const auto is_same = [](const AddedToken& a, const AddedToken& b) { return a.content == b.content; };
  if (std::adjacent_find(tokens_.begin(), tokens_.end(), is_same) != tokens_.end()) {
    throw UnsupportedTokenizer("two of its added tokens are the same text when normalised");
  }
  if (!tokens_.empty() && tokens_.front().content.empty()) {
    throw UnsupportedTokenizer("one of its added tokens is no text when normalised");
  }
  find_starts();
}

void AddedTokens::find_starts() {
  for (const AddedToken& token : tokens_) {
    const unsigned char first = byte_at(token.content, 0);
    ++begin_[first + 1];
    const bool is_one_byte = token.content.size() == 1;
    const unsigned char second = is_one_byte ? 0 : byte_at(token.content, 1);
    starts_.push_back({first, second, static_cast<unsigned char>(is_one_byte ? 0 : 0xFF)});
    for (unsigned other = is_one_byte ? 0 : second; other <= (is_one_byte ? 0xFFU : second); ++other) {
      pairs_[first * 4U + other / 64] |= std::uint64_t{1} << other % 64;
    }
  }
  for (std::size_t byte = 0; byte < 256; ++byte) begin_[byte + 1] += begin_[byte];
  const auto keep_distinct = [this] {
    std::sort(starts_.begin(), starts_.end());
    starts_.erase(std::unique(starts_.begin(), starts_.end()), starts_.end());
  };
  keep_distinct();
  if (!starts_.empty() && starts_.front().first == starts_.back().first && is_rare(starts_.front().first)) {
    only_first_ = static_cast<char>(starts_.front().first);
  }
  if (starts_.size() <= kMostStarts) return;
  for (Start& start : starts_) start.second = start.mask = 0;
  keep_distinct();
  if (starts_.size() > kMostStarts) starts_.clear();
}

AddedTokens::Match AddedTokens::find(std::string_view text, std::size_t from) const {
  if (tokens_.empty()) return {};
  for (std::size_t at = find_start(text, from); at < text.size(); at = find_start(text, at + 1)) {
    if (const Match match = longest_at(text, at); match.token != nullptr) return match;
  }
  return {};
}

/// Narrows the tokens down to those that agree with the text, byte by byte; a token that ends is the first of them.
AddedTokens::Match AddedTokens::longest_at(std::string_view text, std::size_t at) const {
  const unsigned char first = byte_at(text, at);
  auto begin = tokens_.begin() + begin_[first];
  auto end = tokens_.begin() + begin_[first + 1U];
  Match longest;
  for (std::size_t agreed = 1; begin != end; ++agreed) {
    if (begin->content.size() == agreed) longest = {at, at + agreed, &*begin++};
    if (at + agreed == text.size()) break;
    std::tie(begin, end) = std::equal_range(begin, end, byte_at(text, at + agreed), ByByte{agreed});
  }
  return longest;
}

bool AddedTokens::can_start(std::string_view text, std::size_t at) const {
  const std::size_t first = byte_at(text, at);
  if (at + 1 == text.size()) return begin_[first] != begin_[first + 1];
  const std::size_t second = byte_at(text, at + 1);
  return (pairs_[first * 4 + second / 64] >> second % 64 & 1) != 0;
}

std::size_t AddedTokens::find_start(std::string_view text, std::size_t from) const {
  if (only_first_) return find_only_first(text, from);
  switch (starts_.size()) {
    case 1: return find_start_of<1>(text, from);
    case 2: return find_start_of<2>(text, from);
    case 3: return find_start_of<3>(text, from);
    case 4: return find_start_of<4>(text, from);
    default: return find_start_of<0>(text, from);
  }
}

std::size_t AddedTokens::find_only_first(std::string_view text, std::size_t from) const {
  std::size_t at = text.find(*only_first_, from);
  while (at != text.npos && !can_start(text, at)) at = text.find(*only_first_, at + 1);
  return std::min(at, text.size());
}

/// Passes over blocks of 64 bytes without a start, for which the compiler makes vector code, and looks at the bytes of
/// the others one by one.
template <std::size_t Starts>
std::size_t AddedTokens::find_start_of(std::string_view text, std::size_t from) const {
  constexpr std::size_t kBlock = 64;
  std::array<Start, Starts> starts;
  std::copy_n(starts_.begin(), Starts, starts.begin());
  const auto has_start = [&starts](const char* bytes) {
    unsigned char seen = 0;
    for (std::size_t i = 0; i < kBlock; ++i) {
      const auto first = static_cast<unsigned char>(bytes[i]), second = static_cast<unsigned char>(bytes[i + 1]);
      for (const Start& start : starts) {
        const bool is_start = (first == start.first) & ((second & start.mask) == start.second);
        seen = static_cast<unsigned char>(seen | static_cast<unsigned char>(is_start));
      }
    }
    return seen != 0;
  };
  std::size_t at = from;
  while (at < text.size()) {
    const std::size_t end = std::min(at + kBlock, text.size());
    if (Starts == 0 || end == text.size() || has_start(text.data() + at)) {
      while (at < end && !can_start(text, at)) ++at;
      if (at < end) return at;
    }
    at = end;
  }
  return text.size();
}

bool stands_alone(std::string_view text, std::size_t begin, std::size_t end) {
  return !is_regex_word(character_before(text, begin)) && !is_regex_word(character_at(text, end));
}

std::size_t white_space_begin(std::string_view text, std::size_t end, std::size_t earliest) {
  while (end > earliest) {
    const char32_t before = character_before(text, end);
    if (before == kNoCharacter || !is_white_space(before)) break;
    end -= utf8_bytes(before);
  }
  return end;
}

std::size_t white_space_end(std::string_view text, std::size_t begin) {
  while (begin < text.size()) {
    const Character character = decode(text, begin);
    if (character.value == kNoCharacter || !is_white_space(character.value)) break;
    begin += character.bytes;
  }
  return begin;
}

}  // namespace tunegate
