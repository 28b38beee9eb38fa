#pragma once
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

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
  explicit RecordParser(FieldNames fields) : fields_(std::move(fields)) {}

  /// Parses `raw`; on success sample() holds views into it, valid until the next call.
  std::optional<Unreadable> parse(std::string_view raw);
  const Sample& sample() const { return sample_; }

 private:
  std::optional<Unreadable> parse_json(std::string_view raw);
  void build();
  std::optional<std::string_view> field(const std::string& name);

  FieldNames fields_;
  JsonDocument document_;
  TextArena arena_;
  Sample sample_;
};

}  // namespace tunegate
