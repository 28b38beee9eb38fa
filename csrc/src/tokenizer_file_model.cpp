// The member `model` of a tokenizer.json.
#include <algorithm>
#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include "token_ids.hpp"
#include "tokenizer_file_parts.hpp"
#include "tunegate/merge_table.hpp"

namespace tunegate {
namespace {

void check_type(const JsonPlace& model) {
  model.first_member();
  const JsonPlace type = model.member("type");
  if (type.is_absent()) {
    const JsonPlace vocab = model.member("vocab");
    if (!vocab.is_absent() && vocab.value().is(JsonKind::kArray)) throw UnsupportedTokenizer("its model is Unigram");
    if (model.member("merges").is_absent()) throw UnsupportedTokenizer("its model has no merges");
  } else if (const std::string name = type.text(); name != "BPE") {
    throw UnsupportedTokenizer("its model is " + shown_type(name));
  }
}

void check_options(const JsonPlace& model) {
  const JsonPlace dropout = model.member("dropout");
  if (!dropout.is_null_or_absent() && dropout.number() != 0) {
    throw UnsupportedTokenizer("its model drops merges at random (dropout)");
  }
  for (const char* option : {"continuing_subword_prefix", "end_of_word_suffix"}) {
    const JsonPlace affix = model.member(option);
    if (!affix.is_null_or_absent() && !affix.text().empty()) {
      throw UnsupportedTokenizer(std::string("its model has the option ") + option);
    }
  }
}

std::size_t count_values(JsonValue first) {
  std::size_t count = 0;
  for (JsonValue value = first; value; value = value.next()) ++count;
  return count;
}

/// Reads vocab and merges into `data`.
class BpeReader {
 public:
  BpeReader(const JsonPlace& model, BpeData& data)
      : vocab_(model.member("vocab")),
        merges_(model.member("merges")),
        data_(data),
        ids_(data.tokens, count_values(vocab_.first_member()) / 2) {}

  void read_vocabulary();
  void read_merges();
  std::uint32_t find(std::string_view token) const { return ids_.find(token); }

 private:
  std::optional<BpeMerge> read_merge(JsonValue value, std::size_t number);
  std::pair<std::string_view, std::string_view> parts_of(JsonValue value, std::size_t number);
  std::string_view text_of(JsonValue value, const JsonPlace& list, std::size_t number);
  std::uint32_t find_result();

  JsonPlace vocab_, merges_;
  BpeData& data_;
  TokenIds ids_;
  TextArena arena_;
  std::string joined_;
};

[[noreturn]] void fail_at(const JsonPlace& list, std::size_t number, std::string_view what) {
  throw TokenizerFault("entry " + std::to_string(number + 1) + " of " + list.path() + ' ' + std::string(what));
}

std::string_view BpeReader::text_of(JsonValue value, const JsonPlace& list, std::size_t number) {
  const auto text = value ? value.text(arena_) : std::nullopt;
  if (!text) fail_at(list, number, "is not Unicode text, expected a string");
  return *text;
}

void BpeReader::read_vocabulary() {
  std::vector<std::string>& tokens = data_.tokens;
  std::vector<bool> is_taken;
  std::size_t number = 0;
  for (JsonValue key = vocab_.first_member(); key; key = key.next().next(), ++number) {
    const auto id = whole_number(key.next());
    if (!id) fail_at(vocab_, number, "has an id that is no whole number from 0");
    if (*id > MergeTable::kMostId) throw UnsupportedTokenizer("its model has an id above 2,097,150");
    if (*id >= tokens.size()) tokens.resize(*id + 1), is_taken.resize(*id + 1);
    if (is_taken[*id]) fail_at(vocab_, number, "has an id that another token has");
    is_taken[*id] = true;
    tokens[*id] = text_of(key, vocab_, number);
    if (!ids_.insert(*id)) fail_at(vocab_, number, "is a token that was there before");
  }
}

void BpeReader::read_merges() {
  std::size_t number = 0;
  const JsonValue first = merges_.first_element();
  for (JsonValue value = first; value; value = value.next(), ++number) {
    if (value.kind() != first.kind()) fail_at(merges_, number, "is of another kind than the first");
    if (const auto merge = read_merge(value, number)) data_.merges.push_back(*merge);
  }
  if (data_.merges.size() > MergeTable::kMostMerges) throw UnsupportedTokenizer("its model has over 4,194,304 merges");
}

/// Nothing for the heading "#version" of files from before JSON.
std::optional<BpeMerge> BpeReader::read_merge(JsonValue value, std::size_t number) {
  if (value.is(JsonKind::kString) && text_of(value, merges_, number).starts_with("#version")) return std::nullopt;
  const auto [left, right] = parts_of(value, number);
  joined_.assign(left);
  joined_ += right;
  const BpeMerge merge{ids_.find(left), ids_.find(right), find_result()};
  if (merge.left == kNoToken || merge.right == kNoToken) fail_at(merges_, number, "joins what model.vocab lacks");
  if (merge.result == kNoToken) fail_at(merges_, number, "makes a token that model.vocab lacks");
  return merge;
}

/// The id of what two parts make. Mostly the one behind that of the merge before, whose bytes are near in memory.
std::uint32_t BpeReader::find_result() {
  const std::size_t guess = data_.merges.empty() ? 0 : data_.merges.back().result + 1;
  const bool is_right = guess < data_.tokens.size() && !joined_.empty() && data_.tokens[guess] == joined_;
  return is_right ? static_cast<std::uint32_t>(guess) : ids_.find(joined_);
}

/// The two parts of "a b" or ["a", "b"].
std::pair<std::string_view, std::string_view> BpeReader::parts_of(JsonValue value, std::size_t number) {
  if (value.is(JsonKind::kArray)) {
    const JsonValue left = value.first(), right = left ? left.next() : left;
    if (!right || right.next()) fail_at(merges_, number, "is a list of another length, expected two tokens");
    const std::string_view text = text_of(left, merges_, number);
    return {text, text_of(right, merges_, number)};
  }
  const std::string_view text = text_of(value, merges_, number);
  const std::size_t space = text.find(' ');
  if (space == text.npos || text.find(' ', space + 1) != text.npos) {
    fail_at(merges_, number, "is not two tokens with one space between them");
  }
  return {text.substr(0, space), text.substr(space + 1)};
}

std::optional<std::uint32_t> read_unk(const JsonPlace& unk_token, const BpeReader& reader) {
  if (unk_token.is_null_or_absent()) return std::nullopt;
  const std::string token = unk_token.text();
  const std::uint32_t id = reader.find(token);
  // `tokenizers` takes the file, and fails at the first character that is unknown
  if (id == kNoToken) throw UnsupportedTokenizer("its model has an unk_token that is not in its vocabulary");
  if (token.empty()) throw UnsupportedTokenizer("its model has an unk_token without characters");
  return id;
}

}  // namespace

BpeData read_bpe(const JsonPlace& model) {
  check_type(model);
  check_options(model);
  BpeData data;
  BpeReader reader(model, data);
  reader.read_vocabulary();
  reader.read_merges();
  data.unk = read_unk(model.member("unk_token"), reader);
  data.fuse_unk = model.member("fuse_unk").flag_or(false);
  data.byte_fallback = model.member("byte_fallback").flag_or(false);
  data.ignore_merges = model.member("ignore_merges").flag_or(false);
  return data;
}

}  // namespace tunegate
