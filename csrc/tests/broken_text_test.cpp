#include "tunegate/broken_text.hpp"

#include <string>

#include "check.hpp"

using tunegate::BrokenKind;
using tunegate::BrokenText;
using tunegate::find_broken_text;

namespace {

std::uint32_t count(std::string_view text, BrokenKind kind) {
  return find_broken_text(text).counts[static_cast<std::size_t>(kind)];
}
std::uint32_t mojibake(std::string_view text) { return count(text, BrokenKind::kMojibake); }
std::uint32_t zero_width(std::string_view text) { return count(text, BrokenKind::kZeroWidth); }

bool is_sound(std::string_view text) { return !find_broken_text(text).first.has_value(); }

/// `text` as it looks when its UTF-8 is read as Latin-1.
std::string read_as_latin1(std::string_view text) {
  std::string misread;
  for (const char byte : text) {
    const auto value = static_cast<unsigned char>(byte);
    if (value < 0x80) {
      misread += byte;
    } else {
      misread += static_cast<char>(0xC0 | value >> 6);
      misread += static_cast<char>(0x80 | (value & 0x3F));
    }
  }
  return misread;
}

}  // namespace

TEST(utf8_read_as_windows_1252_is_mojibake) {
  CHECK_EQ(mojibake("CafÃ© au lait et crÃªpe"), 2u);
  CHECK_EQ(mojibake("itâ€™s â€œfineâ€\u009D"), 3u);
  CHECK_EQ(mojibake("20 Â°C"), 1u);
  CHECK_EQ(mojibake("Â£5"), 1u);
  CHECK_EQ(mojibake("GroÃŸ und schÃ¶n, Ã–sterreich"), 3u);
  CHECK_EQ(mojibake("smile ðŸ˜€"), 1u);
  CHECK_EQ(mojibake("Å‚Ã³dÅº"), 3u);  // łódź
  CHECK_EQ(mojibake("ÐŸÑ€Ð¸Ð²ÐµÑ‚"), 6u);
  CHECK_EQ(mojibake("ä¸­æ–‡"), 2u);
  CHECK_EQ(mojibake("ï»¿start"), 1u);
  CHECK_EQ(mojibake("donÂ’t"), 1u);
  CHECK_EQ(mojibake("cÅ“ur"), 1u);
  CHECK_EQ(mojibake("n Â\u00A0Â\u00A0 x"), 2u);
}

TEST(utf8_read_as_latin1_is_mojibake) {
  CHECK_EQ(mojibake(read_as_latin1("naïve")), 1u);
  CHECK_EQ(mojibake(read_as_latin1("it’s")), 1u);
  CHECK_EQ(mojibake(read_as_latin1("日本語")), 3u);
  CHECK_EQ(count(read_as_latin1("日本語"), BrokenKind::kControl), 0u);
}

TEST(twice_misread_text_is_mojibake) {
  CHECK_EQ(mojibake("cafÃƒÂ©"), 2u);
  CHECK_EQ(mojibake("itÃ¢â‚¬â„¢s"), 3u);
  CHECK(mojibake(read_as_latin1(read_as_latin1("é"))) > 0);
}

TEST(punctuation_that_lost_its_last_character_is_mojibake) { CHECK_EQ(mojibake("Applebeeâ€TMs"), 1u); }

TEST(sound_text_of_many_languages_is_no_mojibake) {
  for (const char* text : {
           "CAFÉ”",
           "“CAFÉ”",
           "NÃO",
           "SÃO PAULO",
           "MAÇÃ”",
           "MAÇÃ…",
           "MAÇÃ – fim",
           "NESTLÉ®",
           "CAFÉ™",
           "CAFÉ©",
           "l’été », dit-il",
           "« à »",
           "déjà\u00A0»",
           "blessé…»",
           "« Noé… »",
           "né”…",
           "Elle a dit « né… »",
           "Tiếng Việt: Ấn Độ, Â, Ê, Ô",
           "chữ “Â”",
           "«Â»",
           "(Â)",
           "Ísland, Þórður, við „vitum“",
           "Ærø",
           "Füße, „Grüße“, daß",
           "»KÄSE« und »Ü«",
           "ÚŽASNÉ",
           "znáš…“",
           "Ďakujem, úžina",
           "Łódź, żółć",
           "İÇİNDEKİLER",
           "5 €",
           "½ Ö",
           "×…",
           "José†",
           "PERCHÉ´",
           "COL·LECCIÓ",
           "Ωμέγα",
           "Привет",
           "日本語",
           "العربية",
           "1ª É 2º",
       }) {
    CHECK(is_sound(text));
    if (!is_sound(text)) std::cerr << "  " << text << '\n';
  }
}

