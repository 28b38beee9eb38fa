#include "tunegate/broken_text.hpp"

#include "mojibake.hpp"
#include "tunegate/unicode.hpp"

namespace tunegate {
namespace {

constexpr bool between(char32_t character, char32_t first, char32_t last) {
  return character >= first && character <= last;
}

/// Letters of scripts that mark word borders with U+200B: Thai, Lao, Tibetan, Myanmar, Khmer, Tai, Balinese
/// to Batak, Javanese, Myanmar extensions.
bool is_unspaced_script(char32_t c) {
  return between(c, 0x0E00, 0x0FFF) || between(c, 0x1000, 0x109F) || between(c, 0x1780, 0x17FF) ||
         between(c, 0x1950, 0x1AAF) || between(c, 0x1B00, 0x1BFF) || between(c, 0xA980, 0xAADF);
}

/// Letters of scripts in which a joiner changes how neighbours are drawn: Arabic, Syriac, N'Ko, Indic,
/// Mongolian, and those above.
bool is_joining_script(char32_t c) {
  return between(c, 0x0600, 0x08FF) || between(c, 0x0900, 0x0DFF) || between(c, 0x1800, 0x18AF) ||
         between(c, 0xA840, 0xA87F) || between(c, 0xA8E0, 0xA8FF) || between(c, 0xFB50, 0xFDFF) ||
         between(c, 0xFE70, 0xFEFE) || between(c, 0x10A00, 0x11FFF) || is_unspaced_script(c);
}

/// Pictographs, the signs joined to them, skin tones and the emoji variation selector.
bool is_emoji_part(char32_t c) {
  return between(c, 0x1F000, 0x1FAFF) || between(c, 0x2190, 0x2BFF) || c == 0xFE0F || c == 0x20E3;
}

bool is_tag(char32_t c) { return between(c, 0xE0000, 0xE007F); }

constexpr char32_t kBlackFlag = 0x1F3F4;

/// Whether the tag character at `at` belongs to the few that follow a black flag and name a region.
bool is_in_flag(std::string_view text, std::size_t at) {
  constexpr int kLongestRegion = 8;
  for (int i = 0; i < kLongestRegion && is_tag(character_before(text, at)); ++i) at -= 4;
  return character_before(text, at) == kBlackFlag;
}

bool has_no_ink(char32_t c) { return is_white_space(c) || is_invisible(c); }

/// Typists double these characters and put them beside spaces, so this many are looked past.
constexpr int kLookPast = 4;

char32_t ink_before(std::string_view text, std::size_t at) {
  char32_t before = character_before(text, at);
  for (int i = 0; i < kLookPast && before != kNoCharacter && has_no_ink(before); ++i) {
    at -= utf8_bytes(before);
    before = character_before(text, at);
  }
  return before;
}

char32_t ink_after(std::string_view text, std::size_t at) {
  char32_t after = character_at(text, at);
  for (int i = 0; i < kLookPast && after != kNoCharacter && has_no_ink(after); ++i) {
    at += utf8_bytes(after);
    after = character_at(text, at);
  }
  return after;
}

template <class Script>
bool borders(Script script, std::string_view text, std::size_t at, std::size_t bytes) {
  return script(ink_before(text, at)) || script(ink_after(text, at + bytes));
}

bool is_misplaced_zero_width(std::string_view text, std::size_t at, Character character) {
  const std::size_t end = at + character.bytes;
  switch (character.value) {
    case 0x200B: return !borders(is_unspaced_script, text, at, character.bytes);
    case 0x200C: return !borders(is_joining_script, text, at, character.bytes);
    case 0x200D:
      return !borders(is_joining_script, text, at, character.bytes) &&
             !(is_emoji_part(character_before(text, at)) && is_emoji_part(character_at(text, end)));
    case 0x2060:
    case 0xFEFF: return true;
    default: return is_tag(character.value) && !is_in_flag(text, at);
  }
}

constexpr bool is_replacement(char32_t c) {
  return c == 0xFFFD || between(c, 0xFDD0, 0xFDEF) || (c <= 0x10FFFF && (c & 0xFFFE) == 0xFFFE);
}

bool ends_line(std::string_view text, std::size_t at) {
  return at == text.size() || text[at] == '\n' || text[at] == '\r';
}

/// Whether the form feed at `at` parts pages: it is the last of its line, or the first and no small letter
/// follows. Where one does, JSON has more likely taken "\f" of a "\frac" for a form feed.
bool is_page_break(std::string_view text, std::size_t at) {
  if (ends_line(text, at + 1)) return true;
  const bool starts_line = at == 0 || text[at - 1] == '\f' || ends_line(text, at - 1);
  return starts_line && !(text[at + 1] >= 'a' && text[at + 1] <= 'z');
}

/// 1 for the bytes at which something broken can start: controls, and the first bytes of U+0080 to U+00FF
/// (C2, C3), U+2000 to U+2FFF (E2), U+F000 to U+FFFF (EF) and all beyond (F0 to F4).
constexpr unsigned char is_suspect(char byte) {
  const auto value = static_cast<unsigned char>(byte);
  const auto is = [value](unsigned char other) { return static_cast<unsigned char>(value == other); };
  const auto below = [value](unsigned char limit) { return static_cast<unsigned char>(value < limit); };
  const auto layout = static_cast<unsigned char>(is('\t') | is('\n') | is('\r'));
  const auto control = static_cast<unsigned char>((below(0x20) & (layout ^ 1)) | is(0x7F));
  const auto lead = static_cast<unsigned char>(is(0xC2) | is(0xC3) | is(0xE2) | is(0xEF) | (below(0xF0) ^ 1));
  return static_cast<unsigned char>(control | lead);
}

/// One pass over a text. Weak mojibake is held back until strong mojibake shows that it is no coincidence.
class Examination {
 public:
  explicit Examination(std::string_view text) : text_(text) {}

