#include "json_marks.hpp"

#include <array>
#include <cstring>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace tunegate {
namespace {

constexpr std::size_t kBlock = 64;

constexpr std::uint8_t kQuote = 1, kBackslash = 2, kLetter = 4, kOdd = 8;

constexpr std::array<std::uint8_t, 256> kClasses = [] {
  std::array<std::uint8_t, 256> classes{};
  for (std::size_t byte = 0; byte < 256; ++byte) {
    if (byte < 0x20 || byte >= 0x80) classes[byte] = kOdd;
  }
  for (const char letter : std::string_view("\"\\/bfnrt")) classes[static_cast<unsigned char>(letter)] = kLetter;
  classes['"'] |= kQuote;
  classes['\\'] |= kBackslash;
  return classes;
}();

/// The backslashes that begin an escape: in each run of them the first, the third and so on. `carry` is 1 when
/// the byte before begins one, and becomes 1 when the last byte does.
[[gnu::always_inline]] inline std::uint64_t escape_starts(std::uint64_t backslashes, std::uint64_t& carry) {
  constexpr std::uint64_t kEven = 0x5555555555555555;
  const std::uint64_t runs = backslashes & ~carry;
  const std::uint64_t even_firsts = runs & ~(runs << 1) & kEven;
  const std::uint64_t even_runs = runs & ~(runs + even_firsts);  // the sum carries through the runs that it starts
  const std::uint64_t starts = (even_runs & kEven) | (runs & ~even_runs & ~kEven);
  carry = starts >> 63;
  return starts;
}

/// The bytes of one block by their kinds, whatever stands before them.
struct Kinds {
  std::uint64_t quotes = 0, backslashes = 0;
  std::uint64_t letters = 0;  // that may follow a backslash
  std::uint64_t odd = 0;
};

/// What is known of the text so far.
struct Progress {
  std::uint64_t carry = 0, odd = 0, unknown = 0;

  /// Takes a block without its first `surplus` bytes.
  [[gnu::always_inline]] JsonMarks take(const Kinds& kinds, std::size_t surplus) {
    const std::uint64_t before = carry;
    JsonMarks marks;
    marks.escapes = escape_starts(kinds.backslashes >> surplus, carry);
    const std::uint64_t escaped = marks.escapes << 1 | before;
    marks.quotes = kinds.quotes >> surplus & ~escaped;
    marks.unknown = escaped & ~(kinds.letters >> surplus);
    odd |= kinds.odd >> surplus;
    unknown |= marks.unknown;
    return marks;
  }
};

/// Marks `blocks` blocks from `bytes` on. Without the first `surplus` bytes of each.
using Mark = void (*)(const char* bytes, std::size_t blocks, std::size_t surplus, Progress& progress, JsonMarks* marks);

void mark_scalar(const char* bytes, std::size_t blocks, std::size_t surplus, Progress& progress, JsonMarks* marks) {
  for (std::size_t block = 0; block < blocks; ++block, bytes += kBlock) {
    Kinds kinds;
    for (std::size_t i = 0; i < kBlock; ++i) {
      const std::uint64_t classes = kClasses[static_cast<unsigned char>(bytes[i])];
      kinds.quotes |= (classes & 1) << i;
      kinds.backslashes |= (classes >> 1 & 1) << i;
      kinds.letters |= (classes >> 2 & 1) << i;
      kinds.odd |= (classes >> 3 & 1) << i;
    }
    marks[block] = progress.take(kinds, surplus);
  }
}

#if defined(__x86_64__)

using Nibbles = std::array<std::uint8_t, kBlock>;

constexpr Nibbles repeated(std::array<std::uint8_t, 16> sixteen) {
  Nibbles nibbles{};
  for (std::size_t i = 0; i < kBlock; ++i) nibbles[i] = sixteen[i % 16];
  return nibbles;
}

// Both nibbles of a letter that may follow a backslash share a bit in these tables, those of other bytes none.
alignas(kBlock) constexpr Nibbles kLow = repeated({0, 0, 13, 0, 8, 0, 4, 0, 0, 0, 0, 0, 2, 0, 4, 1});
alignas(kBlock) constexpr Nibbles kHigh = repeated({0, 0, 1, 0, 0, 2, 4, 8, 0, 0, 0, 0, 0, 0, 0, 0});

[[gnu::target("arch=x86-64-v2")]] inline std::uint64_t bits_v2(__m128i flags, int shift) {
  return static_cast<std::uint64_t>(static_cast<std::uint32_t>(_mm_movemask_epi8(flags))) << shift;
}

[[gnu::target("arch=x86-64-v2")]] void mark_v2(const char* bytes, std::size_t blocks, std::size_t surplus,
                                               Progress& progress, JsonMarks* marks) {
  Progress state = progress;
  const __m128i low = _mm_load_si128(reinterpret_cast<const __m128i*>(kLow.data()));
  const __m128i high = _mm_load_si128(reinterpret_cast<const __m128i*>(kHigh.data()));
  for (std::size_t block = 0; block < blocks; ++block) {
    Kinds kinds;
    for (int shift = 0; shift < 64; shift += 16, bytes += 16) {
      const __m128i chunk = _mm_loadu_si128(reinterpret_cast<const __m128i*>(bytes));
      const __m128i upper = _mm_and_si128(_mm_srli_epi16(chunk, 4), _mm_set1_epi8(15));
      const __m128i shared = _mm_and_si128(_mm_shuffle_epi8(low, chunk), _mm_shuffle_epi8(high, upper));
      kinds.quotes |= bits_v2(_mm_cmpeq_epi8(chunk, _mm_set1_epi8('"')), shift);
      kinds.backslashes |= bits_v2(_mm_cmpeq_epi8(chunk, _mm_set1_epi8('\\')), shift);
      kinds.letters |= bits_v2(_mm_cmpgt_epi8(shared, _mm_setzero_si128()), shift);
      kinds.odd |= bits_v2(_mm_cmpgt_epi8(_mm_set1_epi8(0x20), chunk), shift);
    }
    marks[block] = state.take(kinds, surplus);
  }
  progress = state;
}

[[gnu::target("arch=x86-64-v3")]] inline std::uint64_t bits_v3(__m256i flags, int shift) {
  return static_cast<std::uint64_t>(static_cast<std::uint32_t>(_mm256_movemask_epi8(flags))) << shift;
}

[[gnu::target("arch=x86-64-v3")]] void mark_v3(const char* bytes, std::size_t blocks, std::size_t surplus,
                                               Progress& progress, JsonMarks* marks) {
  Progress state = progress;
  const __m256i low = _mm256_load_si256(reinterpret_cast<const __m256i*>(kLow.data()));
  const __m256i high = _mm256_load_si256(reinterpret_cast<const __m256i*>(kHigh.data()));
  for (std::size_t block = 0; block < blocks; ++block) {
    Kinds kinds;
    for (int shift = 0; shift < 64; shift += 32, bytes += 32) {
      const __m256i chunk = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(bytes));
      const __m256i upper = _mm256_and_si256(_mm256_srli_epi16(chunk, 4), _mm256_set1_epi8(15));
      const __m256i shared = _mm256_and_si256(_mm256_shuffle_epi8(low, chunk), _mm256_shuffle_epi8(high, upper));
      kinds.quotes |= bits_v3(_mm256_cmpeq_epi8(chunk, _mm256_set1_epi8('"')), shift);
      kinds.backslashes |= bits_v3(_mm256_cmpeq_epi8(chunk, _mm256_set1_epi8('\\')), shift);
      kinds.letters |= bits_v3(_mm256_cmpgt_epi8(shared, _mm256_setzero_si256()), shift);
      kinds.odd |= bits_v3(_mm256_cmpgt_epi8(_mm256_set1_epi8(0x20), chunk), shift);
    }
    marks[block] = state.take(kinds, surplus);
  }
  progress = state;
}

