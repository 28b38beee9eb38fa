#pragma once
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "tunegate/chat_scanner.hpp"
#include "tunegate/json_reader.hpp"
#include "tunegate/sample.hpp"

namespace tunegate {

/// The keys, top level or inside "metadata", that fill the columns of the same meaning.
struct FieldNames {
  std::string category = "category";
  std::string difficulty = "difficulty";
  std::string split = "split";
  /// The split of samples that name none, from the file's name.
  std::optional<std::string> default_split;
};

/// Why a record is unreadable. `reason` holds our words and numbers only, never input text.
struct Unreadable {
  std::string reason;
  /// The text is no JSON at all, so that what follows it in a list cannot be trusted.
  bool breaks_list = false;
};

/// Turns the bytes of one record into a sample. Reuses its memory; one per thread.
class RecordParser {
 public:
  /// `scan` is the level of the look for the commonest shape; nothing leaves it out: the reference of the tests.
  explicit RecordParser(FieldNames fields, std::optional<SimdLevel> scan = simd_level()) : fields_(std::move(fields)) {
    if (scan) scanner_.emplace(*scan);
  }

  /// Parses `raw`; on success sample() holds views into it, valid until the next call.
  std::optional<Unreadable> parse(std::string_view raw);
  /// The same after scan() has given null.
  std::optional<Unreadable> parse_any_shape(std::string_view raw);
  const Sample& sample() const { return sample_; }

  /// The record as turns, without a sample, when it has the commonest shape; else null. Valid
  /// until the next call.
  const ChatScanner* scan(std::string_view raw) { return scanner_ && scanner_->scan(raw) ? &*scanner_ : nullptr; }
  const std::optional<std::string>& default_split() const { return fields_.default_split; }

 private:
  std::optional<Unreadable> parse_json(std::string_view raw);
  void build();
  void clear();
  std::optional<std::string_view> field(const std::string& name);

  FieldNames fields_;
  std::optional<ChatScanner> scanner_;
  JsonDocument document_;
  TextArena arena_;
  Sample sample_;
};

}  // namespace tunegate
