#include "token_ids.hpp"

#include <xxhash.h>

#include <bit>

namespace tunegate {
namespace {

std::uint64_t hash_of(std::string_view token) { return XXH3_64bits(token.data(), token.size()); }

constexpr std::uint32_t tag_of(std::uint64_t hash) { return static_cast<std::uint32_t>(hash >> 32); }

}  // namespace

TokenIds::TokenIds(const std::vector<std::string>& tokens, std::size_t most)
    : tokens_(&tokens), slots_(std::bit_ceil(2 * most + 1)) {}

std::size_t TokenIds::slot_of(std::string_view token, std::uint64_t hash) const {
  const std::size_t mask = slots_.size() - 1;
  for (std::size_t at = hash & mask;; at = (at + 1) & mask) {
    const Slot slot = slots_[at];
    if (slot.id == kNoToken || (slot.tag == tag_of(hash) && (*tokens_)[slot.id] == token)) return at;
  }
}

bool TokenIds::insert(std::uint32_t id) {
  const std::string& token = (*tokens_)[id];
  const std::uint64_t hash = hash_of(token);
  Slot& slot = slots_[slot_of(token, hash)];
  if (slot.id != kNoToken) return false;
  slot = {id, tag_of(hash)};
  return true;
}

std::uint32_t TokenIds::find(std::string_view token) const { return slots_[slot_of(token, hash_of(token))].id; }

}  // namespace tunegate
