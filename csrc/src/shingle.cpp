#include "tunegate/shingle.hpp"

#include <algorithm>
#include <bit>
#include <stdexcept>
#include <vector>

#include "shingle_hash.hpp"
#include "tunegate/unicode.hpp"
#include "word_text.hpp"

namespace tunegate {

struct Shingler::State {
  State(ShingleOptions chosen, SimdLevel level)
      : options(chosen), text(level), words(hash_words(level)), hash(shingle_hash(level)) {}

  void hash_units();
  void hash_characters();

  ShingleOptions options;
  WordText text;
  HashWords words;
  ShingleHash hash;
  bool hashed = false;
  std::size_t count = 0;  // of words, or of characters
  std::vector<std::uint64_t> units, shingles, folded;
};

void Shingler::State::hash_units() {
  if (hashed) return;
  hashed = true;
  if (options.unit == ShingleUnit::kCharacters) return hash_characters();
  count = words(text.bytes(), text.word_bits(), units);
}

void Shingler::State::hash_characters() {
  const std::string_view bytes(text.bytes(), 64 * text.word_bits().size());
  count = 0;
  std::size_t base = 0;
  for (std::uint64_t bits : text.word_bits()) {
    make_room(units, count + 64);
    for (; bits != 0; bits &= bits - 1) {
      const std::size_t at = base + static_cast<std::size_t>(std::countr_zero(bits));
      const auto byte = static_cast<unsigned char>(bytes[at]);
      const bool continues = (byte & 0xC0) == 0x80;
      if (!continues) units[count++] = ShingleHash::character(byte < 0x80 ? byte : decode(bytes, at).value);
    }
    base += 64;
  }
}

Shingler::Shingler(ShingleOptions options, SimdLevel level) {
  if (options.size == 0) throw std::invalid_argument("a shingle has at least 1 word or character, not 0");
  state_ = std::make_unique<State>(options, std::min(level, best_simd_level()));
}

Shingler::~Shingler() = default;
Shingler::Shingler(Shingler&&) noexcept = default;
Shingler& Shingler::operator=(Shingler&&) noexcept = default;

void Shingler::clear() {
  state_->text.clear();
  state_->hashed = false;
}

void Shingler::add(std::string_view piece) {
  state_->text.append(piece);
  state_->hashed = false;
}

std::span<const std::uint64_t> Shingler::shingles() {
  State& state = *state_;
  state.hash_units();
  if (state.count == 0) return {};
  const std::size_t size = std::min(state.options.size, state.count);
  make_room(state.shingles, state.count);
  state.hash.shingles(state.units.data(), state.count, size, state.shingles.data());
  return {state.shingles.data(), state.count + 1 - size};
}

std::uint64_t Shingler::text_hash() {
  State& state = *state_;
  state.hash_units();
  if (state.count == 0) return 0;
  make_room(state.folded, state.count);
  return state.hash.text(state.units.data(), state.count, state.folded.data());
}

}  // namespace tunegate
