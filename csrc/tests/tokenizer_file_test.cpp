#include "tunegate/tokenizer_file.hpp"

#include <string>
#include <string_view>
#include <vector>

#include "check.hpp"

using tunegate::MetaspaceRule;
using tunegate::NormalizerStep;
using tunegate::parse_tokenizer_file;
using tunegate::SplitRule;
using tunegate::TokenizerFault;
using tunegate::TokenizerFile;
using tunegate::UnsupportedTokenizer;

namespace {

const std::string kModel = R"({"type": "BPE", "vocab": {"a": 0, "b": 1, "ab": 2}, "merges": ["a b"]})";
const std::string kFlags = R"("single_word": false, "lstrip": false, "rstrip": true, "normalized": false)";

std::string with(const std::string& model, const std::string& more = "") {
  return R"({"version": "1.0", "model": )" + model + (more.empty() ? "" : ", " + more) + "}";
}

TokenizerFile parsed_with(const std::string& more) { return parse_tokenizer_file(with(kModel, more)); }

template <class Error>
std::string error_of(std::string_view json) {
  try {
    parse_tokenizer_file(json);
  } catch (const Error& error) {
    return error.what();
  } catch (const std::exception& other) {
    return std::string("another error: ") + other.what();
  }
  return "no error";
}

std::string fault_of(const std::string& json) { return error_of<TokenizerFault>(json); }
std::string reason_of(const std::string& json) { return error_of<UnsupportedTokenizer>(json); }
std::string model_fault(const std::string& model) { return fault_of(with(model)); }
std::string model_reason(const std::string& model) { return reason_of(with(model)); }
std::string added_token(const std::string& members) { return R"("added_tokens": [{)" + members + "}]"; }

}  // namespace

TEST(a_model_is_read_with_its_merges_as_ids) {
  const TokenizerFile file =
      parse_tokenizer_file(with(R"({"type": "BPE", "dropout": null, "unk_token": "b", "continuing_subword_prefix": null,
               "end_of_word_suffix": "", "fuse_unk": true, "byte_fallback": true, "ignore_merges": true,
               "vocab": {"\u0120": 3, "b": 1, "\u0120b": 5}, "merges": [["\u0120", "b"]]})"));
  CHECK(file.model.tokens == std::vector<std::string>{"", "b", "", "\xC4\xA0", "",
                                                      "\xC4\xA0"
                                                      "b"});
  CHECK_EQ(file.model.merges.size(), 1u);
  CHECK_EQ(file.model.merges[0].left, 3u);
  CHECK_EQ(file.model.merges[0].right, 1u);
  CHECK_EQ(file.model.merges[0].result, 5u);
  CHECK_EQ(file.model.unk.value(), 1u);
  CHECK(file.model.fuse_unk && file.model.byte_fallback && file.model.ignore_merges);
  CHECK(!file.is_byte_level && file.rules.empty() && !file.metaspace && file.normalizer.empty() && file.added.empty());
}

