#include "tunegate/bpe.hpp"

#include <algorithm>
#include <string>

#include "bpe_merge.hpp"
#include "byte_characters.hpp"
#include "token_ids.hpp"

namespace tunegate {
namespace {

constexpr std::string_view kMetaspace = "\xE2\x96\x81";  // U+2581
constexpr char32_t kMetaspaceCharacter = 0x2581;

}  // namespace

class BpeModel::WholePieces {
 public:
  WholePieces(const std::vector<std::string>& tokens, bool is_byte_level)
      : pieces_(tokens.size()), ids_(pieces_, tokens.size()) {
    for (std::size_t id = 0; id < tokens.size(); ++id) {
      pieces_[id] = is_byte_level ? bytes_of_token(tokens[id]).value_or("") : tokens[id];
      if (!pieces_[id].empty()) ids_.insert(static_cast<std::uint32_t>(id));
    }
  }
  std::uint32_t find(std::string_view piece) const { return ids_.find(piece); }

 private:
  std::vector<std::string> pieces_;
  TokenIds ids_;
};

BpeModel::BpeModel(const BpeData& data, bool is_byte_level)
    : alphabet_(data, is_byte_level),
      merges_(data.merges),
      byte_pairs_(rank_byte_pairs()),
      whole_(data.ignore_merges ? std::make_unique<WholePieces>(data.tokens, is_byte_level) : nullptr),
      splits_before_metaspace_(can_split_before_metaspace(data, is_byte_level)) {}

BpeModel::~BpeModel() = default;
BpeModel::BpeModel(BpeModel&&) noexcept = default;
BpeModel& BpeModel::operator=(BpeModel&&) noexcept = default;

/// The reason why a cut between a character that is not U+2581 and one that is changes nothing:
/// - Each side starts as the same tokens with the cut as without. U+2581 is a token, so that a run of unknown
///   characters ends before it in both cases.
/// - No merge joins the two sides. No character is left out, so that the token left of the cut, merged or not, ends
///   with that of its last character, of its last byte (<0xNN>) or with the unknown token; none of them ends with
///   U+2581. The one right of it starts with U+2581. What they would make has U+2581 behind another character: no token
///   has.
/// - Within a side the order of merges depends on that side alone.
/// - Whole pieces are not looked up, which would see other pieces.
bool BpeModel::can_split_before_metaspace(const BpeData& data, bool is_byte_level) const {
  const auto has_cut = [](const std::string& token) { return find_metaspace_cut(token, 0) < token.size(); };
  const bool is_unk_apart = !data.unk || !data.tokens[*data.unk].ends_with(kMetaspace);
  return !is_byte_level && !data.ignore_merges && is_unk_apart && alphabet_.keeps_all() &&
         alphabet_.has(kMetaspaceCharacter) && std::none_of(data.tokens.begin(), data.tokens.end(), has_cut);
}

std::vector<std::uint32_t> BpeModel::rank_byte_pairs() const {
  std::vector<std::uint32_t> ranks;
  if (!alphabet_.is_complete()) return ranks;
  for (unsigned left = 0; left < 256; ++left) {
    for (unsigned right = 0; right < 256; ++right) {
      ranks.push_back(merges_.rank(alphabet_.of_byte(static_cast<std::uint8_t>(left)),
                                   alphabet_.of_byte(static_cast<std::uint8_t>(right))));
    }
  }
  return ranks;
}

/// Merges at most kShortPiece tokens that the piece starts as.
std::size_t BpeModel::merge_few(std::string_view piece, std::uint32_t* ids, std::size_t count) const {
  std::array<std::uint32_t, kShortPiece> ranks;
  if (!byte_pairs_.empty()) {
    const auto byte_at = [piece](std::size_t at) { return std::size_t{static_cast<unsigned char>(piece[at])}; };
    for (std::size_t i = 0; i + 1 < count; ++i) ranks[i] = byte_pairs_[byte_at(i) << 8 | byte_at(i + 1)];
  } else {
    for (std::size_t i = 0; i + 1 < count; ++i) ranks[i] = merges_.rank(ids[i], ids[i + 1]);
  }
  return merge_short(merges_, ids, ranks.data(), count);
}

template <class Take>
void BpeModel::with_tokens(std::string_view piece, BpeScratch& scratch, Take take) const {
  if (whole_ != nullptr) {
    if (const std::uint32_t id = whole_->find(piece); id != kNoToken) return take(&id, 1);
  }
  if (piece.size() <= kShortPiece) {
    std::array<std::uint32_t, kShortPiece> ids;
    return take(ids.data(), merge_few(piece, ids.data(), alphabet_.read(piece, ids.data())));
  }
  scratch.ids.resize(std::max(scratch.ids.size(), piece.size()));
  const std::size_t symbols = alphabet_.read(piece, scratch.ids.data());
  const std::size_t count =
      symbols <= kShortPiece ? merge_few(piece, scratch.ids.data(), symbols) : merge_long(merges_, scratch, symbols);
  take(scratch.ids.data(), count);
}

std::uint32_t BpeModel::count(std::string_view piece, BpeScratch& scratch) const {
  std::uint32_t tokens = 0;
  with_tokens(piece, scratch,
              [&tokens](const std::uint32_t*, std::size_t count) { tokens = static_cast<std::uint32_t>(count); });
  return tokens;
}

void BpeModel::encode(std::string_view piece, BpeScratch& scratch, std::vector<std::uint32_t>& ids) const {
  with_tokens(piece, scratch, [&ids](const std::uint32_t* tokens, std::size_t count) {
    ids.insert(ids.end(), tokens, tokens + count);
  });
}

std::size_t find_metaspace_cut(std::string_view text, std::size_t begin) {
  std::size_t at = begin;
  while (text.substr(at).starts_with(kMetaspace)) at += kMetaspace.size();
  return std::min(text.find(kMetaspace, at), text.size());
}

}  // namespace tunegate
