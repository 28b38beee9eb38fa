#pragma once
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace tunegate {

/// What stands for no token.
inline constexpr std::uint32_t kNoToken = 0xFFFFFFFF;

/// The ids of tokens by their bytes: an index into a list of tokens, which may grow and must outlive it. Open
/// addressing, at most half full, 8 bytes a slot.
class TokenIds {
 public:
  /// Room for `most` tokens; more must not be inserted.
  TokenIds(const std::vector<std::string>& tokens, std::size_t most);

  /// Takes up the token of that id. False, and nothing changed, when one of the same bytes is there already.
  bool insert(std::uint32_t id);

  /// kNoToken when no such token was inserted. O(bytes).
  std::uint32_t find(std::string_view token) const;

 private:
  struct Slot {
    std::uint32_t id = kNoToken;
    std::uint32_t tag = 0;  // other bits of the hash than those that choose the slot
  };
  /// The number of the slot of the token, or of the free one where it would stand.
  std::size_t slot_of(std::string_view token, std::uint64_t hash) const;

  const std::vector<std::string>* tokens_;
  std::vector<Slot> slots_;
};

}  // namespace tunegate
