#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tunegate/json_check.hpp"

namespace tunegate {

enum class JsonKind : std::uint8_t { kObject, kArray, kString, kNumber, kTrue, kFalse, kNull };

/// The name of a kind as messages print it: "an object", "a string" ...
std::string_view describe(JsonKind kind);

class JsonDocument;

/// A handle on one value of a JsonDocument; valid until that document parses again.
///
/// Members and elements are visited in the order of the text. Copying is free; every access is O(1),
/// find() is linear in the number of members.
class JsonValue {
 public:
  JsonValue() = default;
  explicit operator bool() const { return document_ != nullptr; }

  JsonKind kind() const;
  bool is(JsonKind other) const { return document_ != nullptr && kind() == other; }
  bool is_null() const { return is(JsonKind::kNull); }
  bool is_boolean() const { return is(JsonKind::kTrue) || is(JsonKind::kFalse); }

  /// The bytes of the value as they stand in the text, without surrounding white space.
  std::string_view raw() const;

  /// Of a string: whether it holds escapes, and what stands between its quotes.
  bool is_escaped() const;
  std::string_view body() const;

  /// First element of an array or first key of an object; empty when there is none.
  JsonValue first() const;
  /// The value after this one in its array or object; a key is followed by its value.
  JsonValue next() const;

  /// The value of the last member named `name` (unescaped); empty when absent or not an object.
  JsonValue find(std::string_view name) const;

  /// The text of a string, a view into the document or, when it holds escapes, into `arena`.
  /// Empty when the value is no string or holds a lone surrogate, which no UTF-8 can express.
  std::optional<std::string_view> text(class TextArena& arena) const;

  /// Whether this is a string with exactly that text.
  bool equals(std::string_view text) const;

  /// The value of a number as a double; empty when it is no number or out of range.
  std::optional<double> number() const;

 private:
  friend class JsonDocument;
  JsonValue(const JsonDocument* document, std::uint32_t index) : document_(document), index_(index) {}
  const JsonDocument* document_ = nullptr;
  std::uint32_t index_ = 0;
};

/// Owns the strings that had to be unescaped; views into it live until clear().
class TextArena {
 public:
  /// Room for `bytes` bytes; commit() keeps those written, the rest is given out again.
  char* reserve(std::size_t bytes);
  std::string_view commit(const char* begin, const char* end);
  std::string_view copy(std::string_view text);
  void clear();

 private:
  static constexpr std::size_t kBlock = 1 << 16;
  struct Block {
    std::unique_ptr<char[]> bytes;
    std::size_t capacity = 0;
    std::size_t used = 0;
  };
  std::vector<Block> blocks_;
  std::size_t current_ = 0;
};

/// One parsed JSON text (RFC 8259, strict): values as spans of the text, nothing converted until asked.
///
/// Accepted: valid UTF-8, at most kMaxJsonDepth levels, any number of any length, escapes of lone
/// surrogates (they are legal JSON; text() refuses them). Refused: everything else, a byte order mark
/// included. Duplicate keys are the caller's affair. O(bytes); memory is reused from text to text.
class JsonDocument {
 public:
  JsonDocument();
  ~JsonDocument();
  JsonDocument(JsonDocument&&) noexcept;
  JsonDocument& operator=(JsonDocument&&) noexcept;

  /// Parses `text`, which must outlive the values. After a fault the values must not be used.
  std::optional<JsonFault> parse(std::string_view text);
  /// The same for a text that goes away: it is copied first.
  std::optional<JsonFault> parse_copy(std::string_view text);

  JsonValue root() const { return {this, 0}; }

 private:
  friend class JsonValue;
  friend class JsonGrammar;
  struct Index;  // simdjson's structural index
  struct Node {
    std::uint32_t begin;
    std::uint32_t end;
    std::uint32_t next;  // index of the following sibling, 0 when last
    JsonKind kind;
    bool escaped;
  };
  std::string_view text_;
  std::string copy_;
  std::vector<Node> nodes_;
  std::unique_ptr<Index> index_;
};

inline JsonKind JsonValue::kind() const { return document_->nodes_[index_].kind; }

inline std::string_view JsonValue::raw() const {
  const auto& node = document_->nodes_[index_];
  return {document_->text_.data() + node.begin, node.end - node.begin};
}

inline JsonValue JsonValue::first() const {
  if (!is(JsonKind::kObject) && !is(JsonKind::kArray)) return {};
  const auto& nodes = document_->nodes_;
  const std::uint32_t child = index_ + 1;
  return child < nodes.size() && nodes[child].begin < nodes[index_].end ? JsonValue(document_, child) : JsonValue();
}

inline JsonValue JsonValue::next() const {
  const std::uint32_t next = document_->nodes_[index_].next;
  return next == 0 ? JsonValue() : JsonValue(document_, next);
}

inline bool JsonValue::is_escaped() const { return document_->nodes_[index_].escaped; }

inline std::string_view JsonValue::body() const {
  const std::string_view quoted = raw();
  return {quoted.data() + 1, quoted.size() - 2};
}

}  // namespace tunegate
