#include <algorithm>
#include <optional>

#include "chunk_queue.hpp"
#include "set_cache.hpp"
#include "tunegate/prefix_join.hpp"

namespace tunegate {
namespace {

constexpr std::size_t kChunkPairs = 512;

/// Verifies pairs one after another; consecutive ones with the same `a` load it once.
class Verifier {
 public:
  Verifier(const ShingleSource& source, Threshold threshold) : sets_(source), threshold_(threshold) {}

  std::optional<Match> match(RecordPair pair) {
    if (loaded_ != pair.a) {
      loaded_.reset();
      comparer_.load(sets_.shingles(pair.a));
      loaded_ = pair.a;
    }
    const std::span<const std::uint64_t> other = sets_.shingles(pair.b);
    // Repeats make a set smaller still.
    if (other.size() < comparer_.size() && !threshold_.is_possible(comparer_.size(), other.size())) return std::nullopt;
    const Overlap overlap = comparer_.compare(other);
    if (!threshold_.is_met(overlap)) return std::nullopt;
    return Match{pair.a, pair.b, overlap};
  }

 private:
  SetCache sets_;
  SetComparer comparer_;
  Threshold threshold_;
  std::optional<std::uint32_t> loaded_;
};

}  // namespace

std::vector<Match> verify(std::span<const RecordPair> pairs, const ShingleSource& source, Threshold threshold,
                          std::size_t threads) {
  const std::size_t chunks = (pairs.size() + kChunkPairs - 1) / kChunkPairs;
  std::vector<std::vector<Match>> found(chunks);
  for_each_chunk(chunks, threads, [&] {
    return [&, verifier = Verifier(source, threshold)](std::size_t chunk) mutable {
      const std::size_t first = chunk * kChunkPairs;
      for (const RecordPair pair : pairs.subspan(first, std::min(kChunkPairs, pairs.size() - first))) {
        if (const auto match = verifier.match(pair)) found[chunk].push_back(*match);
      }
    };
  });
  return concatenate(found);
}

}  // namespace tunegate
