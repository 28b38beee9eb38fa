#pragma once
#include <string>
#include <string_view>

namespace tunegate {

/// Whether `text` is certainly in Unicode normalization form C. False also for text in that form that holds characters
/// which could compose with the one before them, such as U+0301. O(bytes), much faster over ASCII.
bool is_nfc(std::string_view text);

/// Appends the normalization form C of `text` to `out`.
///
/// As the normalizer NFC of the library `tokenizers` has it, with the characters of Unicode 9: later ones stay as they
/// are and combine with nothing. Bytes that are no UTF-8 are copied. O(bytes), and O(n log n) for n combining marks in
/// a row.
///
/// Source: Unicode Standard Annex 15; sections 3.11 and 3.12 of the Unicode Standard.
void append_nfc(std::string_view text, std::string& out);

}  // namespace tunegate
