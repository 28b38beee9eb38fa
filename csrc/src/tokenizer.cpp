#include "tunegate/tokenizer.hpp"

#include <algorithm>
#include <array>
#include <iterator>
#include <string>
#include <utility>

#include "piece_cache.hpp"
#include "pretokenizer.hpp"
#include "text_normalizer.hpp"
#include "tunegate/added_tokens.hpp"
#include "tunegate/bpe.hpp"
#include "tunegate/tokenizer_file.hpp"

namespace tunegate {

namespace {

std::vector<AddedToken> raw_tokens(const std::vector<AddedToken>& added) {
  std::vector<AddedToken> found;
  std::ranges::copy_if(added, std::back_inserter(found), [](const AddedToken& token) { return !token.normalized; });
  return found;
}

/// The tokens to look for in normalised text, themselves normalised.
std::vector<AddedToken> normalized_tokens(const std::vector<AddedToken>& added, const TextNormalizer& normalizer) {
  std::vector<AddedToken> found;
  TextNormalizer::Buffers buffers;
  for (AddedToken token : added) {
    if (!token.normalized) continue;
    token.content = std::string(normalizer.normalize(token.content, buffers));
    found.push_back(std::move(token));
  }
  return found;
}

}  // namespace

/// What a text goes through.
struct Tokenizer::Parts {
  explicit Parts(const TokenizerFile& file)
      : normalizer(file.normalizer),
        raw(raw_tokens(file.added)),
        normalized(normalized_tokens(file.added, normalizer)),
        model(file.model, file.is_byte_level),
        pretokenizer(file, model) {}

  struct Buffers {
    TextNormalizer::Buffers normalized;
    std::string pieces;
  };

  /// Calls take_token(id) for each added token and take_piece(piece, end) for each piece in between, as Pretokenizer
  /// has it, and end_stretch() before the bytes of pieces go away.
  template <class TakeToken, class TakePiece, class EndStretch>
  void walk(std::string_view text, Buffers& buffers, TakeToken take_token, TakePiece take_piece,
            EndStretch end_stretch) const {
    raw.visit(text, [&](std::string_view segment, const AddedToken* token) {
      if (token != nullptr) return take_token(token->id);
      const bool is_first = segment.data() == text.data();
      const std::string_view stretch = normalizer.normalize(segment, buffers.normalized);
      normalized.visit(stretch, [&](std::string_view part, const AddedToken* found) {
        if (found != nullptr) return take_token(found->id);
        pretokenizer.for_each_piece(part, is_first && part.data() == stretch.data(), buffers.pieces, take_piece);
        end_stretch();
      });
    });
  }

  TextNormalizer normalizer;
  AddedTokens raw, normalized;
  BpeModel model;
  Pretokenizer pretokenizer;
};

Tokenizer::Tokenizer(std::string_view json) : parts_(std::make_unique<const Parts>(parse_tokenizer_file(json))) {}

Tokenizer::~Tokenizer() = default;

std::vector<std::uint32_t> Tokenizer::encode(std::string_view text) const {
  std::vector<std::uint32_t> ids;
  Parts::Buffers buffers;
  BpeScratch scratch;
  parts_->walk(
      text, buffers, [&](std::uint32_t id) { ids.push_back(id); },
      [&](std::string_view piece, const char*) { parts_->model.encode(piece, scratch, ids); }, [] {});
  return ids;
}

/// Short pieces wait until a few have come together, so that the memory looks up their rows side by side.
struct Tokenizer::Counter::State {
  explicit State(const Parts& shared) : parts(shared) {}

  void add(std::string_view piece, const char* end) {
    if (piece.size() > PieceCache::kMostBytes) {
      total += parts.model.count(piece, scratch);
      return;
    }
    const PieceCache::Key key = PieceCache::key(piece, end);
    const std::size_t row = cache.row(key);
    cache.prefetch(row);
    waiting[waits++] = {key, row, piece.data()};
    if (waits == waiting.size()) flush();
  }

  void flush() {
    for (std::size_t i = 0; i < waits; ++i) {
      const Waiting& piece = waiting[i];
      const auto known = cache.find(piece.row, piece.key);
      total += known ? *known : encode(piece);
    }
    waits = 0;
  }

  struct Waiting {
    PieceCache::Key key;
    std::size_t row;
    const char* bytes;
  };

  std::uint32_t encode(const Waiting& piece) {
    const std::uint32_t count = parts.model.count({piece.bytes, PieceCache::size(piece.key)}, scratch);
    cache.put(piece.row, piece.key, count);
    return count;
  }

  const Parts& parts;
  Parts::Buffers buffers;
  BpeScratch scratch;
  PieceCache cache;
  std::array<Waiting, 64> waiting;
  std::size_t waits = 0;
  std::uint64_t total = 0;
};

Tokenizer::Counter::Counter(const Tokenizer& tokenizer) : state_(std::make_unique<State>(*tokenizer.parts_)) {}

Tokenizer::Counter::~Counter() = default;

std::uint64_t Tokenizer::Counter::count(std::string_view text) {
  State& state = *state_;
  state.total = state.waits = 0;  // what an exception left behind
  state.parts.walk(
      text, state.buffers, [&](std::uint32_t) { ++state.total; },
      [&](std::string_view piece, const char* end) { state.add(piece, end); }, [&] { state.flush(); });
  return state.total;
}

}  // namespace tunegate
