#include "tunegate/token_sink.hpp"

#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <string>

#include "check.hpp"
#include "tunegate/source_reader.hpp"

namespace {

using tunegate::Tokenizer;

/// A token for each of a and b, and one for a line of both.
const std::string kFile = R"({"model": {"type": "BPE", "vocab": {"a": 0, "b": 1, "ab": 2}, "merges": ["a b"]}})";

struct TemporaryFile {
  std::string path = std::filesystem::temp_directory_path() / ("tunegate-tokens-" + std::to_string(::getpid()));
  ~TemporaryFile() { std::filesystem::remove(path); }
};

/// How many rows the tables have that the threads make of the source.
std::size_t rows_of(const std::string& path, std::size_t threads) {
  tunegate::ReadOptions options;
  options.path = path;
  options.lines = true;
  options.threads = threads;
  options.block_bytes = 4096;
  tunegate::SourceReader reader(std::move(options), tunegate::token_sinks(std::make_shared<Tokenizer>(kFile)));
  std::size_t rows = 0;
  while (const auto sink = reader.next()) {
    const auto table = static_cast<tunegate::TokenSink&>(*sink).take_counts();
    CHECK_EQ(table.columns(), 7u);
    rows += table.rows();
  }
  return rows;
}

TEST(threads_that_share_a_tokenizer_count_every_readable_record) {
  const TemporaryFile file;
  std::ofstream out(file.path);
  for (int i = 0; i < 2000; ++i) {
    out << (i % 100 == 7 ? "no record\n" : R"({"text": ")" + std::string(1 + i % 40, i % 3 == 0 ? 'a' : 'b') + "\"}\n");
  }
  out.close();
  for (const std::size_t threads : {1, 2, 4}) CHECK_EQ(rows_of(file.path, threads), 1980u);
}

}  // namespace
