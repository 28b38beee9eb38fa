#include "held_shingles.hpp"

#include <algorithm>

#include "chunk_queue.hpp"
#include "shingle_bits.hpp"

namespace tunegate {
class HeldShingles::HeldReader final : public ShingleSource::Reader {
 public:
  explicit HeldReader(const HeldShingles& owner) : owner_(owner) {}

  std::span<const std::uint64_t> shingles(std::uint32_t record) override { return owner_.held(owner_.place(record)); }

 private:
  const HeldShingles& owner_;
};

HeldShingles::HeldShingles(std::span<const std::uint32_t> records, const ShingleSource& source, std::size_t threads)
    : records_(records), chunks_((records.size() + kChunkRecords - 1) / kChunkRecords) {
  if (records.empty()) return;
  places_.resize(std::size_t{records.back()} - records.front() + 1);
  for (std::uint32_t place = 0; place < records.size(); ++place) places_[records[place] - records.front()] = place;
  bits_.resize(records.size());
  for_each_chunk(chunks_.size(), threads, [&] {
    return [&, reader = source.reader()](std::size_t number) {
      const std::size_t begin = number * kChunkRecords, end = std::min(begin + kChunkRecords, records.size());
      for (std::size_t place = begin; place < end; ++place) {
        const auto read = reader->shingles(records[place]);
        Chunk& chunk = chunks_[number];
        if (place == begin) chunk.hashes.reserve(read.size() * kChunkRecords);  // much alike, as a rule
        chunk.hashes.insert(chunk.hashes.end(), read.begin(), read.end());
        chunk.ends.push_back(chunk.hashes.size());
        for (const std::uint64_t hash : read) bits_[place][hash >> 6 & 31] |= std::uint64_t{1} << (hash & 63);
      }
    };
  });
}

bool HeldShingles::may_match(std::uint32_t a, std::uint32_t b, Threshold threshold) const {
  const std::size_t left = place(a), right = place(b);
  return may_meet(threshold, bits_[left], bits_[right], held(left).size() + held(right).size());
}

std::unique_ptr<ShingleSource::Reader> HeldShingles::reader() const { return std::make_unique<HeldReader>(*this); }

}  // namespace tunegate
