#include "tunegate/json_reader.hpp"

#include <simdjson.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>
#include <span>

namespace tunegate {
namespace {

bool is_space(char c) { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; }

bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// RFC 8259, section 6; the whole of `token` must be the number.
bool is_number(std::string_view token) {
  std::size_t i = 0;
  const auto digits = [&] {
    const std::size_t begin = i;
    while (i < token.size() && is_digit(token[i])) ++i;
    return i > begin;
  };
  if (i < token.size() && token[i] == '-') ++i;
  if (i < token.size() && token[i] == '0') {
    ++i;
  } else if (!digits()) {
    return false;
  }
  if (i < token.size() && token[i] == '.') {
    ++i;
    if (!digits()) return false;
  }
  if (i < token.size() && (token[i] == 'e' || token[i] == 'E')) {
    ++i;
    if (i < token.size() && (token[i] == '+' || token[i] == '-')) ++i;
    if (!digits()) return false;
  }
  return i == token.size();
}

bool is_hex(char c) { return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }

/// Whether every escape of a string body is one that RFC 8259 knows; `at` is the first backslash.
bool has_legal_escapes(std::string_view body, std::size_t at) {
  while (at != std::string_view::npos) {
    if (at + 1 == body.size()) return false;
    const char letter = body[at + 1];
    at += 2;
    if (letter == 'u') {
      if (body.size() - at < 4 || !std::all_of(body.begin() + at, body.begin() + at + 4, is_hex)) return false;
      at += 4;
    } else if (letter == '\0' || std::strchr("\"\\/bfnrt", letter) == nullptr) {
      return false;
    }
    at = body.find('\\', at);
  }
  return true;
}

std::optional<JsonKind> scalar_kind(std::string_view token) {
  if (token == "true") return JsonKind::kTrue;
  if (token == "false") return JsonKind::kFalse;
  if (token == "null") return JsonKind::kNull;
  if (is_number(token)) return JsonKind::kNumber;
  return std::nullopt;
}

}  // namespace

std::string_view describe(JsonKind kind) {
  switch (kind) {
    case JsonKind::kObject: return "an object";
    case JsonKind::kArray: return "a list";
    case JsonKind::kString: return "a string";
    case JsonKind::kNumber: return "a number";
    case JsonKind::kTrue:
    case JsonKind::kFalse: return "a boolean";
    case JsonKind::kNull: return "null";
  }
  return "a value";
}

/// Stage 1 of simdjson: UTF-8, control characters in strings, and where every token starts. It runs on
/// the best instruction set of the machine; the grammar over those tokens is ours (JsonGrammar).
struct JsonDocument::Index {
  std::unique_ptr<simdjson::internal::dom_parser_implementation> stage;

  bool build(std::string_view text) {
    if (!stage || stage->capacity() < text.size()) grow(text.size());
    const auto* bytes = reinterpret_cast<const std::uint8_t*>(text.data());
    return stage->stage1(bytes, text.size(), simdjson::stage1_mode::regular) == simdjson::SUCCESS;
  }

  void grow(std::size_t size) {
    std::size_t capacity = 1 << 14;
    while (capacity < size) capacity *= 2;
    stage.reset();
    if (simdjson::get_active_implementation()->create_dom_parser_implementation(capacity, 1, stage) !=
        simdjson::SUCCESS) {
      throw std::bad_alloc();
    }
  }

  std::span<const std::uint32_t> tokens() const {
    return {stage->structural_indexes.get(), stage->n_structural_indexes};
  }
};

/// Turns the token starts of one text into nodes; false at the first break of the grammar.
class JsonGrammar {
 public:
  using Node = JsonDocument::Node;
  JsonGrammar(std::string_view text, std::span<const std::uint32_t> tokens, std::vector<Node>& nodes)
      : text_(text), tokens_(tokens), nodes_(nodes) {
    nodes_.clear();
    nodes_.reserve(tokens.size());  // every node starts at a token
    has_escapes_ = text.find('\\') != std::string_view::npos;
  }

  bool run() {
    if (!value()) return false;
    while (depth_ > 0) {
      if (!(open_[depth_ - 1].is_object ? member() : element())) return false;
    }
    return token_ == tokens_.size();
  }

 private:
  struct Open {
    std::uint32_t node;
    std::uint32_t previous;  // the last child, whose `next` is still to be set
    bool is_object;
  };

  bool more() const { return token_ < tokens_.size(); }
  char peek() const { return text_[tokens_[token_]]; }

  /// Consumes a separator or the closing bracket; nullopt at neither, false when the container ended.
  std::optional<bool> advance(char close) {
    if (!more()) return std::nullopt;
    Open& open = open_[depth_ - 1];
    if (peek() == close) {
      nodes_[open.node].end = tokens_[token_++] + 1;
      --depth_;
      return false;
    }
    if (open.previous == 0) return true;  // the first child needs no comma
    if (peek() != ',') return std::nullopt;
    ++token_;
    return more() ? std::optional(true) : std::nullopt;
  }

  void link() {
    Open& open = open_[depth_ - 1];
    const auto child = static_cast<std::uint32_t>(nodes_.size());
    if (open.previous != 0) nodes_[open.previous].next = child;
    open.previous = child;
  }

  bool member() {
    const auto goes_on = advance('}');
    if (!goes_on || !*goes_on) return goes_on.has_value();
    if (peek() != '"') return false;
    link();
    if (!string() || !more() || peek() != ':') return false;
    ++token_;
    link();
    return value();
  }