TEST(merges_are_texts_or_pairs_and_a_heading_is_no_merge) {
  for (const char* merges : {R"(["a b"])", R"([["a", "b"]])", R"(["#version: 0.2", "a b"])"}) {
    const auto file =
        parse_tokenizer_file(with(std::string(R"({"vocab": {"a": 0, "b": 1, "ab": 2}, "merges": )") + merges + "}"));
    CHECK_EQ(file.model.merges.size(), 1u);
    CHECK_EQ(file.model.merges[0].result, 2u);
  }
}

TEST(another_model_is_named) {
  CHECK_EQ(model_reason(R"({"type": "Unigram", "vocab": [["a", 0.0]]})"), "its model is Unigram");
  CHECK_EQ(model_reason(R"({"type": "Mr. Someone, 5 Some Street"})"), "its model is of an unknown type");
  CHECK_EQ(model_reason(R"({"vocab": {"a": 0}})"), "its model has no merges");
  CHECK_EQ(model_reason(R"({"type": "BPE", "dropout": 0.1, "vocab": {}, "merges": []})"),
           "its model drops merges at random (dropout)");
  CHECK_EQ(model_reason(R"({"type": "BPE", "continuing_subword_prefix": "##", "vocab": {}, "merges": []})"),
           "its model has the option continuing_subword_prefix");
  CHECK_EQ(model_reason(R"({"type": "BPE", "end_of_word_suffix": "</w>", "vocab": {}, "merges": []})"),
           "its model has the option end_of_word_suffix");
}

TEST(a_file_that_is_no_json_says_where) {
  CHECK_EQ(fault_of(R"({"model": )"), "not JSON at byte 10: cut short where a value should stand");
  CHECK_EQ(fault_of(""), "not JSON at byte 0: no value");
  CHECK_EQ(fault_of("[]"), "the file is a list, expected an object");
  CHECK_EQ(fault_of("{}"), "model is missing, expected an object");
  CHECK_EQ(reason_of(R"({"version": "2.0"})"), "its version is not 1.0");
}

TEST(a_malformed_vocabulary_says_what_is_wrong) {
  CHECK_EQ(model_fault(R"({"type": "BPE"})"), "model.vocab is missing, expected an object");
  CHECK_EQ(model_fault(R"({"type": "BPE", "vocab": []})"), "model.vocab is a list, expected an object");
  for (const char* id : {"-1", "0.5", "1e2", "\"1\"", "null", "4294967296", "-0"}) {
    CHECK_EQ(model_fault(R"({"type": "BPE", "merges": [], "vocab": {"x": 7, "a": )" + std::string(id) + "}}"),
             "entry 2 of model.vocab has an id that is no whole number from 0");
  }
  CHECK_EQ(model_fault(R"({"type": "BPE", "merges": [], "vocab": {"a": 1, "b": 1}})"),
           "entry 2 of model.vocab has an id that another token has");
  CHECK_EQ(model_fault(R"({"type": "BPE", "merges": [], "vocab": {"a": 1, "\u0061": 2}})"),
           "entry 2 of model.vocab is a token that was there before");
  CHECK_EQ(model_fault(R"({"type": "BPE", "merges": [], "vocab": {"\ud800": 1}})"),
           "entry 1 of model.vocab is not Unicode text, expected a string");
  CHECK_EQ(model_reason(R"({"type": "BPE", "merges": [], "vocab": {"a": 2097151}})"),
           "its model has an id above 2,097,150");
}

TEST(malformed_merges_say_which_one) {
  const auto fault = [](const std::string& merges) {
    return model_fault(R"({"type": "BPE", "vocab": {"a": 0, "b": 1, "ab": 2, "": 3}, "merges": )" + merges + "}");
  };
  CHECK_EQ(fault("{}"), "model.merges is an object, expected a list");
  CHECK_EQ(fault(R"(["a b", "a"])"), "entry 2 of model.merges is not two tokens with one space between them");
  CHECK_EQ(fault(R"(["a b", "a  b"])"), "entry 2 of model.merges is not two tokens with one space between them");
  CHECK_EQ(fault(R"(["a b", "a x"])"), "entry 2 of model.merges joins what model.vocab lacks");
  CHECK_EQ(fault(R"(["b a"])"), "entry 1 of model.merges makes a token that model.vocab lacks");
  CHECK_EQ(fault(R"([["a"]])"), "entry 1 of model.merges is a list of another length, expected two tokens");
  CHECK_EQ(fault(R"([["a", "b", "b"]])"), "entry 1 of model.merges is a list of another length, expected two tokens");
  CHECK_EQ(fault(R"([["a", 1]])"), "entry 1 of model.merges is not Unicode text, expected a string");
  CHECK_EQ(fault(R"(["a b", ["a", "b"]])"), "entry 2 of model.merges is of another kind than the first");
  CHECK_EQ(fault("[7]"), "entry 1 of model.merges is not Unicode text, expected a string");
}

TEST(options_of_the_wrong_kind_are_named) {
  const auto fault = [](const std::string& option) {
    return model_fault(R"({"type": "BPE", "vocab": {"a": 0}, "merges": [], )" + option + "}");
  };
  CHECK_EQ(fault(R"("unk_token": 0)"), "model.unk_token is a number, expected a string");
  CHECK_EQ(fault(R"("fuse_unk": "yes")"), "model.fuse_unk is a string, expected true or false");
  CHECK_EQ(fault(R"("dropout": "no")"), "model.dropout is a string, expected a number");
}

TEST(an_unknown_token_that_the_vocabulary_lacks_is_left_to_the_package) {
  CHECK_EQ(model_reason(R"({"type": "BPE", "vocab": {"a": 0}, "merges": [], "unk_token": "u"})"),
           "its model has an unk_token that is not in its vocabulary");
}

TEST(normalizers_become_steps_also_from_sequences_within_sequences) {
  CHECK(parsed_with(R"("normalizer": null)").normalizer.empty());
  const auto steps = parsed_with(R"("normalizer": {"type": "Sequence", "normalizers": [
      {"type": "Prepend", "prepend": "_"},
      {"type": "Sequence", "normalizers": [{"type": "NFC"}]},
      {"type": "Replace", "pattern": {"String": " "}, "content": "_"}]})")
                         .normalizer;
  CHECK_EQ(steps.size(), 3u);
  CHECK(steps[0].kind == NormalizerStep::Kind::kPrepend && steps[0].first == "_");
  CHECK(steps[1].kind == NormalizerStep::Kind::kNfc);
  CHECK(steps[2].kind == NormalizerStep::Kind::kReplace && steps[2].first == " " && steps[2].second == "_");
}

