#include "tunegate/record_keys.hpp"

#include <algorithm>
#include <limits>
#include <stdexcept>
#include <string>

namespace tunegate {
namespace {

constexpr std::size_t kBytesPerRecord = 512;  // a first guess, from which the arrays grow

std::uint32_t narrow(std::int64_t value, const char* what) {
  if (value < 0 || value > std::numeric_limits<std::uint32_t>::max()) {
    throw std::length_error(std::string(what) + " does not fit into 32 bits");
  }
  return static_cast<std::uint32_t>(value);
}

}  // namespace

ShingleBits shingle_bits(std::span<const std::uint64_t> shingles) {
  ShingleBits bits{};
  for (const std::uint64_t hash : shingles) bits[hash >> 6 & 3] |= std::uint64_t{1} << (hash & 63);
  return bits;
}

KeySink::KeySink(const KeySettings& settings, const MinHasher* hasher, std::size_t bytes, HashArena* room)
    : settings_(settings),
      hasher_(hasher),
      shingler_(settings.shingles),
      stride_(std::max<std::size_t>(16, bytes / kBytesPerRecord)),
      row_(settings.banding.bands),
      room_(room) {
  records_.reserve(stride_);
  bits_.reserve(stride_);
  keys_ = std::make_unique_for_overwrite<std::uint32_t[]>(stride_ * row_.size());
}

std::optional<Unreadable> KeySink::add(const RecordPlace& place, std::string_view raw, RecordParser& parser) {
  auto unreadable = parser.parse(raw);
  if (!unreadable) {
    add_key(place);
    add_text(parser.sample());
  }
  return unreadable;
}

void KeySink::add_unreadable(const RecordPlace& place, std::string_view, std::string_view reason) {
  if (reason_.empty()) reason_ = reason;
  unreadable_.push_back(static_cast<std::uint32_t>(records_.size()));
  add_key(place);
}

void KeySink::add_key(const RecordPlace& place) {
  if (records_.size() == stride_) widen();
  records_.push_back({static_cast<std::uint64_t>(place.byte_offset), 0, narrow(place.byte_length, "a record's length"),
                      narrow(place.line, "a line number"), 0, 0, 0});
  bits_.push_back({});
  for (std::size_t band = 0; band < row_.size(); ++band) keys_[band * stride_ + records_.size() - 1] = 0;
}

void KeySink::add_text(const Sample& sample) {
  shingler_.clear();
  for_each_piece(sample, settings_.field, [this](std::string_view piece) { shingler_.add(piece); });
  const auto shingles = shingler_.shingles();
  if (shingles.empty()) return;
  RecordKey& key = records_.back();
  key.shingles = static_cast<std::uint32_t>(shingles.size());
  key.text_hash = shingler_.text_hash();
  key.besides = besides_hash(sample, settings_.field);
  bits_.back() = shingle_bits(shingles);
  if (row_.empty()) return;
  hasher_->band_keys(shingles, row_);
  const std::size_t record = records_.size() - 1;
  for (std::size_t band = 0; band < row_.size(); ++band) keys_[band * stride_ + record] = row_[band];
  if (room_ == nullptr || !watch_.is_crowded(row_)) return;
  const auto copy = room_->copy(shingles);
  if (!copy.empty()) held_.push_back({static_cast<std::uint32_t>(record), copy});
}

void KeySink::widen() {
  const std::size_t wider = 2 * stride_;
  auto keys = std::make_unique_for_overwrite<std::uint32_t[]>(wider * row_.size());
  for (std::size_t band = 0; band < row_.size(); ++band) {
    std::copy_n(keys_.get() + band * stride_, stride_, keys.get() + band * wider);
  }
  keys_ = std::move(keys);
  stride_ = wider;
}

void HeapKeys::append(KeySink& sink) {
  const auto first = static_cast<std::uint32_t>(records_.size());
  if (sink.records_.size() > std::numeric_limits<std::uint32_t>::max() - first) {
    throw std::length_error("more than 4,294,967,295 records");
  }
  records_.insert(records_.end(), sink.records_.begin(), sink.records_.end());
  bits_.insert(bits_.end(), sink.bits_.begin(), sink.bits_.end());
  for (const std::uint32_t record : sink.unreadable_) unreadable_.push_back(first + record);
  for (const HeldSet& set : sink.held_) held_.push_back({first + set.record, set.hashes});
  keys_.push_back(std::move(sink.keys_));
  stretches_.push_back({keys_.back().get(), sink.stride_, first, static_cast<std::uint32_t>(sink.records_.size())});
}

}  // namespace tunegate
