#include "tunegate/byte_source.hpp"

#include <unistd.h>
#include <zstd.h>

#include <filesystem>
#include <fstream>
#include <random>

#include "check.hpp"
#include "gzip.hpp"

using tunegate::Compression;
using tunegate::CutShort;
using tunegate::open_source;
using tunegate::read_stretch;
using tunegate::SourceError;

namespace {

/// A file with these bytes, gone with the object.
class Disk {
 public:
  explicit Disk(const std::string& bytes) : path_(unused_path()) { std::ofstream(path_, std::ios::binary) << bytes; }
  ~Disk() { std::filesystem::remove(path_); }
  Disk(const Disk&) = delete;
  Disk& operator=(const Disk&) = delete;
  const std::string& path() const { return path_; }

 private:
  static std::string unused_path() {
    static int count = 0;
    const std::string name = "tunegate-bytes-test-" + std::to_string(::getpid()) + "-" + std::to_string(count++);
    return (std::filesystem::temp_directory_path() / name).string();
  }
  std::string path_;
};

std::string zstd(std::string_view text) {
  std::string out(ZSTD_compressBound(text.size()), '\0');
  out.resize(ZSTD_compress(out.data(), out.size(), text.data(), text.size(), 3));
  return out;
}

std::string read_all(const std::string& path, Compression compression, std::size_t step) {
  const auto source = open_source(path, compression);
  std::string out, chunk(step, '\0');
  while (const std::size_t got = source->read(chunk.data(), step)) out.append(chunk, 0, got);
  return out;
}

/// Half noise, half repetition, so that the decoders fall behind and run ahead.
std::string mixed_text(std::size_t size) {
  std::mt19937 random(3);
  std::string text;
  while (text.size() < size) {
    for (int i = 0; i < 300; ++i) text += static_cast<char>(random());
    text += std::string(random() % 5000, 'x');
  }
  return text;
}

std::string outcome(const std::string& bytes, Compression compression, std::size_t whole) {
  const Disk file(bytes);
  try {
    return read_all(file.path(), compression, 4096).size() == whole ? "whole" : "less";
  } catch (const CutShort&) {
    return "cut short";
  } catch (const SourceError&) {
    return "not sound";
  }
}

}  // namespace

TEST(bytes_come_out_as_they_went_in_whatever_the_step) {
  const std::string text = mixed_text(300000);
  const Disk plain(text), gz(gzip(text)), zst(zstd(text));
  for (const std::size_t step : {std::size_t{1} << 20, std::size_t{4096}, std::size_t{61}}) {
    CHECK(read_all(plain.path(), Compression::kNone, step) == text);
    CHECK(read_all(gz.path(), Compression::kGzip, step) == text);
    CHECK(read_all(zst.path(), Compression::kZstd, step) == text);
  }
}

TEST(members_and_frames_in_a_row_are_one_stream) {
  const Disk gz(gzip("ab") + gzip("") + gzip("c")), zst(zstd("ab") + zstd("") + zstd("c"));
  CHECK_EQ(read_all(gz.path(), Compression::kGzip, 16), "abc");
  CHECK_EQ(read_all(zst.path(), Compression::kZstd, 16), "abc");
}

TEST(a_stream_cut_anywhere_is_cut_short) {
  const std::string text = mixed_text(20000);
  for (const auto& [bytes, compression] :
       {std::pair(gzip(text), Compression::kGzip), std::pair(zstd(text), Compression::kZstd)}) {
    for (std::size_t size = 1; size < bytes.size(); size += 101) {
      CHECK_EQ(outcome(bytes.substr(0, size), compression, text.size()), "cut short");
    }
    CHECK_EQ(outcome(bytes.substr(0, bytes.size() - 1), compression, text.size()), "cut short");
    CHECK_EQ(outcome(bytes + bytes.substr(0, 5), compression, text.size()), "cut short");
    CHECK_EQ(outcome(bytes, compression, text.size()), "whole");
    CHECK_EQ(outcome(bytes + "garbage that is no stream", compression, text.size()), "not sound");
  }
}

TEST(damage_is_an_error_and_never_more_text) {
  const std::string text = mixed_text(20000), bytes = gzip(text);
  for (std::size_t at = 0; at < bytes.size(); at += 53) {
    std::string damaged = bytes;
    damaged[at] = static_cast<char>(damaged[at] ^ 0x24);
    CHECK(outcome(damaged, Compression::kGzip, text.size()) != "less");
  }
}

TEST(the_bytes_of_the_file_consumed_are_counted) {
  const std::string text = mixed_text(5000), bytes = gzip(text);
  const Disk file(bytes);
  const auto source = open_source(file.path(), Compression::kGzip);
  CHECK_EQ(source->consumed(), 0u);
  std::string chunk(10000, '\0');
  while (source->read(chunk.data(), chunk.size()) > 0) {
  }
  CHECK_EQ(source->consumed(), bytes.size());
}

TEST(a_stretch_is_cut_out_of_the_unpacked_bytes) {
  const std::string text = mixed_text(600000);
  const Disk gz(gzip(text));
  CHECK(read_stretch(gz.path(), Compression::kGzip, 300000, 1000) == text.substr(300000, 1000));
  CHECK(read_stretch(gz.path(), Compression::kGzip, 0, 300000) == text.substr(0, 300000));
  CHECK(read_stretch(gz.path(), Compression::kGzip, text.size() - 3, 1000) == text.substr(text.size() - 3));
  CHECK(read_stretch(gz.path(), Compression::kGzip, text.size() + 3, 1000).empty());
}

TEST(a_file_that_is_not_there_is_an_error) {
  for (const Compression compression : {Compression::kNone, Compression::kGzip, Compression::kZstd}) {
    bool refused = false;
    try {
      open_source("/nowhere/at/all", compression);
    } catch (const SourceError&) {
      refused = true;
    }
    CHECK(refused);
  }
}