TEST(normalizers_that_are_not_ours_are_named) {
  const auto reason = [](const std::string& step) { return reason_of(with(kModel, R"("normalizer": )" + step)); };
  CHECK_EQ(reason(R"({"type": "Lowercase"})"), "its normalizer has the step Lowercase");
  CHECK_EQ(reason(R"({"type": "Replace", "pattern": {"Regex": " "}, "content": ""})"),
           "its normalizer replaces what a regular expression finds");
  CHECK_EQ(reason(R"({"type": "Replace", "pattern": {"String": ""}, "content": ""})"),
           "its normalizer replaces a text without characters");
  CHECK_EQ(fault_of(with(kModel, R"("normalizer": [])")), "normalizer.type is missing, expected a string");
  CHECK_EQ(fault_of(with(kModel, R"("normalizer": {"type": "Sequence", "normalizers": [{"type": "Prepend"}]})")),
           "normalizer.normalizers[0].prepend is missing, expected a string");
}

TEST(byte_level_splits_by_the_rule_of_gpt_2_unless_told_otherwise) {
  const auto plain =
      parsed_with(R"("pre_tokenizer": {"type": "ByteLevel", "trim_offsets": true, "add_prefix_space": false})");
  CHECK(plain.is_byte_level && !plain.adds_prefix_space);
  CHECK(plain.rules == std::vector{SplitRule::kGpt2});
  const auto bare = parsed_with(
      R"("pre_tokenizer": {"type": "ByteLevel", "trim_offsets": true, "add_prefix_space": true, "use_regex": false})");
  CHECK(bare.is_byte_level && bare.adds_prefix_space && bare.rules.empty());
}

TEST(byte_level_needs_its_options_as_booleans) {
  const auto fault = [](const std::string& options) {
    return fault_of(with(kModel, R"("pre_tokenizer": {"type": "ByteLevel")" + options + "}"));
  };
  CHECK_EQ(fault(""), "pre_tokenizer.add_prefix_space is missing, expected true or false");
  CHECK_EQ(fault(R"(, "add_prefix_space": true)"), "pre_tokenizer.trim_offsets is missing, expected true or false");
  CHECK_EQ(fault(R"(, "add_prefix_space": true, "trim_offsets": true, "use_regex": null)"),
           "pre_tokenizer.use_regex is null, expected true or false");
}

TEST(a_split_by_a_known_rule_comes_before_byte_level) {
  const std::string regex = R"('s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+)";
  const auto split = [&](const std::string& options, const std::string& byte_level) {
    return with(kModel, R"("pre_tokenizer": {"type": "Sequence", "pretokenizers": [{"type": "Split", "pattern":
        {"Regex": ")" + regex +
                            R"("}, )" + options + R"(}, {"type": "ByteLevel", "trim_offsets": true, )" + byte_level +
                            "}]}");
  };
  const std::string plain = R"("add_prefix_space": false, "use_regex": false)";
  for (const char* options :
       {R"("behavior": "Isolated", "invert": false)", R"("behavior": "Removed", "invert": true)"}) {
    const auto file = parse_tokenizer_file(split(options, plain));
    CHECK(file.is_byte_level && file.rules == std::vector{SplitRule::kGpt2});
  }
  const std::string isolated = R"("behavior": "Isolated", "invert": false)";
  CHECK_EQ(parse_tokenizer_file(split(isolated, R"("add_prefix_space": false)")).rules.size(), 2u);
  CHECK_EQ(reason_of(split(isolated, R"("add_prefix_space": true)")),
           "its pre-tokenizer ByteLevel adds a space before each piece of a Split");
  CHECK_EQ(reason_of(split(R"("behavior": "Removed", "invert": false)", plain)),
           "its pre-tokenizer Split does not keep each match as a piece");
}

