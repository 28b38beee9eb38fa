#include "tunegate/hash_arena.hpp"

#include <cstdint>
#include <thread>
#include <vector>

#include "check.hpp"

namespace {

using tunegate::HashArena;
using Hashes = std::vector<std::uint64_t>;

Hashes copied(HashArena& arena, const Hashes& hashes) {
  const auto copy = arena.copy(hashes);
  return {copy.begin(), copy.end()};
}

TEST(an_arena_keeps_what_it_has_room_for_to_the_last_hash) {
  HashArena arena(5);
  const auto first = arena.copy(Hashes{1, 2, 3});
  CHECK(copied(arena, {4, 5}) == Hashes{4, 5});
  CHECK(Hashes(first.begin(), first.end()) == Hashes{1, 2, 3});
  CHECK(copied(arena, {6}).empty());
}

TEST(an_arena_that_was_too_small_once_is_full) {
  HashArena arena(5);
  CHECK(copied(arena, {1, 2, 3, 4, 5, 6}).empty());
  CHECK(copied(arena, {1}).empty());
  HashArena none(0);
  CHECK(copied(none, {1}).empty());
}

TEST(threads_share_an_arena) {
  HashArena arena(4000);
  std::vector<std::vector<std::span<const std::uint64_t>>> copies(4);
  std::vector<std::thread> threads;
  for (std::uint64_t number = 0; number < 4; ++number) {
    threads.emplace_back([&arena, &mine = copies[number], number] {
      for (int i = 0; i < 200; ++i) mine.push_back(arena.copy(Hashes(7, number)));
    });
  }
  for (auto& thread : threads) thread.join();
  std::size_t kept = 0;
  for (std::uint64_t number = 0; number < 4; ++number) {
    for (const auto copy : copies[number]) {
      kept += copy.size();
      for (const std::uint64_t hash : copy) CHECK_EQ(hash, number);
    }
  }
  CHECK_EQ(kept, std::size_t{4000 / 7 * 7});
}

}  // namespace
