#include "held_shingles.hpp"

#include <algorithm>

#include "chunk_queue.hpp"
#include "shingle_bits.hpp"

namespace tunegate {
class HeldShingles::HeldReader final : public ShingleSource::Reader {
 public:
  explicit HeldReader(const HeldShingles& owner) : owner_(owner) {}

  std::span<const std::uint64_t> shingles(std::uint32_t record) override { return owner_.held(record); }

 private:
  const HeldShingles& owner_;
};

HeldShingles::HeldShingles(std::span<const std::uint32_t> records, std::size_t hashes, const ShingleSource& source,
                           std::size_t threads)
    : records_(records), bits_(records.size()), sets_(records.size()), read_(hashes) {
  if (records.empty()) return;
  places_.resize(std::size_t{records.back()} - records.front() + 1);
  for (std::uint32_t place = 0; place < records.size(); ++place) places_[records[place] - records.front()] = place;
  const std::size_t chunks = (records.size() + kChunkRecords - 1) / kChunkRecords;
  for_each_chunk(chunks, threads, [&] {
    return [&, reader = source.reader()](std::size_t chunk) {
      const std::size_t begin = chunk * kChunkRecords, end = std::min(begin + kChunkRecords, records.size());
      for (std::size_t place = begin; place < end; ++place) {
        sets_[place] = source.held(records[place]);
        if (sets_[place].empty()) sets_[place] = read_.copy(reader->shingles(records[place]));
        for (const std::uint64_t hash : sets_[place]) bits_[place][hash >> 6 & 31] |= std::uint64_t{1} << (hash & 63);
      }
    };
  });
}

bool HeldShingles::may_match(std::uint32_t a, std::uint32_t b, Threshold threshold) const {
  const std::size_t left = place(a), right = place(b);
  return may_meet(threshold, bits_[left], bits_[right], sets_[left].size() + sets_[right].size());
}

std::unique_ptr<ShingleSource::Reader> HeldShingles::reader() const { return std::make_unique<HeldReader>(*this); }

}  // namespace tunegate
