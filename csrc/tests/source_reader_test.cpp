#include "tunegate/source_reader.hpp"
#include "tunegate/batch.hpp"

#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <random>

#include "check.hpp"
#include "gzip.hpp"

using tunegate::Compression;
using tunegate::ReadOptions;
using tunegate::SourceError;
using tunegate::SourceReader;

namespace {

class Disk {
 public:
  explicit Disk(const std::string& bytes)
      : path_(std::filesystem::temp_directory_path() / ("tunegate-reader-test-" + std::to_string(::getpid()))) {
    std::ofstream(path_, std::ios::binary) << bytes;
  }
  ~Disk() { std::filesystem::remove(path_); }
  Disk(const Disk&) = delete;
  Disk& operator=(const Disk&) = delete;
  std::string path() const { return path_.string(); }

 private:
  std::filesystem::path path_;
};

/// A row of a table as text, column by column.
std::string row_text(const ArrowSchema& schema, const ArrowArray& array, std::int64_t row) {
  std::string out;
  for (std::int64_t i = 0; i < array.n_children; ++i) {
    const ArrowArray& column = *array.children[i];
    const auto* valid = static_cast<const std::uint8_t*>(column.buffers[0]);
    if (valid != nullptr && (valid[row / 8] >> (row % 8) & 1) == 0) {
      out += "null|";
      continue;
    }
    switch (*schema.children[i]->format) {
      case 'l': out += std::to_string(static_cast<const std::int64_t*>(column.buffers[1])[row]); break;
      case 'i': out += std::to_string(static_cast<const std::int32_t*>(column.buffers[1])[row]); break;
      case 'g': out += std::to_string(static_cast<const double*>(column.buffers[1])[row]); break;
      case 'b':
        out += std::to_string(static_cast<const std::uint8_t*>(column.buffers[1])[row / 8] >> (row % 8) & 1);
        break;
      case 'u': {
        const auto* offsets = static_cast<const std::int32_t*>(column.buffers[1]);
        out.append(static_cast<const char*>(column.buffers[2]) + offsets[row],
                   static_cast<std::size_t>(offsets[row + 1] - offsets[row]));
        break;
      }
      default: out += '?';
    }
    out += '|';
  }
  return out;
}

void add_rows(const tunegate::ArrowTable& table, std::vector<std::string>& rows) {
  ArrowSchema schema;
  ArrowArray array;
  table.export_schema(&schema);
  table.export_array(&array);
  for (std::int64_t row = 0; row < array.length; ++row) rows.push_back(row_text(schema, array, row));
  array.release(&array);
  schema.release(&schema);
}

/// All rows of all tables, table by table, and the error that ended reading, if one did.
std::vector<std::string> read(ReadOptions options) {
  std::vector<std::string> records, samples, messages;
  try {
    SourceReader reader(std::move(options), [](std::size_t bytes) { return std::make_unique<tunegate::Batch>(bytes); });
    while (const auto sink = reader.next()) {
      auto* batch = static_cast<tunegate::Batch*>(sink.get());
      add_rows(batch->take_records(), records);
      add_rows(batch->take_samples(), samples);
      add_rows(batch->take_messages(), messages);
    }
  } catch (const SourceError& error) {
    records.push_back(error.what());
  }
  records.insert(records.end(), samples.begin(), samples.end());
  records.insert(records.end(), messages.begin(), messages.end());
  return records;
}

/// Reads with every setting that must not matter and checks that it does not.
std::vector<std::string> read_in_all_ways(ReadOptions options) {
  const auto expected = read(options);
  for (const std::size_t threads : {1u, 2u, 3u}) {
    for (const std::size_t block : {std::size_t{1} << 10, std::size_t{16} << 10, std::size_t{4} << 20}) {
      options.threads = threads;
      options.block_bytes = block;
      CHECK(read(options) == expected);
    }
  }
  return expected;
}

std::string record(int number, std::size_t padding = 0) {
  return R"({"text":")" + std::to_string(number) + std::string(padding, 'x') + "\"}";
}

std::size_t count_containing(const std::vector<std::string>& rows, std::string_view what) {
  return static_cast<std::size_t>(std::count_if(
      rows.begin(), rows.end(), [what](const std::string& row) { return row.find(what) != std::string::npos; }));
}

}  // namespace