  bool element() {
    const auto goes_on = advance(']');
    if (!goes_on || !*goes_on) return goes_on.has_value();
    link();
    return value();
  }

  bool value() {
    if (!more()) return false;
    switch (peek()) {
      case '{': return open(JsonKind::kObject);
      case '[': return open(JsonKind::kArray);
      case '"': return string();
      default: return scalar();
    }
  }

  bool open(JsonKind kind) {
    if (depth_ == kMaxJsonDepth) return false;
    const std::uint32_t begin = tokens_[token_++];
    open_[depth_++] = {static_cast<std::uint32_t>(nodes_.size()), 0, kind == JsonKind::kObject};
    nodes_.push_back({begin, begin, 0, kind, false});
    return true;
  }

  /// The end of the token at token_, which is followed by white space or by the next token.
  std::size_t token_end() const {
    std::size_t end = token_ + 1 < tokens_.size() ? tokens_[token_ + 1] : text_.size();
    while (end > 0 && is_space(text_[end - 1])) --end;
    return end;
  }

  bool string() {
    const std::size_t begin = tokens_[token_], end = token_end();
    if (end < begin + 2 || text_[end - 1] != '"') return false;
    const std::string_view body = text_.substr(begin + 1, end - begin - 2);
    const std::size_t escape = has_escapes_ ? body.find('\\') : std::string_view::npos;
    if (!has_legal_escapes(body, escape)) return false;
    add(JsonKind::kString, begin, end, escape != std::string_view::npos);
    return true;
  }

  bool scalar() {
    const std::size_t begin = tokens_[token_], end = token_end();
    const auto kind = scalar_kind(text_.substr(begin, end - begin));
    if (!kind) return false;
    add(*kind, begin, end, false);
    return true;
  }

  void add(JsonKind kind, std::size_t begin, std::size_t end, bool escaped) {
    nodes_.push_back({static_cast<std::uint32_t>(begin), static_cast<std::uint32_t>(end), 0, kind, escaped});
    ++token_;
  }

  std::string_view text_;
  std::span<const std::uint32_t> tokens_;
  std::vector<Node>& nodes_;
  std::array<Open, kMaxJsonDepth> open_;
  std::size_t depth_ = 0;
  std::size_t token_ = 0;
  bool has_escapes_;
};

JsonDocument::JsonDocument() : index_(std::make_unique<Index>()) {}
JsonDocument::~JsonDocument() = default;
JsonDocument::JsonDocument(JsonDocument&&) noexcept = default;
JsonDocument& JsonDocument::operator=(JsonDocument&&) noexcept = default;

std::optional<JsonFault> JsonDocument::parse(std::string_view text) {
  text_ = text;
  if (text.size() < UINT32_MAX && index_->build(text) && JsonGrammar(text, index_->tokens(), nodes_).run()) {
    return std::nullopt;
  }
  if (auto fault = check_json(text)) return fault;
  return JsonFault{"not readable as JSON", 0};
}

std::optional<JsonFault> JsonDocument::parse_copy(std::string_view text) {
  copy_.assign(text);
  return parse(copy_);
}

JsonValue JsonValue::find(std::string_view name) const {
  JsonValue found;
  if (!is(JsonKind::kObject)) return found;
  for (JsonValue key = first(); key; key = key.next().next()) {
    if (key.equals(name)) found = key.next();
  }
  return found;
}

bool JsonValue::equals(std::string_view text) const {
  if (!is(JsonKind::kString)) return false;
  return is_escaped() ? unescape_json(body()) == text : body() == text;
}

std::optional<std::string_view> JsonValue::text(TextArena& arena) const {
  if (!is(JsonKind::kString)) return std::nullopt;
  if (!is_escaped()) return body();
  char* begin = arena.reserve(body().size());  // unescaping never makes a text longer
  char* end = unescape_json(body(), begin);
  if (end == nullptr) return std::nullopt;
  return arena.commit(begin, end);
}

std::optional<double> JsonValue::number() const {
  if (!is(JsonKind::kNumber)) return std::nullopt;
  const std::string_view digits = raw();
  double value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (error != std::errc() || end != digits.data() + digits.size()) return std::nullopt;
  return value;
}

char* TextArena::reserve(std::size_t bytes) {
  while (current_ < blocks_.size() && blocks_[current_].capacity - blocks_[current_].used < bytes) ++current_;
  if (current_ == blocks_.size()) {
    const std::size_t capacity = std::max(kBlock, bytes);
    blocks_.push_back({std::make_unique_for_overwrite<char[]>(capacity), capacity, 0});
  }
  return blocks_[current_].bytes.get() + blocks_[current_].used;
}

std::string_view TextArena::commit(const char* begin, const char* end) {
  blocks_[current_].used += static_cast<std::size_t>(end - begin);
  return {begin, static_cast<std::size_t>(end - begin)};
}

std::string_view TextArena::copy(std::string_view text) {
  char* begin = reserve(text.size());
  std::copy(text.begin(), text.end(), begin);
  return commit(begin, begin + text.size());
}

void TextArena::clear() {
  if (blocks_.size() > 1) blocks_.resize(1);  // a giant record must not keep its memory
  for (Block& block : blocks_) block.used = 0;
  current_ = 0;
}

}  // namespace tunegate
