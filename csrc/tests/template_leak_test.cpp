#include "tunegate/template_leak.hpp"

#include <string>

#include "check.hpp"

using tunegate::find_template_leak;
using tunegate::kTemplateMarkers;
using tunegate::Speaker;

namespace {

/// The marker found, or "" when there is none.
std::string_view leak(std::string_view text, Speaker speaker = Speaker::kAssistant) {
  const auto found = find_template_leak(text, speaker);
  return found ? kTemplateMarkers[found->marker] : std::string_view();
}

std::string_view user_leak(std::string_view text) { return leak(text, Speaker::kUser); }

constexpr std::string_view kNone;

}  // namespace

TEST(special_tokens_are_leaks) {
  CHECK_EQ(leak("<|im_start|>assistant\nGood morning!<|im_end|>"), "<|im_start|>");
  CHECK_EQ(leak("Skier skis down the mountain<|endoftext|>"), "<|endoftext|>");
  CHECK_EQ(leak("[INST] tell me about tea [/INST] Tea is a drink.</s>"), "[INST]");
  CHECK_EQ(leak("Tea is a drink.</s>"), "</s>");
  CHECK_EQ(leak("Sure.<|eot_id|><|start_header_id|>user<|end_header_id|>"), "<|eot_id|>");
  CHECK_EQ(leak("<start_of_turn>model\nHi<end_of_turn>"), "<start_of_turn>");
  CHECK_EQ(leak("<｜User｜>hello<｜Assistant｜>"), "<｜User｜>");
  CHECK_EQ(leak("<<SYS>>\nBe brief.\n<</SYS>>", Speaker::kSystem), "<<SYS>>");
  CHECK_EQ(leak("[TOOL_CALLS] []"), "[TOOL_CALLS]");
  CHECK_EQ(leak("<|channel|>final<|message|>Hi"), "<|channel|>");
  CHECK_EQ(leak("tool output <|im_end|>", Speaker::kOther), "<|im_end|>");
}

TEST(place_of_a_leak_is_in_bytes) {
  const auto found = find_template_leak("é<|im_end|> x", Speaker::kUser);
  CHECK_EQ(found->begin, 2u);
  CHECK_EQ(found->end, 12u);
}

TEST(tokens_in_code_are_talk_not_leaks) {
  CHECK_EQ(leak("It is `<|im_start|>`, followed by the role."), kNone);
  CHECK_EQ(leak("Use ``a ` <|im_start|>`` here"), kNone);
  CHECK_EQ(leak("```python\nprompt = f\"[INST] {question} [/INST]\"\n```"), kNone);
  CHECK_EQ(leak("Like so:\n\n  ~~~\n<|im_start|>user\n  ~~~\nDone."), kNone);
  CHECK_EQ(leak("````\n```\n<|im_end|>\n```\n````"), kNone);
  CHECK_EQ(leak("```\nstill open\n<|im_start|> more"), kNone);
}

TEST(tokens_beside_code_are_leaks) {
  CHECK_EQ(leak("```\ncode\n```\n<|im_end|>"), "<|im_end|>");
  CHECK_EQ(leak("```\ncode\n```<|im_end|>"), "<|im_end|>");
  CHECK_EQ(leak("```\ncut off<|im_end|>\n"),
           "<|im_end|>");  // the end of the turn, in a block that was cut off
  CHECK_EQ(leak("a ` b <|im_end|> c"), "<|im_end|>");
  CHECK_EQ(leak("`a` <|im_end|> `b`"), "<|im_end|>");
  CHECK_EQ(leak("a ` b\n\n<|im_end|> ` c"), "<|im_end|>");  // code spans end with their paragraph
}

TEST(tokens_in_quotation_marks_are_talk_not_leaks) {
  CHECK_EQ(leak("Every turn starts with \"<|im_start|>\" and a role."), kNone);
  CHECK_EQ(leak("Every turn starts with '<|im_start|>user' and text."), kNone);
  CHECK_EQ(leak("Every turn ends with “<|im_end|>”."), kNone);
  CHECK_EQ(leak("prompt = \"<|system|>\\nYou are\\n<|user|>\\n\" + text"), kNone);
  CHECK_EQ(leak("He said \"hello\".<|im_end|>"), "<|im_end|>");
  CHECK_EQ(leak("it's<|im_end|>"), "<|im_end|>");
  CHECK_EQ(leak("\"A dog runs.<|endoftext|>\""), "<|endoftext|>");  // the whole turn is quoted
}

