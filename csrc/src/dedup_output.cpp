#include "tunegate/dedup_output.hpp"

#include <algorithm>
#include <charconv>
#include <vector>

#include "open_file.hpp"
#include "output_file.hpp"
#include "tunegate/json_write.hpp"

namespace tunegate {
namespace {

constexpr std::size_t kStretch = 1 << 20;  // bytes copied at once

/// Tells, in the order of the records, what becomes of each.
class Verdicts {
 public:
  explicit Verdicts(const DedupRun& run) : run_(run), excluded_(run.excluded()) {}

  bool has_keeper(std::uint32_t record) const { return run_.found().memberships()[record].keeper != record; }

  /// Of records asked for in increasing order: how this one is contaminated; null when it is not.
  const Contaminated* contamination(std::uint32_t record) {
    while (at_ < excluded_.size() && excluded_[at_].record < record) ++at_;
    return at_ < excluded_.size() && excluded_[at_].record == record ? &excluded_[at_] : nullptr;
  }

  bool is_removed(std::uint32_t record) { return has_keeper(record) || contamination(record) != nullptr; }

 private:
  const DedupRun& run_;
  std::span<const Contaminated> excluded_;
  std::size_t at_ = 0;
};

/// JSON without the white space between its tokens.
void append_compact(std::string& out, std::string_view json) {
  bool in_string = false;
  for (std::size_t i = 0; i < json.size(); ++i) {
    const char c = json[i];
    if (in_string && c == '\\' && i + 1 < json.size()) {
      out += c;
      out += json[++i];
      continue;
    }
    if (c == '"') in_string = !in_string;
    if (in_string || (c != ' ' && c != '\t' && c != '\r' && c != '\n')) out += c;
  }
}

void append_number(std::string& out, std::uint64_t number) {
  char digits[20];
  out.append(digits, std::to_chars(digits, digits + sizeof digits, number).ptr);
}

/// The shortest digits that give the number back.
void append_fraction(std::string& out, double fraction) {
  char digits[64];
  const char* end = std::to_chars(digits, digits + sizeof digits, fraction, std::chars_format::fixed).ptr;
  const std::string_view number(digits, static_cast<std::size_t>(end - digits));
  out += number;
  if (number.find('.') == std::string_view::npos) out += ".0";
}

/// Writes places as JSON; a source's name is escaped once.
class PlaceWriter {
 public:
  explicit PlaceWriter(const DedupRun& run) : run_(run) {
    for (const DedupSource& source : run.sources()) {
      names_.emplace_back();
      append_json_string(names_.back(), source.name);
    }
  }

  /// "source": ..., "line": ...
  void append(std::string& out, std::uint32_t record) const {
    const DedupSource& source = run_.source_of(record);
    out += "\"source\": ";
    out += names_[static_cast<std::size_t>(&source - run_.sources().data())];
    out += ", \"line\": ";
    append_number(out, run_.line(record));
  }

 private:
  const DedupRun& run_;
  std::vector<std::string> names_;
};

/// Copies the records of one source to where they belong.
class RecordCopier {
 public:
  RecordCopier(const DedupRun& run, OutputFile& kept, OutputFile& removed)
      : run_(run), verdicts_(run), kept_(kept), removed_(removed) {}

  void copy(const DedupSource& source) {
    const OpenFile file(source.path);
    for (std::uint32_t at = 0; at < source.records;) {
      const std::uint32_t end = stretch_end(source, at);
      copy_stretch(source, file, at, end);
      at = end;
    }
  }

 private:
  /// The first record that does not fit into the stretch that begins with `at`.
  std::uint32_t stretch_end(const DedupSource& source, std::uint32_t at) const {
    const std::uint64_t begin = run_.key(source.first + at).offset;
    std::uint32_t end = at + 1;
    while (end < source.records) {
      const RecordKey& key = run_.key(source.first + end);
      if (key.offset + key.length - begin > kStretch) break;
      ++end;
    }
    return end;
  }

  void copy_stretch(const DedupSource& source, const OpenFile& file, std::uint32_t at, std::uint32_t end) {
    const RecordKey& last = run_.key(source.first + end - 1);
    const std::uint64_t begin = run_.key(source.first + at).offset;
    bytes_.resize(last.offset + last.length - begin);
    file.read(begin, bytes_.data(), bytes_.size());
    for (; at < end; ++at) {
      const RecordKey& key = run_.key(source.first + at);
      copy_record(source, source.first + at, std::string_view(bytes_).substr(key.offset - begin, key.length));
    }
  }

  void copy_record(const DedupSource& source, std::uint32_t record, std::string_view raw) {
    OutputFile& file = verdicts_.is_removed(record) ? removed_ : kept_;
    if (source.is_lines) {
      file.add(raw);
    } else {
      line_.clear();
      append_compact(line_, raw);
      file.add(line_);
    }
    file.add("\n");
  }