  BrokenText run() {
    for (std::size_t at = 0;
         (at = find_odd_byte(text_, at, [](char byte) { return is_suspect(byte); })) < text_.size();)
      at += examine(at);
    if (strong_) {
      result_.counts[0] += weak_;
      note(first_weak_);
    }
    return result_;
  }

 private:
  std::size_t examine(std::size_t at) {
    const Character character = decode(text_, at);
    const char32_t value = character.value;
    if (value < 0xA0) {
      if (value != U'\f' || !is_page_break(text_, at)) count(BrokenKind::kControl, at, character.bytes);
    } else if (between(value, 0xC2, 0xF4)) {
      return examine_latin(at, character.bytes);
    } else if (value >= 0x200B && value != kNoCharacter) {
      if (is_misplaced_zero_width(text_, at, character)) {
        count(BrokenKind::kZeroWidth, at, character.bytes);
      } else if (is_replacement(value)) {
        count(BrokenKind::kReplacement, at, character.bytes);
      }
    }
    return character.bytes;
  }

  std::size_t examine_latin(std::size_t at, std::size_t bytes) {
    const bool stands_alone = at + bytes == text_.size() || static_cast<unsigned char>(text_[at + bytes]) < 0x80;
    if (stands_alone) return bytes;  // mojibake takes two characters beyond ASCII
    const Mojibake found = mojibake_at(text_, at);
    if (found.evidence == MojibakeEvidence::kNone) return bytes;
    if (found.evidence == MojibakeEvidence::kStrong) {
      strong_ = true;
      count(BrokenKind::kMojibake, at, found.bytes);
    } else {
      if (weak_++ == 0) first_weak_ = BrokenSpan{BrokenKind::kMojibake, at, at + found.bytes};
    }
    return found.bytes;
  }

  void count(BrokenKind kind, std::size_t at, std::size_t bytes) {
    ++result_.counts[static_cast<std::size_t>(kind)];
    note(BrokenSpan{kind, at, at + bytes});
  }

  void note(const std::optional<BrokenSpan>& span) {
    if (span && (!result_.first || span->begin < result_.first->begin)) result_.first = span;
  }

  std::string_view text_;
  BrokenText result_;
  std::uint32_t weak_ = 0;
  std::optional<BrokenSpan> first_weak_;
  bool strong_ = false;
};

}  // namespace

BrokenText find_broken_text(std::string_view text) { return Examination(text).run(); }

}  // namespace tunegate
