#include "tunegate/key_file.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <stdexcept>
#include <tuple>
#include <utility>

#include "hash128.hpp"
#include "key_file_layout.hpp"
#include "tunegate/byte_source.hpp"

namespace tunegate {
namespace {

/// A file mapped for reading; unmapped by its owner.
std::pair<const char*, std::size_t> map_file(const std::string& path) {
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) throw SourceError(std::strerror(errno));
  struct stat status {};
  const bool is_known = ::fstat(descriptor, &status) == 0 && status.st_size > 0;
  const auto size = is_known ? static_cast<std::size_t>(status.st_size) : 0;
  void* bytes = size > 0 ? ::mmap(nullptr, size, PROT_READ, MAP_SHARED, descriptor, 0) : nullptr;
  ::close(descriptor);
  if (bytes == MAP_FAILED) throw SourceError(std::strerror(errno));
  return {static_cast<const char*>(bytes), size};
}

[[noreturn]] void damaged() { throw KeyFileError("is damaged: its checksum or its layout does not fit"); }

std::string shown(const KeySettings& settings) {
  static constexpr const char* kFields[] = {"prompt", "response", "pair"};
  const bool is_words = settings.shingles.unit == ShingleUnit::kWords;
  return std::string(kFields[static_cast<std::size_t>(settings.field)]) + ", " +
         std::to_string(settings.shingles.size) + (is_words ? " words" : " characters") + ", " +
         std::to_string(settings.banding.bands) + " bands of " + std::to_string(settings.banding.rows) + ", seed " +
         std::to_string(settings.seed);
}

}  // namespace

MappedKeys::MappedKeys(const std::string& path, const KeySettings& expected) {
  std::tie(bytes_, size_) = map_file(path);
  try {
    check(expected);
    read_sources();
  } catch (...) {
    unmap();
    throw;
  }
  const auto records = static_cast<std::uint32_t>(this->records().size());
  stretch_ = {section<std::uint32_t>(kKeys).data(), records, 0, records};
  threshold_ = {header().threshold_numerator, header().threshold_denominator};
}

MappedKeys::~MappedKeys() { unmap(); }

void MappedKeys::unmap() {
  if (bytes_ != nullptr) ::munmap(const_cast<char*>(bytes_), size_);
  bytes_ = nullptr;
}

const KeyFileHeader& MappedKeys::header() const { return *reinterpret_cast<const KeyFileHeader*>(bytes_); }

template <class T>
std::span<const T> MappedKeys::section(std::size_t number) const {
  const auto [begin, bytes] = header().sections[number];
  return {reinterpret_cast<const T*>(bytes_ + begin), bytes / sizeof(T)};
}

void MappedKeys::check(const KeySettings& expected) const {
  if (size_ < sizeof(KeyFileHeader) || header().magic != kMagic) throw KeyFileError("is no index of tunegate");
  if (header().version != kVersion) {
    throw KeyFileError("has version " + std::to_string(header().version) + ", expected " + std::to_string(kVersion));
  }
  if (digest_of(header()) != header().header_digest) damaged();
  check_layout();
  const std::string_view body(bytes_ + sizeof(KeyFileHeader), size_ - sizeof(KeyFileHeader));
  if (hash128(body).digits != header().body_digest) damaged();
  const KeySettings found = header().settings();
  if (found != expected) {
    throw KeyFileError("was made with other settings: " + shown(found) + "; this run has " + shown(expected));
  }
  check_content();
}

/// That every section lies within the file and has the size that the number of records asks for.
void MappedKeys::check_layout() const {
  for (const auto& [begin, bytes] : header().sections) {
    if (begin % kAlignment != 0 || begin > size_ || bytes > size_ - begin) damaged();
  }
  const auto size_of = [this](std::size_t number) { return header().sections[number].bytes; };
  const std::uint64_t records = header().records;
  const bool is_whole = records <= UINT32_MAX && header().bands <= kMostBands &&
                        header().field <= static_cast<std::uint8_t>(TextField::kPair) && header().unit <= 1 &&
                        size_of(kRecords) == records * sizeof(RecordKey) &&
                        size_of(kBits) == records * sizeof(ShingleBits) &&
                        size_of(kKeys) == records * header().bands * sizeof(std::uint32_t) &&
                        (size_of(kKept) == 0 || size_of(kKept) == records) &&
                        (size_of(kSetEnds) == 0 || size_of(kSetEnds) == records * sizeof(std::uint64_t));
  if (!is_whole) damaged();
}

/// That no number in a section leads outside another.
void MappedKeys::check_content() const {
  const std::uint64_t count = header().records;
  const auto ends = set_ends();
  const bool ends_fit = std::is_sorted(ends.begin(), ends.end()) && (ends.empty() || ends.back() == sets().size());
  const auto is_record = [count](std::uint32_t record) { return record < count; };
  const auto lost = unreadable();
  if (!ends_fit || !std::all_of(lost.begin(), lost.end(), is_record)) damaged();
}

/// Each source: how long its name is, the name, its bytes, its line breaks, its records.
void MappedKeys::read_sources() {
  const auto all = section<char>(kSources);
  std::string_view rest(all.data(), all.size());
  std::uint64_t records = 0;
  const auto number = [&rest] {
    std::uint64_t value = 0;
    if (rest.size() < sizeof value) damaged();
    std::memcpy(&value, rest.data(), sizeof value);
    rest.remove_prefix(sizeof value);
    return value;
  };
  while (!rest.empty()) {
    const std::uint64_t length = number();
    if (length > rest.size()) damaged();
    KeySource source{std::string(rest.substr(0, length)), 0, 0, 0};
    rest.remove_prefix(length);
    source.bytes = number();
    source.lines = number();
    source.records = static_cast<std::uint32_t>(number());
    records += source.records;
    sources_.push_back(std::move(source));
  }
  const auto is_named = [this](const RecordKey& key) { return key.source < sources_.size(); };
  const auto keys = this->records();
  if (records != keys.size() || !std::all_of(keys.begin(), keys.end(), is_named)) damaged();
}

std::span<const RecordKey> MappedKeys::records() const { return section<RecordKey>(kRecords); }
std::span<const ShingleBits> MappedKeys::bits() const { return section<ShingleBits>(kBits); }
std::span<const std::uint32_t> MappedKeys::unreadable() const { return section<std::uint32_t>(kUnreadable); }
std::span<const std::uint8_t> MappedKeys::kept() const { return section<std::uint8_t>(kKept); }
std::span<const std::uint64_t> MappedKeys::set_ends() const { return section<std::uint64_t>(kSetEnds); }
std::span<const std::uint64_t> MappedKeys::sets() const { return section<std::uint64_t>(kSets); }

}  // namespace tunegate