  const DedupRun& run_;
  Verdicts verdicts_;
  OutputFile &kept_, &removed_;
  std::string bytes_, line_;
};

void append_keeper(std::string& line, const DedupRun& run, const PlaceWriter& places, std::uint32_t record) {
  const Membership& member = run.found().memberships()[record];
  line += ", \"keeper\": {";
  places.append(line, member.keeper);
  line += "}, \"similarity\": ";
  append_fraction(line, member.overlap.similarity());
}

void append_item(std::string& line, const DedupRun& run, const Contaminated& found) {
  line += ", \"item\": {\"source\": ";
  append_json_string(line, run.item_source(found.item_source));
  line += ", \"line\": ";
  append_number(line, found.item_line);
  line += "}, \"containment\": ";
  append_fraction(line, found.containment);
  line += ", \"similarity\": ";
  append_fraction(line, found.similarity);
}

void write_reasons(const DedupRun& run, const std::string& path) {
  OutputFile file(path);
  const PlaceWriter places(run);
  Verdicts verdicts(run);
  std::string line;
  for (std::uint32_t record = run.first_new(); record < run.records(); ++record) {
    if (!verdicts.is_removed(record)) continue;
    line = "{";
    places.append(line, record);
    const Contaminated* contamination = verdicts.contamination(record);
    if (contamination != nullptr) {
      append_item(line, run, *contamination);
    } else {
      append_keeper(line, run, places, record);
    }
    line += "}\n";
    file.add(line);
  }
  file.flush();
}

/// Records that stand for themselves, each followed by its copies.
class CopyGroups {
 public:
  explicit CopyGroups(std::span<const std::uint32_t> copy_of) : ends_(copy_of.size() + 1), records_(copy_of.size()) {
    for (const std::uint32_t first : copy_of) ++ends_[first + 1];
    for (std::size_t i = 1; i < ends_.size(); ++i) ends_[i] += ends_[i - 1];
    std::vector<std::uint32_t> next(ends_.begin(), ends_.end() - 1);
    for (std::uint32_t record = 0; record < copy_of.size(); ++record) records_[next[copy_of[record]]++] = record;
  }
  std::span<const std::uint32_t> of(std::uint32_t first) const {
    return std::span(records_).subspan(ends_[first], ends_[first + 1] - ends_[first]);
  }

 private:
  std::vector<std::uint32_t> ends_, records_;
};

class PairWriter {
 public:
  PairWriter(const DedupRun& run, const std::string& path) : run_(run), places_(run), file_(path) {}

  std::uint64_t write() {
    const CopyGroups groups(run_.found().copy_of());
    std::size_t match = 0;
    const auto matches = run_.found().matches();
    for (std::uint32_t record = 0; record < run_.records(); ++record) {
      write_copies(groups.of(record));
      for (; match < matches.size() && matches[match].a == record; ++match) {
        write_all(groups.of(record), groups.of(matches[match].b), matches[match].overlap);
      }
    }
    file_.flush();
    return count_;
  }

 private:
  void write_copies(std::span<const std::uint32_t> group) {
    for (std::size_t i = 0; i < group.size(); ++i) {
      for (std::size_t j = i + 1; j < group.size(); ++j) write_pair(group[i], group[j], {1, 1});
    }
  }

  void write_all(std::span<const std::uint32_t> left, std::span<const std::uint32_t> right, Overlap overlap) {
    for (const std::uint32_t a : left) {
      for (const std::uint32_t b : right) write_pair(std::min(a, b), std::max(a, b), overlap);
    }
  }

  void write_pair(std::uint32_t a, std::uint32_t b, Overlap overlap) {
    if (b < run_.first_new()) return;
    line_ = "{\"a\": {";
    places_.append(line_, a);
    line_ += "}, \"b\": {";
    places_.append(line_, b);
    line_ += "}, \"similarity\": ";
    append_fraction(line_, overlap.similarity());
    line_ += "}\n";
    file_.add(line_);
    ++count_;
  }

  const DedupRun& run_;
  PlaceWriter places_;
  OutputFile file_;
  std::string line_;
  std::uint64_t count_ = 0;
};

}  // namespace

DedupFunnel count_funnel(const DedupRun& run) {
  DedupFunnel funnel;
  funnel.records = run.records() - run.first_new();
  for (const std::uint32_t record : run.unreadable()) funnel.unreadable += record >= run.first_new();
  const Verdicts verdicts(run);
  for (std::uint32_t record = run.first_new(); record < run.records(); ++record) {
    funnel.removed += verdicts.has_keeper(record);
  }
  funnel.contaminated = run.excluded().size();
  funnel.kept = funnel.records - funnel.removed - funnel.contaminated;
  return funnel;
}

void write_records(const DedupRun& run, const std::string& kept, const std::string& removed, const std::string& why) {
  OutputFile kept_file(kept), removed_file(removed);
  RecordCopier copier(run, kept_file, removed_file);
  for (const DedupSource& source : run.sources()) {
    if (source.first >= run.first_new()) copier.copy(source);
  }
  kept_file.flush();
  removed_file.flush();
  if (!why.empty()) write_reasons(run, why);
  run.require_unchanged();
}

std::uint64_t write_pairs(const DedupRun& run, const std::string& path) { return PairWriter(run, path).write(); }

}  // namespace tunegate
