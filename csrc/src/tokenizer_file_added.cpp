// The member `added_tokens` of a tokenizer.json.
#include <string>
#include <vector>

#include "token_ids.hpp"
#include "tokenizer_file_parts.hpp"

namespace tunegate {
namespace {

AddedToken read_added_token(const JsonPlace& token) {
  token.first_member();
  AddedToken added;
  added.content = token.member("content").text();
  added.id = token.member("id").whole_number();
  added.single_word = token.member("single_word").flag();
  added.lstrip = token.member("lstrip").flag();
  added.rstrip = token.member("rstrip").flag();
  added.normalized = token.member("normalized").flag();
  added.special = token.member("special").flag();
  return added;
}

/// Gives ids as `tokenizers` does, whatever the file says: that of the vocabulary, else the next one, which at the
/// start is the number of tokens and not the one behind the highest id.
class AddedIds {
 public:
  AddedIds(const std::vector<AddedToken>& added, const BpeData& model)
      : tokens_(model.tokens), known_(added.size(), kNoToken) {
    for (const AddedToken& token : added) contents_.push_back(token.content);
    TokenIds numbers(contents_, contents_.size());
    for (std::uint32_t number = 0; number < contents_.size(); ++number) {
      if (!numbers.insert(number)) throw UnsupportedTokenizer("it has an added token twice");
    }
    for (std::uint32_t id = 0; id < tokens_.size(); ++id) {
      if (tokens_[id].empty()) continue;
      ++next_;
      if (const std::uint32_t number = numbers.find(tokens_[id]); number != kNoToken) known_[number] = id;
    }
  }

  /// To be asked for one number after the other. kNoToken where the next one is taken.
  std::uint32_t id_of(std::size_t number) {
    if (known_[number] != kNoToken) return known_[number];
    const std::uint32_t id = next_++;
    return id < tokens_.size() && !tokens_[id].empty() ? kNoToken : id;
  }

 private:
  const std::vector<std::string>& tokens_;
  std::vector<std::string> contents_;
  std::vector<std::uint32_t> known_;
  std::uint32_t next_ = 0;
};

}  // namespace

std::vector<AddedToken> read_added_tokens(const JsonPlace& added_tokens, const BpeData& model) {
  std::vector<AddedToken> tokens;
  if (added_tokens.is_absent()) return tokens;
  std::size_t number = 0;
  for (JsonValue value = added_tokens.first_element(); value; value = value.next()) {
    tokens.push_back(read_added_token(added_tokens.element(value, number++)));
  }
  std::erase_if(tokens, [](const AddedToken& token) { return token.content.empty(); });
  AddedIds ids(tokens, model);
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    tokens[i].id = ids.id_of(i);
    if (tokens[i].id == kNoToken) throw UnsupportedTokenizer("the ids of its added tokens run into its vocabulary");
  }
  return tokens;
}

}  // namespace tunegate
