#include "tunegate/blank.hpp"

#include "check.hpp"

using tunegate::is_blank;

TEST(text_without_ink_is_blank) {
  CHECK(is_blank(""));
  CHECK(is_blank(" \t\r\n\f\v"));
  CHECK(is_blank("\u00A0\u2003\u3000\u2028\u0085"));  // spaces of other scripts, line separators
  CHECK(is_blank("\u200B\u200C\u200D\u200E\u200F\u2060\u2064\uFEFF"));
  CHECK(is_blank("\u00AD\u180E\u034F\u115F\u1160\u3164\uFFA0"));  // soft hyphen, Hangul fillers
  CHECK(is_blank("\u2800"));                                      // braille blank
  CHECK(is_blank("\U000E0041\U000E007F\uFE0F"));                  // tags, variation selector
  CHECK(is_blank(std::string_view("\0\x01\x7F", 3)));
  CHECK(is_blank("\u0080\u009F"));
}

TEST(text_with_ink_is_not_blank) {
  for (const char* text : {".", " a ", "\u200B.", "\u00B7", "\u0301", "\u3042", "\u2801", "😀", "\uFFFD"}) {
    CHECK(!is_blank(text));
  }
}

TEST(bytes_that_are_no_utf8_are_visible) { CHECK(!is_blank(" \xFF ")); }