TEST(pre_tokenizers_that_are_not_ours_are_named) {
  const auto reason = [](const std::string& step) { return reason_of(with(kModel, R"("pre_tokenizer": )" + step)); };
  CHECK_EQ(reason(R"({"type": "Whitespace"})"), "its pre-tokenizer has the step Whitespace");
  CHECK_EQ(reason(R"({"type": "Digits", "individual_digits": true})"), "its pre-tokenizer has the step Digits");
  CHECK_EQ(reason(R"({"type": "Split", "pattern": {"Regex": "x"}, "behavior": "Isolated", "invert": false})"),
           "its pre-tokenizer Split has a regular expression that is not built in");
  CHECK_EQ(reason(R"({"type": "Split", "pattern": {"String": "x"}, "behavior": "Isolated", "invert": false})"),
           "its pre-tokenizer Split has no regular expression");
  CHECK_EQ(
      reason(
          R"({"type": "Sequence", "pretokenizers": [{"type": "ByteLevel", "trim_offsets": true, "add_prefix_space": false},
                     {"type": "Digits"}]})"),
      "its pre-tokenizer has a step behind ByteLevel or Metaspace: Digits");
}

TEST(a_split_at_a_byte_that_is_not_there_cuts_nothing_unless_it_removes_all_else) {
  const auto file = [](const std::string& rest) {
    return with(kModel, R"("normalizer": {"type": "Replace", "pattern": {"String": " "}, "content": "_"},
        "pre_tokenizer": {"type": "Split", "pattern": {"String": " "}, )" +
                            rest + "}");
  };
  CHECK(parse_tokenizer_file(file(R"("behavior": "Removed", "invert": false)")).rules.empty());
  CHECK_EQ(reason_of(file(R"("behavior": "Removed", "invert": true)")),
           "its pre-tokenizer Split has no regular expression");
}

TEST(the_first_text_is_not_told_where_a_replace_may_move_it) {
  const auto file = [](const std::string& from, const std::string& to, const std::string& scheme) {
    return with(kModel, R"("normalizer": {"type": "Replace", "pattern": {"String": ")" + from + R"("}, "content": ")" +
                            to +
                            R"("}, "pre_tokenizer": {"type": "Metaspace", "replacement": "_", "prepend_scheme": ")" +
                            scheme + R"("})");
  };
  const std::string reason = "its pre-tokenizer Metaspace looks for the start of a text that a Replace may move";
  CHECK_EQ(reason_of(file("a", "", "first")), reason);
  CHECK_EQ(reason_of(file("ab", "a", "first")), reason);
  CHECK_EQ(reason_of(file("a", "ab", "first")), reason);
  CHECK(parse_tokenizer_file(file("\u00e9", "e", "first")).metaspace.has_value());
  CHECK(parse_tokenizer_file(file("a", "", "always")).metaspace.has_value());
}

TEST(metaspace_is_read_in_its_old_and_new_spelling) {
  const auto rule = [](const std::string& members) {
    return *parsed_with(R"("pre_tokenizer": {"type": "Metaspace", "replacement": "\u2581")" + members + "}").metaspace;
  };
  CHECK_EQ(rule("").replacement, "\u2581");
  CHECK(rule("").prepend == MetaspaceRule::Prepend::kAlways && rule("").split);
  CHECK(rule(R"(, "add_prefix_space": true, "str_rep": "\u2581")").prepend == MetaspaceRule::Prepend::kAlways);
  const auto first = rule(R"(, "prepend_scheme": "first", "split": false)");
  CHECK(first.prepend == MetaspaceRule::Prepend::kFirst && !first.split);
  CHECK(rule(R"(, "prepend_scheme": "never")").prepend == MetaspaceRule::Prepend::kNever);
  CHECK_EQ(fault_of(with(kModel, R"("pre_tokenizer": {"type": "Metaspace", "replacement": "ab"})")),
           "pre_tokenizer.replacement is not one character, expected one");
}

