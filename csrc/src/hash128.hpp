#pragma once
#include <string_view>

#include <xxhash.h>

#include "tunegate/sample.hpp"

namespace tunegate {

inline Fingerprint hex(XXH128_hash_t hash) {
  static constexpr char kHex[] = "0123456789abcdef";
  XXH128_canonical_t canonical;
  XXH128_canonicalFromHash(&canonical, hash);
  Fingerprint out;
  char* digit = out.digits.data();
  for (const unsigned char byte : canonical.digest) {
    *digit++ = kHex[byte >> 4];
    *digit++ = kHex[byte & 0xF];
  }
  return out;
}

/// XXH3-128 of bytes in one piece, seed 0, as hexadecimal digits (https://github.com/Cyan4973/xxHash).
inline Fingerprint hash128(std::string_view bytes) { return hex(XXH3_128bits(bytes.data(), bytes.size())); }

/// The same over bytes fed in pieces.
class Hash128 {
 public:
  Hash128() { XXH3_128bits_reset(&state_); }
  void add(std::string_view bytes) { XXH3_128bits_update(&state_, bytes.data(), bytes.size()); }
  Fingerprint digest() const { return hex(XXH3_128bits_digest(&state_)); }

 private:
  XXH3_state_t state_;
};

}  // namespace tunegate