[[gnu::target("arch=x86-64-v4,prefer-vector-width=512")]] void mark_v4(const char* bytes, std::size_t blocks,
                                                                       std::size_t surplus, Progress& progress,
                                                                       JsonMarks* marks) {
  Progress state = progress;
  const __m512i low = _mm512_load_si512(kLow.data()), high = _mm512_load_si512(kHigh.data());
  for (std::size_t block = 0; block < blocks; ++block, bytes += kBlock) {
    Kinds kinds;
    const __m512i chunk = _mm512_loadu_si512(bytes);
    const __m512i upper = _mm512_and_si512(_mm512_srli_epi16(chunk, 4), _mm512_set1_epi8(15));
    kinds.quotes = _mm512_cmpeq_epi8_mask(chunk, _mm512_set1_epi8('"'));
    kinds.backslashes = _mm512_cmpeq_epi8_mask(chunk, _mm512_set1_epi8('\\'));
    kinds.letters = _mm512_test_epi8_mask(_mm512_shuffle_epi8(low, chunk), _mm512_shuffle_epi8(high, upper));
    kinds.odd = _mm512_cmplt_epi8_mask(chunk, _mm512_set1_epi8(0x20));
    marks[block] = state.take(kinds, surplus);
  }
  progress = state;
}

#endif

Mark mark_of(SimdLevel level) {
#if defined(__x86_64__)
  switch (level) {
    case SimdLevel::kV4: return mark_v4;
    case SimdLevel::kV3: return mark_v3;
    case SimdLevel::kV2: return mark_v2;
    case SimdLevel::kScalar: break;
  }
#endif
  static_cast<void>(level);
  return mark_scalar;
}

/// The last bytes of a text, fewer than a block: the block that ends with them, which may begin before the text.
void mark_rest(std::string_view text, std::size_t rest, Mark mark, Progress& progress, JsonMarks* marks) {
  const std::size_t surplus = kBlock - rest;
  if (text.size() >= kBlock) return mark(text.data() + text.size() - kBlock, 1, surplus, progress, marks);
  char padded[kBlock] = {};
  std::memcpy(padded + surplus, text.data(), rest);
  mark(padded, 1, surplus, progress, marks);
}

}  // namespace

JsonMarksSeen mark_json(std::string_view text, std::vector<JsonMarks>& marks, SimdLevel level) {
  const std::size_t blocks = text.size() / kBlock, rest = text.size() % kBlock;
  if (marks.size() <= blocks) marks.resize(blocks + 1);
  const Mark mark = mark_of(level);
  Progress progress;
  mark(text.data(), blocks, 0, progress, marks.data());
  marks[blocks] = {};
  if (rest > 0) mark_rest(text, rest, mark, progress, &marks[blocks]);
  return {progress.odd != 0, progress.unknown != 0};
}

}  // namespace tunegate