TEST(tokens_named_as_such_are_talk_not_leaks) {
  CHECK_EQ(leak("GPT-2 emits the <|endoftext|> token between documents."), kNone);
  CHECK_EQ(leak("special tokens such as <|endoftext|> are added"), kNone);
  CHECK_EQ(leak("the </s> tag"), kNone);
}

TEST(sequence_tokens_are_told_from_struck_out_html) {
  CHECK_EQ(leak("<s>Hello"), "<s>");
  CHECK_EQ(leak("<s> Hello </s>"), "<s>");
  CHECK_EQ(leak("<s>$20</s> $15"), kNone);
  CHECK_EQ(leak("Now <s>$20</s> $15"), kNone);
  CHECK_EQ(leak("Now <s class=\"old\">$20</s>"), kNone);
  CHECK_EQ(leak("too subjective.</s> \nHow can you"), "</s>");
  CHECK_EQ(leak("a <s>b</s> c</s>"), "</s>");
  CHECK_EQ(leak("<bos>Hello"), "<bos>");
  CHECK_EQ(leak("pad as <bos> I like cats <eos> in the corpus"), kNone);
  CHECK_EQ(leak("Bye.<eos>"), "<eos>");
}

TEST(words_that_look_like_tokens_are_none) {
  for (const char* text :
       {"a < b and c [0]", "<html><body>", "<|>", "[INSTALL]", "<|unknown|>", "[ INST ]", "<", "["}) {
    CHECK_EQ(leak(text), kNone);
  }
}

TEST(headings_that_start_a_turn_of_their_side_are_leaks) {
  CHECK_EQ(user_leak("### Instruction:\nGreet in French."), "### Instruction:");
  CHECK_EQ(leak("### Response:\nBonjour"), "### Response:");
  CHECK_EQ(leak("  ### ASSISTANT: Bonjour"), "### Assistant:");
  CHECK_EQ(leak("### System:\nBe brief.", Speaker::kSystem), "### System:");
  CHECK_EQ(leak("### Instructions:\n1. Mix the flour."), kNone);  // an answer may give instructions
  CHECK_EQ(leak("## User: what they need"), kNone);
  CHECK_EQ(leak("## Response:\nThe server answers."), kNone);
  CHECK_EQ(user_leak("### Instructions:\nAnswer in French."), kNone);
  CHECK_EQ(user_leak("### Input:\n5 3\n### Output:\n8"), kNone);  // how programming tasks are put
  CHECK_EQ(leak("### Input validation:\nCheck it."), kNone);
  CHECK_EQ(leak("Use it so.\n\n### Response:\nThe server answers."), kNone);
}

TEST(headings_of_both_sides_in_one_turn_are_leaks) {
  CHECK_EQ(user_leak("Below is a task.\n\n### Instruction:\nGreet.\n\n### Response:\n"), "### Instruction:");
  CHECK_EQ(user_leak("Hi.### Human: hi### Assistant: hello"), "### Human:");
  CHECK_EQ(leak("```\n### Instruction:\nGreet.\n\n### Response:\n```"), kNone);
  CHECK_EQ(user_leak("### Input:\nhello\n\n### Response:\n"), "### Input:");
  CHECK_EQ(leak("# API\n### Input:\nan id\n### Response:\na name"), kNone);
}

TEST(role_labels_that_start_a_turn_are_leaks) {
  CHECK_EQ(leak("Assistant: Sure, here it is."), "Assistant:");
  CHECK_EQ(leak("  ASSISTANT: Sure."), "Assistant:");
  CHECK_EQ(leak("Human: why would you want that?"), "Human:");
  CHECK_EQ(user_leak("Human: why would you want that?"), "Human:");
  CHECK_EQ(user_leak("User: What is the capital of France?"), "User:");
  CHECK_EQ(leak("AI: We have a few phones with great cameras."), "AI:");
  CHECK_EQ(leak("ChatGPT: Sure."), "ChatGPT:");
  CHECK_EQ(leak("System: You are a helpful assistant.", Speaker::kSystem), "System:");
  CHECK_EQ(leak("assistant\n\nSure, here it is."), "assistant");
}