TEST(added_tokens_keep_their_flags_and_take_ids_behind_the_vocabulary) {
  const auto file = parsed_with(R"("added_tokens": [{"id": 0, "content": "a", "special": true, )" + kFlags +
                                R"(}, {"id": 3, "content": "<x>", "special": false, )" + kFlags + "}]");
  CHECK_EQ(file.added.size(), 2u);
  CHECK_EQ(file.added[1].content, "<x>");
  CHECK_EQ(file.added[1].id, 3u);
  CHECK(file.added[0].special && !file.added[1].special);
  CHECK(file.added[0].rstrip && !file.added[0].lstrip && !file.added[0].single_word && !file.added[0].normalized);
}

TEST(added_tokens_that_the_vocabulary_lacks_are_numbered_from_its_size_whatever_the_file_says) {
  const std::string model = R"({"type": "BPE", "vocab": {"a": 0, "b": 5}, "merges": []})";
  const auto ids = [&](const std::vector<std::string>& contents) {
    std::string list;
    for (const std::string& content : contents) {
      list += (list.empty() ? "" : ", ") + (R"({"id": 9, "special": false, "content": ")" + content + "\", ") + kFlags +
              "}";
    }
    std::vector<std::uint32_t> found;
    for (const auto& token : parse_tokenizer_file(with(model, R"("added_tokens": [)" + list + "]")).added) {
      found.push_back(token.id);
    }
    return found;
  };
  CHECK(ids({"x", "y"}) == std::vector<std::uint32_t>{2, 3});
  CHECK(ids({"b", "", "x", "a", "y"}) == std::vector<std::uint32_t>{5, 2, 0, 3});
  const std::string taken = R"({"type": "BPE", "vocab": {"a": 0, "b": 2}, "merges": []})";
  CHECK_EQ(reason_of(with(taken, added_token(R"("special": true, "id": 2, "content": "x", )" + kFlags))),
           "the ids of its added tokens run into its vocabulary");
  const std::string twice = R"({"special": true, "id": 3, "content": "x", )" + kFlags + "}";
  CHECK_EQ(reason_of(with(kModel, R"("added_tokens": [)" + twice + ", " + twice + "]")), "it has an added token twice");
}

TEST(added_tokens_that_do_not_fit_are_told_apart) {
  const auto of = [](const std::string& members) { return with(kModel, added_token(members)); };
  CHECK_EQ(fault_of(of(R"("id": 3)")), "added_tokens[0].content is missing, expected a string");
  CHECK_EQ(fault_of(of(R"("content": "x")")), "added_tokens[0].id is missing, expected a whole number from 0");
  CHECK_EQ(fault_of(of(R"("content": "x", "id": -3)")),
           "added_tokens[0].id is a number, expected a whole number from 0");
  CHECK_EQ(fault_of(of(R"("content": "x", "id": 3, "single_word": 0)")),
           "added_tokens[0].single_word is a number, expected true or false");
  CHECK_EQ(fault_of(with(kModel, R"("added_tokens": {})")), "added_tokens is an object, expected a list");
  CHECK_EQ(fault_of(with(kModel, R"("added_tokens": ["x"])")), "added_tokens[0] is a string, expected an object");
}

TEST(every_cut_of_a_file_is_a_fault_and_none_reads_beyond_its_end) {
  const std::string whole = with(
      kModel,
      R"("normalizer": {"type": "NFC"}, "pre_tokenizer": {"type": "ByteLevel", "trim_offsets": true, "add_prefix_space": true}, )" +
          added_token(R"("id": 3, "content": "<x>", "special": false, )" + kFlags));
  CHECK_EQ(error_of<TokenizerFault>(whole), "no error");
  for (std::size_t bytes = 0; bytes < whole.size(); ++bytes) {
    const std::vector<char> cut(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(bytes));
    CHECK(error_of<TokenizerFault>({cut.data(), cut.size()}).starts_with("not JSON at byte "));
  }
}