TEST(lines_are_read_alike_in_all_ways) {
  std::string content;
  for (int i = 0; i < 3000; ++i)
    content += (i % 11 == 0 ? "broken" : record(i, static_cast<std::size_t>(i % 97))) + (i % 5 == 0 ? "\r\n\n" : "\n");
  for (const auto compression : {Compression::kNone, Compression::kGzip}) {
    const Disk file(compression == Compression::kGzip ? gzip(content) : content);
    const auto rows = read_in_all_ways({.path = file.path(), .compression = compression, .lines = true, .fields = {}});
    CHECK_EQ(count_containing(rows, "invalid JSON"), 273u);
    CHECK_EQ(rows.size(), 3000u + 2727u + 2727u);
  }
}

TEST(a_list_that_breaks_is_read_alike_in_all_ways) {
  for (const int broken : {0, 1, 700, 1999}) {
    std::string content = "[\n";
    for (int i = 0; i < 2000; ++i)
      content += (i == broken ? R"({"text" "?"})" : record(i, i % 300 == 7 ? 9000 : 50)) + (i < 1999 ? ",\n" : "\n]\n");
    const Disk file(content);
    const auto rows = read_in_all_ways({.path = file.path(), .fields = {}, .max_record_bytes = 5000});
    CHECK_EQ(count_containing(rows, "the list was not read beyond"), 1u);
    const std::size_t oversize = count_containing(rows, "longer than 5,000 bytes");
    CHECK_EQ(rows.size(), 3u * static_cast<std::size_t>(broken) + 1 - 2 * oversize);
  }
}

TEST(records_over_the_limit_are_counted_once_in_all_ways) {
  std::string lines, list = "[";
  for (int i = 0; i < 60; ++i) {
    const std::string text = record(i, i % 3 == 0 ? 300000 : 20);
    lines += text + "\n";
    list += (i > 0 ? " ,\n" : "") + text;
  }
  const std::string contents[] = {lines, list + "]", lines.substr(0, lines.size() - 1)};
  for (const std::string& content : contents) {
    const Disk file(content);
    const auto rows = read_in_all_ways({.path = file.path(), .fields = {}, .max_record_bytes = 100000});
    CHECK_EQ(count_containing(rows, "longer than 100,000 bytes"), 20u);
    CHECK_EQ(rows.size(), 60u + 40u + 40u);
  }
}

TEST(a_cut_stream_gives_its_records_and_then_the_error) {
  std::string content;
  for (int i = 0; i < 2000; ++i) content += record(i, 40) + "\n";
  const std::string bytes = gzip(content);
  for (std::size_t size = 1; size < bytes.size(); size += 1 + bytes.size() / 40) {
    const Disk file(bytes.substr(0, size));
    const auto rows =
        read({.path = file.path(), .compression = Compression::kGzip, .lines = true, .fields = {}, .threads = 2});
    CHECK_EQ(count_containing(rows, "the file is cut short"), 1u);
  }
}

TEST(any_bytes_are_read_alike_in_all_ways) {
  constexpr std::string_view kBytes = "[]{},:\"\\\n\n  \rtx1\xFF\xEF\xBB\xBF";
  const std::string pieces[] = {record(1),
                                record(2, 3000),
                                "[",
                                "]",
                                ",",
                                "\n",
                                "\"",
                                R"({"messages":[{"role":"user","content":"q"}]})",
                                "\xEF\xBB\xBF",
                                std::string(2500, ' '),
                                "{",
                                "}",
                                R"([{"role":"user","content":"q"}])"};
  std::mt19937 random(9);
  for (int i = 0; i < 300; ++i) {
    std::string content = i % 3 == 0 ? "[" : "";
    for (std::size_t n = random() % 40; n > 0; --n) {
      if (random() % 4 == 0) {
        content += kBytes[random() % kBytes.size()];
      } else {
        content += pieces[random() % std::size(pieces)];
        if (random() % 2 == 0) content += i % 3 == 0 ? ",\n" : "\n";
      }
    }
    const Disk file(content);
    read_in_all_ways({.path = file.path(), .lines = i % 5 == 0, .fields = {}, .max_record_bytes = 2000});
  }
}