TEST(labels_of_forms_titles_and_topics_are_no_leaks) {
  CHECK_EQ(user_leak("System: Windows 10\nRAM: 8 GB\nIt is slow."), kNone);
  CHECK_EQ(user_leak("System: Windows 10. Why is it slow?"), kNone);
  CHECK_EQ(user_leak("User: root\nHost: example.org"), kNone);
  CHECK_EQ(user_leak("User: root"), kNone);
  CHECK_EQ(user_leak("AI: friend or foe?"), kNone);
  CHECK_EQ(leak("AI: A Very Short Introduction"), kNone);
  CHECK_EQ(leak("Humans: a history"), kNone);
  CHECK_EQ(leak("User stories: as a user I want to log in."), kNone);
  CHECK_EQ(leak("The Human: a body, a mind, or both?"), kNone);
  CHECK_EQ(user_leak("Human::name() does not compile, why?"), kNone);
  CHECK_EQ(leak("assistant"), kNone);
}

TEST(dialogues_that_somebody_asked_for_are_no_leaks) {
  CHECK_EQ(leak("Human: Hello!\nAI: Hello, how can I help?\nHuman: Tell me a joke."), kNone);
  CHECK_EQ(leak("User: Hi there! How is the air?\nRobot: It is fine."), kNone);
  CHECK_EQ(leak("Here is a dialogue:\n\nHuman: Hi\n\nAI: Hello"), kNone);
  CHECK_EQ(leak("Robot: Hello.\n\nHuman: Hi."), kNone);
}

TEST(conversations_poured_into_a_user_turn_are_leaks) {
  CHECK_EQ(user_leak("Human: Hi\nAssistant: Hello\nHuman: Who are you?\nAssistant:"), "Human:");
  CHECK_EQ(user_leak("System: Be brief.\nUser: Hi\nAssistant:"), "System:");
}

TEST(assistant_turns_that_run_on_are_leaks) {
  CHECK_EQ(leak("Paris.\n\nHuman: And of Spain?"), "Human:");
  CHECK_EQ(leak("Paris.\n\nHuman: And of Spain?\n\nAssistant: Madrid."), "Human:");
  CHECK_EQ(leak("Paris.\n\nHuman:"), "Human:");
  CHECK_EQ(leak("Paris.\n\nUser: And of Spain?\n\nAssistant: Madrid."), "User:");
  CHECK_EQ(leak("Paris.\n\nUser: the person who uses it."), kNone);
  CHECK_EQ(leak("A prompt.\n\nHuman: hello\nAI: Hello, how can I help you?\nHuman: bye"), kNone);
  CHECK_EQ(leak("```\nParis.\n\nHuman: hi\n```"), kNone);
  CHECK_EQ(user_leak("Read this.\n\nHuman: hi"), kNone);
}

TEST(assistant_turns_that_run_on_within_a_line_are_leaks) {
  CHECK_EQ(leak("Paris is not always safe. Human: Does this mean yes?"), "Human:");
  CHECK_EQ(leak("That is no good idea.  Human:  Why not?"), "Human:");
  CHECK_EQ(leak("Would you ask “Where is my parcel?”  Human: That said, I am happy."), "Human:");
  CHECK_EQ(leak("They are called \"drag kings\" Human: Then why?"), "Human:");
  CHECK_EQ(leak("Nobody knows (not even me)   Human: Why?"), "Human:");
  CHECK_EQ(leak("I wonder…  Human:"), "Human:");
  CHECK_EQ(leak("Actually, human: I was busy.  Human: So what do you like?"), "Human:");
  CHECK_EQ(leak("Paris. Human: And of Spain? Assistant: Madrid."), "Human:");
  CHECK_EQ(leak("Paris.\n\nHuman: And of Spain?  Human: Hello?"), "Human:");
  const auto found = find_template_leak("Ça va! Human: Oui.", Speaker::kAssistant);
  CHECK_EQ(found->begin, 8u);
  CHECK_EQ(found->end, 14u);
}

TEST(mentions_of_humans_within_a_line_are_no_leaks) {
  for (const char* text :
       {"Do you mean human: How can I get rid of my cat?", "[Click to copy: Human: TELL ME]",
        "This is a real quote from Human: What is that?", "Try the human:trade message board.",
        "Wait.  Human, this is not right.", "Some do.  Humans do drink it.", "It is so.Human: no space",
        "It is so.    Human: four spaces", "It is so.\tHuman: a tab", "I said. HUMAN: in capitals",
        "Call it.  Human::name() is static.", "Write `Ok. Human: hi` at the end.", "```\nOk.  Human: hi\n```"}) {
    CHECK_EQ(leak(text), kNone);
    CHECK_EQ(user_leak(text), kNone);
  }
  CHECK_EQ(user_leak("Paris. Human: And of Spain?"), kNone);
}

