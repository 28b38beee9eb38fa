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
    const auto overlap = comparer_.match(sets_.shingles(pair.b), threshold_);
    return overlap ? std::optional(Match{pair.a, pair.b, *overlap}) : std::nullopt;
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
