#include "tunegate/nfc.hpp"

#include <algorithm>
#include <array>
#include <vector>

#include "normalization_data.hpp"
#include "tunegate/unicode.hpp"

namespace tunegate {
namespace {

/// 1 for the bytes that characters from U+0300 on start with; all before are boundaries and stay as they are.
constexpr auto kStartsLateCharacter = [](char byte) {
  return static_cast<unsigned char>(static_cast<unsigned char>(byte) >= 0xCC);
};

/// Where the character that ends before byte `at` starts, if not before `earliest`.
std::size_t start_before(std::string_view text, std::size_t at, std::size_t earliest) {
  while (at > earliest) {
    --at;
    if ((static_cast<unsigned char>(text[at]) & 0xC0) != 0x80) break;
  }
  return at;
}

/// Turns stretches of text from one boundary to the next into form C. The memory is used again.
class Composer {
 public:
  explicit Composer(const NormalizationData& data) : data_(data) {}

  void append(std::string_view stretch, std::string& out) {
    for (std::size_t at = 0; at < stretch.size();) {
      const Character character = decode(stretch, at);
      if (character.value == kNoCharacter) {
        flush(out);
        out.push_back(stretch[at]);
      } else {
        data_.append_decomposition(character.value, characters_);
      }
      at += character.bytes;
    }
    flush(out);
  }

 private:
  void flush(std::string& out) {
    order();
    compose();
    for (const char32_t character : characters_) {
      std::array<char, 4> bytes;
      out.append(bytes.data(), write_utf8(character, bytes.data()));
    }
    characters_.clear();
  }

  /// The Canonical Ordering Algorithm: combining characters between two of class 0 by their class.
  void order() {
    const auto is_starter = [&](char32_t character) { return data_.combining_class(character) == 0; };
    for (auto begin = characters_.begin(); begin != characters_.end();) {
      const auto end = std::find_if(begin, characters_.end(), is_starter);
      std::ranges::stable_sort(begin, end, {}, [&](char32_t mark) { return data_.combining_class(mark); });
      begin = end == characters_.end() ? end : end + 1;
    }
  }

  /// The Canonical Composition Algorithm, in place.
  void compose() {
    std::size_t count = 0;
    std::size_t starter = characters_.size();
    int class_before = -1;  // of what stands between the starter and the character, nothing at first
    for (const char32_t character : characters_) {
      const int combining_class = data_.combining_class(character);
      if (starter < count && class_before < combining_class) {
        if (const char32_t composed = data_.compose(characters_[starter], character)) {
          characters_[starter] = composed;
          continue;
        }
      }
      class_before = combining_class;
      if (combining_class == 0) {
        starter = count;
        class_before = -1;
      }
      characters_[count++] = character;
    }
    characters_.resize(count);
  }

  const NormalizationData& data_;
  std::vector<char32_t> characters_;
};

}  // namespace

bool is_nfc(std::string_view text) {
  const NormalizationData& data = NormalizationData::table();
  std::uint8_t class_before = 0;
  for (std::size_t at = 0;;) {
    const std::size_t late = find_odd_byte(text, at, kStartsLateCharacter);
    if (late == text.size()) return true;
    if (late > at) class_before = 0;
    const Character character = decode(text, late);
    const std::uint8_t combining_class = data.combining_class(character.value);
    if (data.may_change(character.value) || (combining_class != 0 && combining_class < class_before)) return false;
    class_before = combining_class;
    at = late + character.bytes;
  }
}

void append_nfc(std::string_view text, std::string& out) {
  const NormalizationData& data = NormalizationData::table();
  Composer composer(data);
  std::size_t copied = 0;
  std::size_t boundary = 0;  // the last one before `at`
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t late = find_odd_byte(text, at, kStartsLateCharacter);
    if (late > at) boundary = start_before(text, late, at);
    std::size_t end = late;
    while (end < text.size()) {
      const Character character = decode(text, end);
      if (data.is_boundary(character.value)) break;
      end += character.bytes;
    }
    if (end > late) {
      out.append(text.substr(copied, boundary - copied));
      composer.append(text.substr(boundary, end - boundary), out);
      copied = boundary = end;
      at = end;
    } else if (late < text.size()) {
      boundary = late;
      at = late + decode(text, late).bytes;
    } else {
      break;
    }
  }
  out.append(text.substr(copied));
}

}  // namespace tunegate
