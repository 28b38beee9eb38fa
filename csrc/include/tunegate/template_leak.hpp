#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace tunegate {

/// Who speaks in a turn. Role labels are judged for the first three only.
enum class Speaker : std::uint8_t { kUser, kAssistant, kSystem, kOther };

/// The speaker of a normalised role name: "user", "assistant", "system", anything else.
Speaker speaker_of(std::string_view role);

/// Every marker that can be reported, as it is written in its template; the code is the position here.
inline constexpr auto kTemplateMarkers = std::to_array<std::string_view>(
    {// ChatML, GPT, Phi, Qwen
     "<|im_start|>", "<|im_end|>", "<|im_sep|>", "<|endoftext|>", "<|endofprompt|>", "<|user|>", "<|assistant|>",
     "<|system|>", "<|end|>", "<|prompter|>", "<|observation|>", "<|tool|>",
     // Llama 3 and 4
     "<|begin_of_text|>", "<|end_of_text|>", "<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>", "<|eom_id|>",
     "<|python_tag|>", "<|header_start|>", "<|header_end|>", "<|eot|>", "<|eom|>", "<|ipython|>",
     // gpt-oss (harmony)
     "<|start|>", "<|message|>", "<|channel|>", "<|constrain|>", "<|return|>", "<|call|>",
     // Granite, Command R, InternLM, DeepSeek
     "<|start_of_role|>", "<|end_of_role|>", "<|START_OF_TURN_TOKEN|>", "<|END_OF_TURN_TOKEN|>", "<|USER_TOKEN|>",
     "<|CHATBOT_TOKEN|>", "<|SYSTEM_TOKEN|>", "<|plugin|>", "<|interpreter|>", "<|action_start|>", "<|action_end|>",
     "<｜begin▁of▁sentence｜>", "<｜end▁of▁sentence｜>", "<｜User｜>", "<｜Assistant｜>", "<｜tool▁calls▁begin｜>",
     "<｜tool▁calls▁end｜>", "<｜tool▁call▁begin｜>", "<｜tool▁call▁end｜>",
     // Gemma, Llama 2, Mistral, GLM
     "<start_of_turn>", "<end_of_turn>", "<end_of_utterance>", "<bos>", "<eos>", "<s>", "</s>", "<<SYS>>", "<</SYS>>",
     "[INST]", "[/INST]", "[AVAILABLE_TOOLS]", "[/AVAILABLE_TOOLS]", "[TOOL_CALLS]", "[TOOL_RESULTS]",
     "[/TOOL_RESULTS]", "[SYSTEM_PROMPT]", "[/SYSTEM_PROMPT]", "[gMASK]",
     // Headings of Alpaca, Vicuna and kin
     "### Instruction:", "### Input:", "### Response:", "### Human:", "### User:", "### Assistant:", "### System:",
     // Role labels
     "Human:", "User:", "Assistant:", "AI:", "GPT:", "ChatGPT:", "System:", "assistant"});

/// The first residue of a chat template in a turn: bytes [begin, end) of the text.
struct TemplateLeak {
  std::uint8_t marker;  // a position in kTemplateMarkers
  std::size_t begin;
  std::size_t end;
};

/// Looks for what a chat template left in the text of one turn.
///
/// Special tokens ("<|im_start|>", "[INST]" ...) count anywhere but in code (fenced or inline), in quotation
/// marks, and beside the word "token" or its kin, where text talks about them. "<s>" and "<bos>" count only
/// as the first thing, "<eos>" as the last, "</s>" where no "<s>" opened it: the rest is HTML and examples.
///
/// Headings ("### Response:", any case; not "## Response:" or "### Instructions:", which are Markdown) count
/// where the turn starts with one of its own side (Instruction, Human, User in a user turn; Response,
/// Assistant in an assistant turn; System, Instruction in a system turn), or where it holds, outside code,
/// one that asks (Instruction, Human, User; Input at the start) and one that answers.
///
/// Role labels ("Human:" like "HUMAN:") count where a turn starts with one, unless a later line of it starts
/// with a speaker or another word and a colon ("Human: hi\nAI: hello", "User: root\nHost: a"): that is a
/// dialogue somebody asked for, or a form.
/// - "Human:" and "Assistant:" in user and assistant turns, "GPT:" and "ChatGPT:" in assistant turns;
/// - "User:" in user turns, "AI:" in assistant turns and "System:" in system turns, if on a line of their own
///   or before a sentence of three words or more: "AI: a history" is a title.
/// - In a user turn "Human:", "User:" or "System:" also counts when a later line starts with "Assistant:",
///   "AI:" or kin, as that is a conversation poured into one turn.
/// - In an assistant turn that runs on, "\n\nHuman:" counts if the paragraph before is neither spoken
///   ("Robot: ...") nor ends with a colon, and the next speaker, if any, is "\n\nAssistant:"; "\n\nUser:"
///   needs that speaker.
/// - There "Human:" also counts within a line, one to three spaces behind the end of a sentence, a closing
///   quotation mark or bracket; but not behind "1." and other marks of items, nor where the line has another
///   speaker ("Robot: Hi. Human: Hi.").
/// - There "Assistant:" also counts as the only spoken line, before a sentence of three words or more and
///   right behind a line that ends with one. Neither counts in code.
/// - "assistant" and an empty line at the start of an assistant turn are a Llama 3 header without its tokens.
///
/// Any bytes are accepted. O(bytes); text without '<', '[' and '#' is skipped in blocks.
///
/// Source: the chat templates published with the models named above. The exceptions come from reading
/// findings on real data.
std::optional<TemplateLeak> find_template_leak(std::string_view text, Speaker speaker);

}  // namespace tunegate
