#pragma once
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "tunegate/jaccard.hpp"
#include "tunegate/lsh.hpp"

namespace tunegate {

/// Two records whose similarity was computed; a < b.
struct Match {
  std::uint32_t a = 0;
  std::uint32_t b = 0;
  Overlap overlap;
};

/// Where the shingle hashes of records come from: they are not all kept in memory.
class ShingleSource {
 public:
  virtual ~ShingleSource() = default;
  /// A reader for one thread.
  class Reader {
   public:
    virtual ~Reader() = default;
    /// The hashes of a record, repeated or not, valid until the next call. Throws SourceError.
    virtual std::span<const std::uint64_t> shingles(std::uint32_t record) = 0;
  };
  virtual std::unique_ptr<Reader> reader() const = 0;
  /// The hashes of a record that is in memory anyway, valid as long as this; empty for one that a reader must read.
  virtual std::span<const std::uint64_t> held(std::uint32_t) const { return {}; }
};

/// The matches among the pairs, in their order. The pairs are sorted. O(their shingles), side by side in threads,
/// each with a reader and up to 16 MiB of sets read last. Of several errors the one of the first pairs is thrown.
std::vector<Match> verify(std::span<const RecordPair> pairs, const ShingleSource& source, Threshold threshold,
                          std::size_t threads);

/// Whether two records may match at all, for what can tell so without reading them: a bound that is never wrong about a
/// match. Called by several threads.
using PairFilter = std::function<bool(std::uint32_t, std::uint32_t)>;

/// Finds all pairs of records that meet the threshold, with recall 1 and no pair wrong.
///
/// Two sets of Jaccard similarity t or more share one of their |x| - ceil(t |x|) + 1 first elements in any common
/// order; ordered from rare to frequent, what templates and system prompts share stands last and is never looked at.
/// How often a hash occurs is counted in a table of 8-bit counters that saturate, 64 MiB at most; any order that all
/// records share is right, so a count that is too high costs time only, and a hash that was counted once matches
/// nothing. Of a pair, the shorter set need only be looked up by fewer elements still.
/// Source: Chaudhuri, Ganti, Kaushik 2006 (prefix filter); Bayardo, Ma, Srikant 2007 (All-Pairs, both prefixes).
///
/// Reads every record twice to build; then holds up to 14 bytes for each prefix element that occurs twice or more and
/// 12 a record. A thread that looks for matches holds up to 16 MiB of sets read last. The answers do not depend on
/// the number of threads.
class PrefixJoin {
 public:
  /// records: in increasing order, each once, numbers known to `source`, which must outlive this. Throws SourceError,
  /// std::invalid_argument for a threshold out of range, std::length_error above 2^31 records or 2^32 elements.
  PrefixJoin(
      std::span<const std::uint32_t> records, const ShingleSource& source, Threshold threshold, std::size_t threads,
      PairFilter may_match = [](std::uint32_t, std::uint32_t) { return true; });
  ~PrefixJoin();

  /// How many pairs all_matches(0) would look at, counted before any is: repeats over elements included. O(elements).
  std::uint64_t candidates() const;

  /// All pairs that meet the threshold, sorted by a, then b, each once; those of two records below `first_new` are
  /// left out. The candidates of one record are looked at together: what it holds grows with the matches alone.
  std::vector<Match> all_matches(std::uint32_t first_new) const;

  /// For walks in keeper order, which never enumerate what near-copies have in common with one another: the best
  /// match of `record` among those added so far (the most similar, then the one added first), and nothing when none
  /// meets the threshold. match.a is the one added, match.b is `record`, whatever their numbers; a record never matches
  /// itself. Added records are not looked at when the positions of what they have in common with `record` show that
  /// they cannot win: many keepers of one template cost little more than one. One thread only. From the first add() on,
  /// this holds up to 2 bytes more an element and 13 a record, and for each element of a record added 8 to 28, up to
  /// twice while that grows: 8 when many of one size share what they share at the same position, as in templates.
  /// Source: Xiao, Wang, Lin, Yu 2008 (PPJoin, positional filter).
  /// Throws std::out_of_range for a record that is none of `records`, and SourceError.
  std::optional<Match> best_added(std::uint32_t record);
  /// Adding a record again changes nothing.
  void add(std::uint32_t record);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace tunegate
