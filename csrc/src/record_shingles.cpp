#include "tunegate/record_shingles.hpp"

#include <algorithm>

#include "open_file.hpp"

namespace tunegate {
class RecordShingles::FileReader final : public ShingleSource::Reader {
 public:
  explicit FileReader(const RecordShingles& owner)
      : owner_(owner), files_(owner.parts_.size()), parser_(FieldNames{}), shingler_(owner.shingles_) {}

  std::span<const std::uint64_t> shingles(std::uint32_t record) override {
    const auto held = owner_.held(record);
    if (!held.empty()) return held;
    const std::size_t number = owner_.part_of(record);
    const RecordPart& part = owner_.parts_[number];
    const RecordKey& key = part.records[record - part.first];
    const bool has_none = key.text_hash == 0 || !part.set_ends.empty();
    return has_none ? std::span<const std::uint64_t>() : parse(file(number), key);
  }

 private:
  const OpenFile& file(std::size_t number) {
    if (!files_[number]) files_[number] = std::make_unique<OpenFile>(owner_.parts_[number].path);
    return *files_[number];
  }

  std::span<const std::uint64_t> parse(const OpenFile& file, const RecordKey& key) {
    if (bytes_.size() < key.length) bytes_.resize(key.length);
    file.read(key.offset, bytes_.data(), key.length);
    if (parser_.parse({bytes_.data(), key.length})) {
      throw SourceError(file.path() + " changed while it was read; run again when it is written completely");
    }
    shingler_.clear();
    for_each_piece(parser_.sample(), owner_.field_, [this](std::string_view piece) { shingler_.add(piece); });
    return shingler_.shingles();
  }

  const RecordShingles& owner_;
  std::vector<std::unique_ptr<OpenFile>> files_;
  RecordParser parser_;
  Shingler shingler_;
  std::vector<char> bytes_;
};

RecordShingles::RecordShingles(std::vector<RecordPart> parts, TextField field, ShingleOptions shingles)
    : parts_(std::move(parts)), field_(field), shingles_(shingles) {}

std::size_t RecordShingles::part_of(std::uint32_t record) const {
  const auto after = std::ranges::upper_bound(parts_, record, {}, &RecordPart::first);
  return static_cast<std::size_t>(after - parts_.begin()) - 1;
}

std::span<const std::uint64_t> RecordShingles::held(std::uint32_t record) const {
  const RecordPart& part = parts_[part_of(record)];
  const std::uint32_t at = record - part.first;
  if (part.set_ends.empty()) {
    const auto set = std::ranges::lower_bound(part.held, at, {}, &HeldSet::record);
    return set == part.held.end() || set->record != at ? std::span<const std::uint64_t>() : set->hashes;
  }
  const std::uint64_t begin = at == 0 ? 0 : part.set_ends[at - 1];
  return part.hashes.subspan(begin, part.set_ends[at] - begin);
}

std::unique_ptr<ShingleSource::Reader> RecordShingles::reader() const { return std::make_unique<FileReader>(*this); }

}  // namespace tunegate
