#include "tunegate/unicode.hpp"

#include <algorithm>
#include <random>
#include <string>

#include "check.hpp"

using namespace tunegate;

TEST(characters_are_decoded_with_their_length) {
  CHECK_EQ(decode("a", 0).value, U'a');
  CHECK_EQ(decode("é", 0).value, 0xE9u);
  CHECK_EQ(decode("é", 0).bytes, 2u);
  CHECK_EQ(decode("€", 0).value, 0x20ACu);
  CHECK_EQ(decode("😀", 0).value, 0x1F600u);
  CHECK_EQ(decode("😀", 0).bytes, 4u);
}

TEST(bytes_that_are_no_utf8_are_one_byte_each) {
  for (const char* text :
       {"\x80", "\xC0\x80", "\xE0\x80\x80", "\xED\xA0\x80", "\xF4\x90\x80\x80", "\xFF", "\xE2\x82"}) {
    CHECK_EQ(decode(text, 0).value, kNoCharacter);
    CHECK_EQ(decode(text, 0).bytes, 1u);
  }
}

TEST(character_before_is_the_one_that_ends_there) {
  const std::string text = "aé€😀";
  CHECK_EQ(character_before(text, 0), kNoCharacter);
  CHECK_EQ(character_before(text, 1), U'a');
  CHECK_EQ(character_before(text, 3), 0xE9u);
  CHECK_EQ(character_before(text, 6), 0x20ACu);
  CHECK_EQ(character_before(text, 10), 0x1F600u);
  CHECK_EQ(character_before("\x80\x80\x80\x80\x80", 5), kNoCharacter);
}

TEST(characters_are_counted_not_bytes) {
  CHECK_EQ(count_characters(""), 0u);
  CHECK_EQ(count_characters("aé€😀"), 4u);
}

TEST(white_space_and_invisible_characters_are_told_apart) {
  for (const char32_t c : {U' ', U'\t', U'\u00A0', U'\u2003', U'\u3000', U'\u2028'}) CHECK(is_white_space(c));
  for (const char32_t c : {0x200Bu, 0xFEFFu, 0x00ADu, 0x3164u, 0x2800u, 0xE0041u, 0x0007u}) CHECK(is_invisible(c));
  for (const char32_t c : {U'a', U'.', U'\u00B7', U'\u3042'}) CHECK(!is_white_space(c) && !is_invisible(c));
}

TEST(find_byte_agrees_with_find_first_of_at_any_length_and_place) {
  std::mt19937 random(7);
  for (std::size_t size = 0; size < 300; ++size) {
    std::string text(size, 'x');
    if (size > 0 && size % 3 != 0) text[random() % size] = size % 2 == 0 ? '<' : '[';
    for (std::size_t from = 0; from <= size; from += 1 + random() % 40) {
      CHECK_EQ((find_byte<'<', '['>(text, from)), std::min(text.find_first_of("<[", from), size));
    }
  }
}

TEST(find_odd_byte_agrees_with_find_if_at_any_length_and_place) {
  const auto odd = [](char byte) { return static_cast<unsigned char>(byte == '!'); };
  std::mt19937 random(11);
  for (std::size_t size = 0; size < 300; ++size) {
    std::string text(size, 'x');
    if (size > 0 && size % 3 != 0) text[random() % size] = '!';
    for (std::size_t from = 0; from <= size; from += 1 + random() % 40) {
      CHECK_EQ(find_odd_byte(text, from, odd), std::min(text.find('!', from), size));
    }
  }
}