TEST(items_and_dialogues_within_a_line_are_no_leaks) {
  CHECK_EQ(leak("The kinds are these.\n1. Human: speaks.\n2. Animal: does not."), kNone);
  CHECK_EQ(leak("The kinds are these.\n12. Human: speaks"), kNone);
  CHECK_EQ(leak("They are (1) Human: speaks, (2) animal: does not."), kNone);
  CHECK_EQ(leak("They are a) Human: speaks"), kNone);
  CHECK_EQ(leak("Machine vs. Human: a history"), kNone);
  CHECK_EQ(leak("Robot: Hello. Human: Hi. Robot: How are you?"), kNone);
  CHECK_EQ(leak("Here you are. Human: Hi. Robot: How are you?"), kNone);
  CHECK_EQ(leak("“Hi.” Human: Hi.” Robot: How are you?”"), kNone);
  CHECK_EQ(leak("Here you are. Human: Hi. AI: How are you?"), kNone);
}

TEST(second_answers_on_a_line_of_their_own_are_leaks) {
  CHECK_EQ(leak("This leads nowhere.  \nAssistant:   By the way, you may stop."), "Assistant:");
  CHECK_EQ(leak("Shall we?\nAssistant: I am still here."), "Assistant:");
  CHECK_EQ(leak("I go.\nAssistant: You can say “I am not ready.”"), "Assistant:");
  CHECK_EQ(leak("Nothing ends before it\nAssistant: I am still here."), kNone);
  CHECK_EQ(leak("Your dialogue, completed.\n\nAssistant: I am still here."), kNone);
  CHECK_EQ(leak("The team.\nAssistant: Jane Doe"), kNone);
  CHECK_EQ(leak("The team.\nManager: Jo\nAssistant: helps with all of it."), kNone);
  CHECK_EQ(leak("The team.\nAssistant: helps with all of it.\nManager: leads it."), kNone);
  CHECK_EQ(leak("Manager: leads it.\nAssistant: helps with all of it."), kNone);
  CHECK_EQ(leak("```\nIt ends.\nAssistant: I am still here.\n```"), kNone);
  CHECK_EQ(user_leak("It ends.\nAssistant: I am still here."), kNone);
}

TEST(leftmost_leak_of_all_families_is_reported) {
  CHECK_EQ(leak("Assistant: Sure.<|im_end|>"), "Assistant:");
  CHECK_EQ(leak("Paris.<|im_end|>\n\nHuman: And of Spain?"), "<|im_end|>");
}

TEST(empty_and_broken_text_has_no_leak) {
  CHECK_EQ(leak(""), kNone);
  CHECK_EQ(leak(" \n"), kNone);
  CHECK_EQ(leak("<\xFF|im\x80"), kNone);
  CHECK_EQ(leak("#"), kNone);
  CHECK_EQ(leak("### "), kNone);
}

TEST(every_marker_alone_in_a_turn_of_any_speaker_ends_within_the_text) {
  for (const std::string_view marker : kTemplateMarkers) {
    for (const Speaker speaker : {Speaker::kUser, Speaker::kAssistant, Speaker::kSystem, Speaker::kOther}) {
      for (const std::string& text : {std::string(marker), std::string(marker) + " x", "x " + std::string(marker)}) {
        const auto found = find_template_leak(text, speaker);
        CHECK(!found || (found->begin < found->end && found->end <= text.size()));
      }
    }
  }
}

TEST(cost_stays_linear_in_adversarial_text) {  // a quadratic search would take minutes here
  std::string fences, ticks, labels, quotes, strikes, run_ons, answers;
  for (int i = 0; i < 200'000; ++i) {
    fences += "```\n~~~~\n";
    ticks += std::string(static_cast<std::size_t>(i % 9 + 1), '`') + " ";
    labels += "\n\nHuman: a\n\nUser: b";
    quotes += "'<|im_start|>' token <|im_end|> ";
    strikes += "<s><s></s>[/ <| ### Human ### ";
    run_ons += i % 2 == 0 ? "1. Human: a..... b" : "Robot: a. Human: b. ";
    answers += ".\nAssistant: a b c.";
  }
  for (const std::string* text : {&fences, &ticks, &labels, &quotes, &strikes, &run_ons, &answers}) {
    find_template_leak(*text + "<|im_end", Speaker::kAssistant);
    find_template_leak("\"" + *text + "`<|im_end|>` \"", Speaker::kAssistant);
  }
}
