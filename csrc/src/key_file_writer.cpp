#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "key_file_layout.hpp"
#include "tunegate/byte_source.hpp"
#include "tunegate/key_file.hpp"

namespace tunegate {
namespace {

/// Writes sections one after the other and their digest as it goes.
class SectionWriter {
 public:
  explicit SectionWriter(const std::string& path)
      : path_(path), descriptor_(::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600)) {
    if (descriptor_ < 0) fail();
    put(0, &header, sizeof header);
  }
  ~SectionWriter() { ::close(descriptor_); }
  SectionWriter(const SectionWriter&) = delete;
  SectionWriter& operator=(const SectionWriter&) = delete;

  void begin(KeyFileSection section) {
    static constexpr char kZeros[kAlignment] = {};
    append(kZeros, (kAlignment - size_ % kAlignment) % kAlignment);
    current_ = section;
    header.sections[section] = {size_, 0};
  }

  template <class T>
  void add(std::span<const T> values) {
    append(values.data(), values.size_bytes());
    header.sections[current_].bytes += values.size_bytes();
  }
  void add(std::uint64_t value) { add(std::span<const std::uint64_t>(&value, 1)); }

  void finish() {
    header.body_digest = digest_.digest().digits;
    header.header_digest = digest_of(header);
    flush();
    put(0, &header, sizeof header);
  }

  KeyFileHeader header;

 private:
  static constexpr std::size_t kBuffer = 1 << 20;

  void append(const void* bytes, std::size_t size) {
    digest_.add({static_cast<const char*>(bytes), size});
    size_ += size;
    buffer_.append(static_cast<const char*>(bytes), size);
    if (buffer_.size() > kBuffer) flush();
  }

  void flush() {
    put(flushed_, buffer_.data(), buffer_.size());
    flushed_ += buffer_.size();
    buffer_.clear();
  }

  void put(std::uint64_t offset, const void* bytes, std::size_t size) {
    const char* from = static_cast<const char*>(bytes);
    while (size > 0) {
      const ssize_t done = ::pwrite(descriptor_, from, size, static_cast<off_t>(offset));
      if (done < 0 && errno == EINTR) continue;
      if (done < 0) fail();
      from += done;
      offset += static_cast<std::uint64_t>(done);
      size -= static_cast<std::size_t>(done);
    }
  }

  [[noreturn]] void fail() const { throw SourceError(path_ + ": " + std::strerror(errno)); }

  std::string path_, buffer_;
  int descriptor_;
  std::uint64_t size_ = sizeof(KeyFileHeader);
  std::uint64_t flushed_ = sizeof(KeyFileHeader);
  KeyFileSection current_ = kRecords;
  Hash128 digest_;
};

void write_records(SectionWriter& file, const KeyFileContent& content) {
  for (const KeyPart& part : content.parts) {
    for (RecordKey key : part.keys->records()) {
      key.source += part.first_source;
      key.line += part.first_line;
      file.add(std::span<const RecordKey>(&key, 1));
    }
  }
}

void write_keys(SectionWriter& file, const std::vector<KeyPart>& parts, std::uint32_t bands) {
  for (std::uint32_t band = 0; band < bands; ++band) {
    for (const KeyPart& part : parts) {
      for (const KeyStretch& stretch : part.keys->stretches()) {
        file.add(std::span(stretch.keys + band * stretch.stride, stretch.records));
      }
    }
  }
}

void write_unreadable(SectionWriter& file, const std::vector<KeyPart>& parts) {
  std::uint32_t first = 0;
  for (const KeyPart& part : parts) {
    for (const std::uint32_t record : part.keys->unreadable()) {
      const std::uint32_t number = first + record;
      file.add(std::span(&number, 1));
    }
    first += static_cast<std::uint32_t>(part.keys->records().size());
  }
}

void write_sources(SectionWriter& file, const std::vector<KeySource>& sources) {
  for (const KeySource& source : sources) {
    file.add(source.name.size());
    file.add(std::span(source.name.data(), source.name.size()));
    file.add(source.bytes);
    file.add(source.lines);
    file.add(source.records);
  }
}

/// The set of every record, sorted and without repeats; `ends` is filled with where each ends.
void write_sets(SectionWriter& file, ShingleSource::Reader& sets, const KeyPart& part,
                std::vector<std::uint64_t>& ends) {
  std::vector<std::uint64_t> set;
  for (std::uint32_t record = 0; record < part.keys->records().size(); ++record) {
    const auto hashes = sets.shingles(part.first + record);
    set.assign(hashes.begin(), hashes.end());
    std::sort(set.begin(), set.end());
    set.erase(std::unique(set.begin(), set.end()), set.end());
    file.add(std::span<const std::uint64_t>(set));
    ends.push_back((ends.empty() ? 0 : ends.back()) + set.size());
  }
}

void describe(KeyFileHeader& header, const KeyFileContent& content) {
  header.field = static_cast<std::uint8_t>(content.settings.field);
  header.unit = static_cast<std::uint8_t>(content.settings.shingles.unit);
  header.shingle_size = static_cast<std::uint32_t>(content.settings.shingles.size);
  header.bands = content.settings.banding.bands;
  header.rows = content.settings.banding.rows;
  header.seed = content.settings.seed;
  header.threshold_numerator = content.threshold.numerator;
  header.threshold_denominator = content.threshold.denominator;
  for (const KeyPart& part : content.parts) header.records += part.keys->records().size();
}

}  // namespace

void write_key_file(const std::string& path, const KeyFileContent& content) {
  SectionWriter file(path);
  describe(file.header, content);
  file.begin(kRecords);
  write_records(file, content);
  file.begin(kBits);
  for (const KeyPart& part : content.parts) file.add(part.keys->bits());
  file.begin(kKeys);
  write_keys(file, content.parts, content.settings.banding.bands);
  file.begin(kUnreadable);
  write_unreadable(file, content.parts);
  file.begin(kSources);
  write_sources(file, content.sources);
  file.begin(kKept);
  file.add(content.kept);
  std::vector<std::uint64_t> ends;
  file.begin(kSets);
  const auto sets = content.sets != nullptr ? content.sets->reader() : nullptr;
  for (const KeyPart& part : content.parts) {
    if (sets) write_sets(file, *sets, part, ends);
  }
  file.begin(kSetEnds);
  file.add(std::span<const std::uint64_t>(ends));
  file.finish();
}

}  // namespace tunegate
