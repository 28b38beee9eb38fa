#pragma once
#include <array>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "tunegate/json_reader.hpp"
#include "tunegate/sample.hpp"

namespace tunegate {

/// Why a well-formed JSON record is no sample. Its text holds our words and numbers, never input text.
class RecordError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// A record on its way to a sample: hands out top-level members and remembers which were used.
class Draft {
 public:
  Draft(JsonValue of_record, TextArena& in_arena, Sample& into) : record(of_record), arena(in_arena), sample(into) {}

  /// The member `key`, marked as used; empty when absent or null.
  JsonValue take(std::string_view key);
  /// The text of the string member `key`; nothing when absent or null. Throws RecordError on other kinds.
  std::optional<std::string_view> take_text(std::string_view key);
  bool has_taken(std::string_view key) const;

  /// Adds a turn with nothing but a role and text.
  void add_turn(Part part, std::string_view role, std::optional<std::string_view> content);

  JsonValue record;
  TextArena& arena;
  Sample& sample;

 private:
  static constexpr std::size_t kMostTaken = 16;
  std::array<std::string_view, kMostTaken> taken_;
  std::size_t taken_count_ = 0;
};

/// A sample on its way to a record: collects what the target format cannot hold.
class Losses {
 public:
  void add(std::string_view what);
  const std::vector<std::string>& names() const { return names_; }

 private:
  std::vector<std::string> names_;
};

/// One record format. Each lives in src/formats/<name>.cpp and registers by being there.
struct Format {
  std::string_view name;
  /// The highest rank among the formats that recognise a record wins: most specific first.
  int rank;
  /// A record of the format, shown in the docs and used by the contract test.
  std::string_view example;
  bool (*sniff)(JsonValue record);
  /// Fills draft.sample; throws RecordError.
  void (*parse)(Draft& draft);
  /// Appends the record as one line of JSON and names each loss; called by render_record().
  void (*render)(const Sample& sample, std::string& out, Losses& losses);
};

/// All formats, highest rank first.
std::span<const Format> formats();
/// The format of a record, or null.
const Format* detect_format(JsonValue record);
/// Appends the sample as one line of JSON in `format` and names all that would not come back by reading it.
void render_record(const Format& format, const Sample& sample, std::string& out, Losses& losses);
/// The format of that name, or null.
const Format* find_format(std::string_view name);

}  // namespace tunegate
