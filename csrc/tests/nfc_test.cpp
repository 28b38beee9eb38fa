#include "tunegate/nfc.hpp"

#include <random>
#include <string>

#include "check.hpp"

using namespace tunegate;

namespace {

std::string normalized(std::string_view text) {
  std::string out;
  append_nfc(text, out);
  return out;
}

}  // namespace

TEST(letters_compose_with_the_marks_after_them) {
  CHECK_EQ(normalized("Cafe\u0301 au lait"), "Café au lait");
  CHECK_EQ(normalized("\u0301e\u0301"), "\u0301é");
  CHECK_EQ(normalized("a\u0323\u0302"), "\u1EAD");
  CHECK_EQ(normalized("q\u0301"), "q\u0301");  // no such letter
}

TEST(marks_are_put_in_order_before_they_compose) {
  CHECK_EQ(normalized("a\u0302\u0323"), "\u1EAD");
  CHECK_EQ(normalized("é\u0323"), "\u1EB9\u0301");
  CHECK_EQ(normalized("e\u0301\u0300"), "é\u0300");  // the same class keeps its order
}

TEST(a_mark_of_the_same_class_blocks_the_next_one) {
  CHECK_EQ(normalized("a\u0315\u0308\u0301"), "\u00E4\u0301\u0315");
}

TEST(singletons_and_excluded_compositions_come_apart) {
  CHECK_EQ(normalized("\u212B \u2126 \uF900"), "\u00C5 \u03A9 \u8C48");
  CHECK_EQ(normalized("\u0958"), "\u0915\u093C");
  CHECK_EQ(normalized("\u0344"), "\u0308\u0301");
}

TEST(hangul_composes_by_arithmetic) {
  CHECK_EQ(normalized("\u1112\u1161\u11AB\u1100\u1173\u11AF"), "한글");
  CHECK_EQ(normalized("하\u11AB"), "한");
  CHECK_EQ(normalized("한\u11AB"), "한\u11AB");  // has its last consonant
}

TEST(characters_newer_than_unicode_9_stay_and_combine_with_nothing) {
  CHECK_EQ(normalized("\U00011935\U00011930"), "\U00011935\U00011930");  // composes since Unicode 13
  CHECK_EQ(normalized("a\U0001E130\u0323"), "a\U0001E130\u0323");        // a mark since Unicode 12
}

TEST(text_is_appended_and_text_in_form_c_is_kept) {
  std::string out = "e";
  append_nfc("\u0301 ok", out);
  CHECK_EQ(out, "e\u0301 ok");
  for (const std::string text : {"", "plain", "é中文 한글 Việt", "ไทย नमस्ते"}) CHECK_EQ(normalized(text), text);
}

TEST(is_nfc_is_true_only_of_text_that_stays_as_it_is) {
  CHECK(is_nfc(""));
  CHECK(is_nfc("plain é中文 한글 Việt नमस्ते"));
  CHECK(!is_nfc("e\u0301"));
  CHECK(!is_nfc("\u212B"));
  CHECK(!is_nfc("q\u0E49\u0E38"));  // out of order
  CHECK(!is_nfc(std::string(1000, 'a') + "\u0301"));
}

TEST(bytes_that_are_no_utf8_are_copied) {
  CHECK_EQ(normalized("e\xFF\u0301\xC3"), "e\xFF\u0301\xC3");
  CHECK_EQ(normalized("\x80\u0301\xE2\x82"), "\x80\u0301\xE2\x82");
  std::mt19937 random(3);
  for (int round = 0; round < 2000; ++round) {
    std::string bytes = "ae\u0301\u0323한\u1161\u11AB\u212B\u0915\u093C😀";
    for (int change = 0; change < 4; ++change) bytes[random() % bytes.size()] = static_cast<char>(random());
    bytes.resize(random() % bytes.size());
    if (is_nfc(bytes)) CHECK_EQ(normalized(bytes), bytes);
    CHECK_EQ(normalized(normalized(bytes)), normalized(bytes));
  }
}
