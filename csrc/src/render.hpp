#pragma once
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>

#include "tunegate/format.hpp"

namespace tunegate {

/// Appends `"key":"text"` with a comma before it unless the object was just opened.
void render_text(std::string& out, std::string_view key, std::string_view text);
/// The same for a value that is JSON already.
void render_raw(std::string& out, std::string_view key, std::string_view json);
/// Appends `"key":` and the turns of `part` as a list with OpenAI keys; keeps all that a turn can hold.
void render_turns(std::string& out, std::string_view key, const Sample& sample, Part part, Losses& losses);
/// Appends the tools declared, if any.
void render_tools(std::string& out, const Sample& sample);
/// Appends the metadata members except those whose key is in `own`, which are named as a loss, and closes
/// the object.
void render_rest(std::string& out, const Sample& sample, std::initializer_list<std::string_view> own, Losses& losses);

/// Names what turns carry beside text: tools, tool calls, reasoning, names, weights, media, unknown keys.
void lose_all_but_text(const Sample& sample, Losses& losses);
/// Names the branches and the label, for formats without preferences.
void lose_preference(const Sample& sample, Losses& losses);

/// One exchange as text: at most a system prompt, one prompt, one response.
struct Exchange {
  std::optional<std::string_view> system, prompt, response;
};
/// The main turns as one exchange; names what does not fit.
Exchange one_exchange(const Sample& sample, Losses& losses);

}  // namespace tunegate