TEST(weak_pairs_count_beside_strong_ones) {
  CHECK_EQ(mojibake("CAFÉ” et CAFÉ”"), 0u);
  CHECK_EQ(mojibake("Å»ona, Å¼ona"), 2u);  // Żona alone might be a quotation; żona may not
}

TEST(every_kind_is_found_at_any_place_of_a_long_text) {  // the search runs in blocks
  for (const std::string finding : {"\x01", "\f", "\x7F", "\u0085", "Ã©", "\uFEFF", "\uFFFD", "\U000E0041"}) {
    for (std::size_t before = 0; before < 140; before += 3) {
      const std::string text = std::string(before, '.') + finding + std::string(139 - before, 'x');
      const BrokenText found = find_broken_text(text);
      CHECK(found.first && found.first->begin == before && found.first->end == before + finding.size());
    }
  }
}

TEST(control_characters_are_counted_but_layout_is_not) {
  CHECK(is_sound("a\tb\nc\rd"));
  CHECK_EQ(count(std::string_view("\0a\x07\x0B\x1B\x7F", 6), BrokenKind::kControl), 5u);
  CHECK_EQ(count("\u0080\u0085\u009F", BrokenKind::kControl), 3u);
}

TEST(form_feeds_are_sound_as_page_breaks_only) {
  for (const char* text : {"\f", "\fPage 2", "end.\n\fPage 2", "end.\r\n\f 2", "end.\f\nPage 2", "end.\f\r\nPage 2",
                           "end.\f", "end.\n\f\nnext", "end.\n\f\fPage 3", "\f\n", "\n\fÉtat"}) {
    CHECK(is_sound(text));
  }
  CHECK_EQ(count("\\(\frac{y - 19}", BrokenKind::kControl), 1u);  // JSON took "\f" of "\frac" for a form feed
  CHECK_EQ(count("a\fb \fB", BrokenKind::kControl), 2u);
  CHECK_EQ(count("\frac{1}{2}\n\frac{1}{3}", BrokenKind::kControl), 2u);
}

TEST(zero_width_characters_are_counted_where_nothing_needs_them) {
  CHECK_EQ(zero_width("and/\u200Bor"), 1u);
  CHECK_EQ(zero_width("\uFEFFtext"), 1u);
  CHECK_EQ(zero_width("a\u2060b"), 1u);
  CHECK_EQ(zero_width("a\u200Db\u200Cc"), 2u);
  CHECK_EQ(zero_width("👩\u200D"), 1u);  // the second half was cut off
  CHECK_EQ(zero_width("a\U000E0041\U000E0042"), 2u);
}

TEST(joiners_and_word_borders_that_scripts_need_are_sound) {
  CHECK(is_sound("សួស្តី\u200Bពិភពលោក"));
  CHECK(is_sound("สวัสดี\u200B\u200Bชาวโลก"));
  CHECK(is_sound("می\u200Cخواهم"));
  CHECK(is_sound("क्\u200Dष, ക്\u200Dഷ\u200C\u200C"));
  CHECK(is_sound("👨\u200D👩\u200D👧 👩🏽\u200D🚀 🏳️\u200D🌈 ❤️\u200D🔥"));
  CHECK(is_sound("\U0001F3F4\U000E0067\U000E0062\U000E0073\U000E0063\U000E0074\U000E007F"));  // flag of Scotland
}

TEST(replacement_and_noncharacters_are_counted) {
  CHECK_EQ(count("a \uFFFD\uFFFD cake", BrokenKind::kReplacement), 2u);
  CHECK_EQ(count("\uFDD0\uFFFE\U0001FFFF", BrokenKind::kReplacement), 3u);
}

TEST(first_finding_is_the_leftmost_of_all_kinds) {
  const BrokenText found = find_broken_text("abc\uFEFF CafÃ© \x07");
  CHECK(found.first.has_value());
  CHECK(found.first->kind == BrokenKind::kZeroWidth);
  CHECK_EQ(found.first->begin, 3u);
  CHECK_EQ(found.first->end, 6u);
  CHECK(find_broken_text("“Å»” Å¼").first->begin == 3);  // the weak one, once the strong one vouches for it
}

TEST(bytes_that_are_no_utf8_are_skipped) { CHECK(is_sound("a\xFF\xC3 b\xE2\x80")); }

TEST(cost_stays_linear_in_runs_of_suspects) {  // a quadratic search would take minutes here
  std::string text;
  for (int i = 0; i < 500'000; ++i) text += "\U000E0041\u200B";
  CHECK_EQ(zero_width(text), 1'000'000u);
}
