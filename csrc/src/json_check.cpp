#include "tunegate/json_check.hpp"

#include <algorithm>
#include <cstdint>
#include <cstring>

namespace tunegate {
namespace {

bool is_space(char c) { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

int hex_digit(char c) {
  if (is_digit(c)) return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

/// The code unit of four hexadecimal digits at `text[at]`, -1 when they are not there.
int code_unit(std::string_view text, std::size_t at) {
  if (at + 4 > text.size()) return -1;
  int unit = 0;
  for (std::size_t i = at; i < at + 4; ++i) {
    const int digit = hex_digit(text[i]);
    if (digit < 0) return -1;
    unit = unit * 16 + digit;
  }
  return unit;
}

class Checker {
 public:
  Checker(std::string_view text, std::size_t max_depth) : text_(text), max_depth_(max_depth) {}

  std::optional<JsonFault> run() {
    if (text_.starts_with("\xEF\xBB\xBF")) return JsonFault{"a byte order mark, which only a file may start with", 0};
    skip_space();
    if (at_ == text_.size()) return JsonFault{"no value", at_};
    if (!value(0)) return fault_;
    skip_space();
    if (at_ < text_.size()) fail("content after the end of the value");
    return fault_;
  }

 private:
  bool fail(std::string what) {
    if (at_ < text_.size() && text_[at_] == '\0') what = "a raw NUL byte";
    fault_ = JsonFault{std::move(what), at_};
    return false;
  }

  void skip_space() {
    while (at_ < text_.size() && is_space(text_[at_])) ++at_;
  }

  char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }

  bool value(std::size_t depth) {
    switch (peek()) {
      case '{': return container(depth, '}');
      case '[': return container(depth, ']');
      case '"': return string();
      case 't': return literal("true");
      case 'f': return literal("false");
      case 'n': return literal("null");
      default: return number();
    }
  }

  bool container(std::size_t depth, char close) {
    if (depth == max_depth_) return fail("nested deeper than " + std::to_string(max_depth_) + " levels");
    ++at_;
    skip_space();
    if (peek() == close && at_ < text_.size()) return ++at_, true;
    for (;;) {
      if (!(close == '}' ? member(depth) : value(depth + 1))) return false;
      skip_space();
      if (at_ == text_.size()) return fail("cut short inside a list or an object");
      if (text_[at_] == close) return ++at_, true;
      if (text_[at_] != ',')
        return fail(close == '}' ? "no ',' or '}' after a member" : "no ',' or ']' after an element");
      const std::size_t comma = at_++;
      skip_space();
      if (peek() == close && at_ < text_.size()) return at_ = comma, fail("a trailing comma");
    }
  }

  bool member(std::size_t depth) {
    if (peek() != '"')
      return fail(at_ == text_.size() ? "cut short inside an object" : "a key that is no string in quotes");
    if (!string()) return false;
    skip_space();
    if (peek() != ':') return fail("no ':' after a key");
    ++at_;
    skip_space();
    return value(depth + 1);
  }

  bool string() {
    for (++at_; at_ < text_.size();) {
      const char c = text_[at_];
      if (c == '"') return ++at_, true;
      if (static_cast<unsigned char>(c) < 0x20) return fail("a raw control character in a string");
      if (c == '\\') {
        if (!escape()) return false;
        continue;
      }
      const std::size_t length = utf8_length(text_, at_);
      if (length == 0) return fail("invalid UTF-8");
      at_ += length;
    }
    return fail("a string without its closing quote");
  }

  bool escape() {
    const char c = at_ + 1 < text_.size() ? text_[at_ + 1] : '\0';
    if (c == 'u') {
      if (code_unit(text_, at_ + 2) < 0) return fail("an escape \\u without four hexadecimal digits");
      return at_ += 6, true;
    }
    if (c == '\0' || std::strchr("\"\\/bfnrt", c) == nullptr) return fail("an escape that JSON does not know");
    return at_ += 2, true;
  }

  bool literal(std::string_view word) {
    if (text_.substr(at_, word.size()) != word) return no_value();
    at_ += word.size();
    return true;
  }

  bool digits() {
    const std::size_t begin = at_;
    while (is_digit(peek())) ++at_;
    return at_ > begin;
  }

  bool number() {
    if (peek() == '-') {
      ++at_;
    } else if (!is_digit(peek())) {
      return no_value();
    }
    if (peek() == '0') {
      if (++at_; is_digit(peek())) return fail("a number with a leading zero");
    } else if (!digits()) {
      return fail("a number without digits");
    }
    if (peek() == '.' && (++at_, !digits())) return fail("a number without digits after its point");
    if (peek() == 'e' || peek() == 'E') {
      ++at_;
      if (peek() == '+' || peek() == '-') ++at_;
      if (!digits()) return fail("a number without digits in its exponent");
    }
    return true;
  }

  bool no_value() {
    if (at_ == text_.size()) return fail("cut short where a value should stand");
    if (static_cast<unsigned char>(text_[at_]) >= 0x80 && utf8_length(text_, at_) == 0) return fail("invalid UTF-8");
    return fail("no JSON value where one should stand");
  }

  std::string_view text_;
  std::size_t max_depth_;
  std::size_t at_ = 0;
  std::optional<JsonFault> fault_;
};

char* write_utf8(char* out, std::uint32_t point) {
  const auto tail = [&](int shift) { return static_cast<char>(0x80 | (point >> shift & 0x3F)); };
  if (point < 0x80) {
    *out++ = static_cast<char>(point);
  } else if (point < 0x800) {
    *out++ = static_cast<char>(0xC0 | point >> 6);
    *out++ = tail(0);
  } else if (point < 0x10000) {
    *out++ = static_cast<char>(0xE0 | point >> 12);
    *out++ = tail(6);
    *out++ = tail(0);
  } else {
    *out++ = static_cast<char>(0xF0 | point >> 18);
    *out++ = tail(12);
    *out++ = tail(6);
    *out++ = tail(0);
  }
  return out;
}

char simple_escape(char c) {
  switch (c) {
    case 'b': return '\b';
    case 'f': return '\f';
    case 'n': return '\n';
    case 'r': return '\r';
    case 't': return '\t';
    default: return c;
  }
}

/// Decodes the code point escaped at `body[at]` ("\u....") and moves `at` behind it; nothing at a lone surrogate.
std::optional<std::uint32_t> read_code_point(std::string_view body, std::size_t& at) {
  const int high = code_unit(body, at + 2);
  at += 6;
  if (high < 0xD800 || high > 0xDFFF) return static_cast<std::uint32_t>(high);
  if (high > 0xDBFF || body.substr(at, 2) != "\\u") return std::nullopt;
  const int low = code_unit(body, at + 2);
  at += 6;
  if (low < 0xDC00 || low > 0xDFFF) return std::nullopt;
  return 0x10000u + (static_cast<std::uint32_t>(high - 0xD800) << 10) + static_cast<std::uint32_t>(low - 0xDC00);
}

}  // namespace

std::size_t utf8_length(std::string_view text, std::size_t at) {
  const auto byte = [&](std::size_t i) { return at + i < text.size() ? static_cast<unsigned char>(text[at + i]) : 0u; };
  const auto tail = [&](std::size_t i) { return (byte(i) & 0xC0u) == 0x80u; };
  const unsigned lead = byte(0);
  if (lead < 0x80) return 1;
  if (lead >= 0xC2 && lead <= 0xDF) return tail(1) ? 2 : 0;
  if (lead >= 0xE0 && lead <= 0xEF) {
    if (!tail(1) || !tail(2) || (lead == 0xE0 && byte(1) < 0xA0) || (lead == 0xED && byte(1) > 0x9F)) return 0;
    return 3;
  }
  if (lead >= 0xF0 && lead <= 0xF4) {
    if (!tail(1) || !tail(2) || !tail(3) || (lead == 0xF0 && byte(1) < 0x90) || (lead == 0xF4 && byte(1) > 0x8F))
      return 0;
    return 4;
  }
  return 0;
}

std::optional<JsonFault> check_json(std::string_view text, std::size_t max_depth) {
  return Checker(text, max_depth).run();
}

char* unescape_json(std::string_view body, char* out) {
  for (std::size_t at = 0; at < body.size();) {
    const std::size_t escape = std::min(body.find('\\', at), body.size());
    out = std::copy(body.begin() + at, body.begin() + escape, out);
    at = escape;
    if (at == body.size()) break;
    out = unescape_one(body, at, out);
    if (out == nullptr) return nullptr;
  }
  return out;
}

char* unescape_one(std::string_view body, std::size_t& at, char* out) {
  if (body[at + 1] != 'u') {
    *out++ = simple_escape(body[at + 1]);
    at += 2;
    return out;
  }
  const auto point = read_code_point(body, at);
  return point ? write_utf8(out, *point) : nullptr;
}

std::size_t unicode_escape_bytes(std::string_view text, std::size_t at) {
  if (text.substr(at, 2) != "\\u" || code_unit(text, at + 2) < 0) return 0;
  const std::size_t begin = at;
  return read_code_point(text, at) ? at - begin : 0;
}

std::optional<std::string> unescape_json(std::string_view body) {
  std::string out(body.size(), '\0');
  const char* end = unescape_json(body, out.data());
  if (end == nullptr) return std::nullopt;
  out.resize(static_cast<std::size_t>(end - out.data()));
  return out;
}

}  // namespace tunegate
