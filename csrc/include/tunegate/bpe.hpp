#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "tunegate/bpe_alphabet.hpp"
#include "tunegate/merge_table.hpp"
#include "tunegate/tokenizer_file.hpp"

namespace tunegate {

/// Memory that long pieces are merged in, one for each thread; grows to at most 72 bytes for each byte of the longest.
struct BpeScratch {
  std::vector<std::uint32_t> ids, previous, next, ranks;
  std::vector<std::uint64_t> first, later, spare;  // what waits to be merged: rank, then position
};

/// Byte pair encoding of pieces of text, equal to the model BPE of `tokenizers` 0.23.
///
/// A piece starts as the tokens of its bytes or characters; as long as two neighbours merge, the pair of the lowest
/// rank does, the leftmost first. Up to kShortPiece bytes: no memory is allocated, O(n * merges) steps on a small
/// array. Longer: O(n log n). Safe to use from several threads, each with its own scratch.
///
/// Source: Sennrich et al. 2016, "Neural Machine Translation of Rare Words with Subword Units".
class BpeModel {
 public:
  static constexpr std::size_t kShortPiece = 64;

  /// `data` is valid as parse_tokenizer_file makes it.
  BpeModel(const BpeData& data, bool is_byte_level);
  ~BpeModel();
  BpeModel(BpeModel&&) noexcept;
  BpeModel& operator=(BpeModel&&) noexcept;

  /// Tokens of a piece: the bytes of the text, also at byte level. Any bytes below 4 GB are accepted; none make 0.
  std::uint32_t count(std::string_view piece, BpeScratch& scratch) const;

  /// Appends the tokens to `ids`.
  void encode(std::string_view piece, BpeScratch& scratch, std::vector<std::uint32_t>& ids) const;

  /// Whether a text may be cut before each run of U+2581 and the parts encoded one by one, with the same result.
  bool splits_before_metaspace() const { return splits_before_metaspace_; }

 private:
  class WholePieces;  // the tokens by their bytes

  template <class Take>
  void with_tokens(std::string_view piece, BpeScratch& scratch, Take take) const;
  std::size_t merge_few(std::string_view piece, std::uint32_t* ids, std::size_t count) const;
  std::vector<std::uint32_t> rank_byte_pairs() const;
  bool can_split_before_metaspace(const BpeData& data, bool is_byte_level) const;

  BpeAlphabet alphabet_;
  MergeTable merges_;
  std::vector<std::uint32_t> byte_pairs_;  // where each byte is a token: the ranks of two of them, 256 KB; else none
  std::unique_ptr<WholePieces> whole_;     // only where merges are ignored for them
  bool splits_before_metaspace_;
};

/// The end of the part of `text` that starts at byte `begin`: the next U+2581 behind another character, or the end of
/// the text. See BpeModel::splits_before_metaspace.
std::size_t find_metaspace_cut(std::string_view text, std::size_t begin);

}  // namespace tunegate
