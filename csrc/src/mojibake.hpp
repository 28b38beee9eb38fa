#pragma once
#include <cstddef>
#include <string_view>

namespace tunegate {

/// How sure it is that a sequence is mojibake. Sound text holds weak ones too, such as an accented capital
/// before a closing quotation mark.
enum class MojibakeEvidence { kNone, kWeak, kStrong };

/// Characters that stand for the bytes of one UTF-8 sequence read as Windows-1252 or Latin-1.
struct Mojibake {
  MojibakeEvidence evidence = MojibakeEvidence::kNone;
  std::size_t bytes = 0;
};

/// What starts at byte `at`, where a character U+00C2 to U+00F4 must start. O(1).
Mojibake mojibake_at(std::string_view text, std::size_t at);

}  // namespace tunegate
