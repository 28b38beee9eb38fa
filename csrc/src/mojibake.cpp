#include "mojibake.hpp"

#include <array>
#include <cstdint>

#include "tunegate/unicode.hpp"

namespace tunegate {
namespace {

/// The characters that Windows-1252 puts at bytes 0x80 to 0x9F; its five gaps stay C1 controls, as in the
/// WHATWG index. Latin-1 has C1 controls throughout.
constexpr std::array<char32_t, 32> kWindows1252{0x20AC, 0x81,   0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021,
                                                0x02C6, 0x2030, 0x0160, 0x2039, 0x0152, 0x8D,   0x017D, 0x8F,
                                                0x90,   0x2018, 0x2019, 0x201C, 0x201D, 0x2022, 0x2013, 0x2014,
                                                0x02DC, 0x2122, 0x0161, 0x203A, 0x0153, 0x9D,   0x017E, 0x0178};

/// The byte that was misread as `character`; 0 when there is none, which is no lead and no continuation.
unsigned char misread_byte(char32_t character) {
  if (character >= 0x80 && character <= 0xFF) return static_cast<unsigned char>(character);
  if (character < 0x0152 || character > 0x2122) return 0;
  for (std::size_t i = 0; i < kWindows1252.size(); ++i) {
    if (kWindows1252[i] == character) return static_cast<unsigned char>(0x80 + i);
  }
  return 0;
}

/// Signs that sound text puts right behind a letter: closing quotation marks, dashes, ellipsis, bullet,
/// daggers, no-break space, soft hyphen, ordinals, superscripts, trade marks, acute accent as apostrophe,
/// middle dot.
constexpr bool closes_a_word(unsigned char byte) {
  constexpr std::string_view kClosing =
      "\x85\x86\x87\x8B\x91\x92\x93\x94\x95\x96\x97\x99\x9B"
      "\xA0\xA9\xAA\xAB\xAD\xAE\xB2\xB3\xB4\xB7\xB9\xBA\xBB";
  return kClosing.find(static_cast<char>(byte)) != std::string_view::npos;
}

/// Letters among the continuation bytes: they follow a letter in the Latin scripts of central Europe.
constexpr bool is_letter_byte(unsigned char byte) {
  return byte == 0x8A || byte == 0x8C || byte == 0x8E || byte == 0x9A || byte == 0x9C || byte == 0x9E;
}

/// One misread sequence: the bytes that were meant.
struct Sequence {
  std::array<unsigned char, 4> meant{};
  std::size_t length = 0;  // in characters of the text, which are bytes of what was meant
  std::size_t bytes = 0;   // of the text
  bool has_control = false;
};

constexpr std::size_t meant_length(unsigned char lead) {
  return lead >= 0xC2 && lead < 0xE0 ? 2 : lead >= 0xE0 && lead < 0xF0 ? 3 : lead >= 0xF0 && lead < 0xF5 ? 4 : 0;
}

/// The sequence at `at`; its length is 0 when the characters there stand for no valid UTF-8.
Sequence sequence_at(std::string_view text, std::size_t at) {
  Sequence sequence;
  const Character lead = decode(text, at);
  const std::size_t length = lead.value <= 0xFF ? meant_length(static_cast<unsigned char>(lead.value)) : 0;
  if (length == 0) return sequence;
  sequence.meant[0] = static_cast<unsigned char>(lead.value);
  std::size_t next = at + lead.bytes;
  for (std::size_t i = 1; i < length; ++i) {
    const char32_t character = character_at(text, next);
    const unsigned char byte = misread_byte(character);
    if (byte < 0x80 || byte > 0xBF) return sequence;
    sequence.meant[i] = byte;
    sequence.has_control |= character < 0xA0;
    next += decode(text, next).bytes;
  }
  const std::string_view meant(reinterpret_cast<const char*>(sequence.meant.data()), length);
  if (decode(meant, 0).bytes != length) return sequence;
  sequence.length = length;
  sequence.bytes = next - at;
  return sequence;
}

bool is_letter(char32_t character) { return is_upper_latin(character) || is_lower_latin(character); }

/// Signs after which a single letter may stand as a word of its own: an alphabet quotes its letters.
bool opens_a_quotation(char32_t character) {
  return character == U'"' || character == U'\'' || character == U'(' || character == U'[' || character == 0xAB ||
         character == 0xBB || (character >= 0x2018 && character <= 0x201F);
}

/// Two characters. Latin-1 symbols and accented letters misread start with U+00C2 or U+00C3, which hardly any
/// sound word ends with; other leads are capitals that do end words.
bool is_strong_pair(const Sequence& pair, char32_t before, char32_t after) {
  const unsigned char second = pair.meant[1];
  const bool capital_inside_word = is_lower_latin(before) && is_upper_latin(pair.meant[0]);
  if (capital_inside_word) return true;
  if (pair.meant[0] > 0xC3) return !closes_a_word(second) && !is_letter_byte(second);
  if (!closes_a_word(second)) return true;
  if (is_upper_latin(before) || opens_a_quotation(before)) return false;
  const bool is_text_sign = second >= 0xA0;  // what remains are quotation marks, dashes and the like
  return is_text_sign || is_letter(after);
}

bool is_strong_triple(const Sequence& triple) {
  const auto& meant = triple.meant;
  if (meant[0] == 0xE2 && meant[1] == 0x80) return true;
  if (meant[0] == 0xEF && meant[1] == 0xBB && meant[2] == 0xBF) return true;
  if (meant[0] == 0xEF && meant[1] == 0xBF && meant[2] == 0xBD) return true;
  const auto ordinary = [](unsigned char byte) {
    return (closes_a_word(byte) && byte != 0x86 && byte != 0x87) || is_letter_byte(byte);
  };
  return !ordinary(meant[1]) || !ordinary(meant[2]);
}

/// U+00E2 U+20AC: most of what is misread from U+2000 to U+203F, even where the third character was lost.
bool is_cut_punctuation(std::string_view text, std::size_t at) {
  return decode(text, at).value == 0xE2 && character_at(text, at + 2) == 0x20AC;
}

}  // namespace

Mojibake mojibake_at(std::string_view text, std::size_t at) {
  const Sequence sequence = sequence_at(text, at);
  if (sequence.length == 0) {
    if (is_cut_punctuation(text, at)) return {MojibakeEvidence::kStrong, 5};
    return {};
  }
  const std::size_t end = at + sequence.bytes;
  const bool strong =
      sequence.has_control || (end < text.size() && sequence_at(text, end).length != 0) ||
      (sequence.length == 2 && is_strong_pair(sequence, character_before(text, at), character_at(text, end))) ||
      (sequence.length == 3 && is_strong_triple(sequence)) || (sequence.length == 4 && sequence.meant[1] == 0x9F);
  return {strong ? MojibakeEvidence::kStrong : MojibakeEvidence::kWeak, sequence.bytes};
}

}  // namespace tunegate
