#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace tunegate {

enum class BrokenKind : std::uint8_t { kMojibake, kControl, kZeroWidth, kReplacement };

/// The kinds as reports name them, in the order of the enumeration.
inline constexpr std::array<std::string_view, 4> kBrokenKindNames{"mojibake", "control", "zero-width", "replacement"};

/// Where something is broken: bytes [begin, end) of the text.
struct BrokenSpan {
  BrokenKind kind;
  std::size_t begin;
  std::size_t end;
};

/// How much of each kind a text holds, and the first of all.
struct BrokenText {
  std::array<std::uint32_t, 4> counts{};  // by BrokenKind
  std::optional<BrokenSpan> first;
};

/// Counts what wrong decoding and careless copying leave in a text.
///
/// mojibake: UTF-8 read as Windows-1252 or Latin-1 ("Ã©" for "é", "â€™", "ðŸ˜€"; twice encoded text as well),
///   one per character that was meant. A letter with an accent may stand before a quotation mark, a dash or
///   another sign that closes ("CAFÉ”", "NESTLÉ®", "à »"), so such a pair counts only beside certain ones.
/// control: C0 but tab, line feed and carriage return; DEL; C1 (U+0080 to U+009F). A form feed is sound as a
///   page break: as the last character of a line, or as the first unless a letter from a to z follows. Elsewhere
///   it is what JSON reads in "\frac" when a backslash was not doubled.
/// zero-width: U+2060 and U+FEFF; U+200B unless it borders a letter of a script written without spaces (Thai,
///   Lao, Khmer, Myanmar ...); the joiners U+200C and U+200D unless they border a letter of a script that
///   needs them (Arabic, Indic, Mongolian ...) or join emoji; tag characters outside a flag.
/// replacement: U+FFFD and noncharacters, one per character.
///
/// Any bytes are accepted; what is no UTF-8 is skipped, the reader's affair. O(bytes); printable ASCII and
/// most of the scripts beyond Latin are skipped in blocks. Text that quotes mojibake to talk about it counts
/// too.
///
/// Source: the UTF-8 table of the Unicode standard (3-7), read through the WHATWG index windows-1252. Which
/// pairs sound text has was learned from translations of free software into 340 languages.
BrokenText find_broken_text(std::string_view text);

}  // namespace tunegate
