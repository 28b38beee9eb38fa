#include "tunegate/splitter.hpp"

#include <algorithm>
#include <cstring>

namespace tunegate {
namespace {

constexpr std::string_view kSpace = " \t\r\n";

bool is_space(char c) { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; }

/// Depth and string state of JSON bytes, whatever their grammar.
class Nesting {
 public:
  /// Consumes one byte; true while it belongs to a string.
  bool step(char c) {
    if (in_string_) {
      if (escaped_) {
        escaped_ = false;
      } else if (c == '\\') {
        escaped_ = true;
      } else if (c == '"') {
        in_string_ = false;
      }
      return true;
    }
    if (c == '"') return in_string_ = true;
    if (c == '{' || c == '[') ++depth_;
    if ((c == '}' || c == ']') && depth_ > 0) --depth_;
    return false;
  }
  /// Inside a string: the next byte from `at` that can end it or escape, else the end of `bytes`.
  std::size_t skip(std::string_view bytes, std::size_t at) const {
    if (!in_string_ || escaped_) return at;
    const std::size_t stop = bytes.find_first_of("\"\\\n", at);
    return stop == std::string_view::npos ? bytes.size() : stop;
  }
  bool in_string() const { return in_string_; }
  std::size_t depth() const { return depth_; }

 private:
  std::size_t depth_ = 0;
  bool in_string_ = false;
  bool escaped_ = false;
};

class Lines final : public Splitter {
 public:
  explicit Lines(std::uint64_t start) : at_(start), begin_(start) {}

  void feed(std::string_view bytes, std::vector<RecordSpan>& spans) override {
    std::size_t from = 0;
    while (from < bytes.size()) {
      const auto* found = static_cast<const char*>(std::memchr(bytes.data() + from, '\n', bytes.size() - from));
      const std::size_t stop = found != nullptr ? static_cast<std::size_t>(found - bytes.data()) : bytes.size();
      if (blank_) skip_blanks(bytes.substr(from, stop - from), at_ + from);
      if (found == nullptr) break;
      end_line(at_ + stop, spans);
      from = stop + 1;
    }
    at_ += bytes.size();
  }
  void finish(std::vector<RecordSpan>& spans) override {
    if (!blank_) spans.push_back({begin_, at_, line_});
    begin_ = at_;
    blank_ = true;
  }
  std::uint64_t open_since() const override { return blank_ ? at_ : begin_; }
  std::uint64_t line() const override { return line_; }

 private:
  /// A record begins with the first byte of its line that is not blank.
  void skip_blanks(std::string_view text, std::uint64_t offset) {
    const auto blanks = std::find_if_not(text.begin(), text.end(), is_space) - text.begin();
    begin_ = offset + static_cast<std::uint64_t>(blanks);
    blank_ = static_cast<std::size_t>(blanks) == text.size();
  }

  void end_line(std::uint64_t end, std::vector<RecordSpan>& spans) {
    if (!blank_) spans.push_back({begin_, end, line_});
    ++line_;
    blank_ = true;
  }

  std::uint64_t at_, begin_, line_ = 1;
  bool blank_ = true;
};

class Array final : public Splitter {
 public:
  explicit Array(std::uint64_t start) : at_(start), begin_(start) {}

  void feed(std::string_view bytes, std::vector<RecordSpan>& spans) override {
    for (std::size_t i = 0; i < bytes.size() && !is_broken(); ++i) {
      const std::size_t next = nesting_.skip(bytes, i);
      at_ += next - i;
      if (next == bytes.size()) return;
      i = next;
      step(bytes[i], spans);
      if (bytes[i] == '\n') ++line_;
      ++at_;
    }
  }

  void finish(std::vector<RecordSpan>& spans) override {
    if (state_ == State::kElement) spans.push_back({begin_, at_, begin_line_});
    const bool inside = state_ == State::kElement && (nesting_.in_string() || nesting_.depth() != 1);
    if (!inside && state_ != State::kDone && !is_broken()) {
      spans.push_back({at_, at_, line_, "the list is cut short: no ']' at its end"});
    }
    begin_ = at_;
  }

  std::uint64_t open_since() const override { return state_ == State::kElement ? begin_ : at_; }
  std::uint64_t line() const override { return line_; }
  bool is_broken() const override { return state_ == State::kBroken; }

 private:
  enum class State { kOpening, kFirst, kElement, kNext, kDone, kBroken };

  void step(char c, std::vector<RecordSpan>& spans) {
    switch (state_) {
      case State::kOpening: return opening(c);
      case State::kFirst: return first(c);
      case State::kElement: return element(c, spans);
      case State::kNext: return next(c, spans);
      case State::kDone:
        if (!is_space(c)) breaks("content after the end of the list", spans);
        return;
      case State::kBroken: return;
    }
  }

  void opening(char c) {
    if (is_space(c)) return;
    nesting_.step(c);  // '[' by the choice of this container
    state_ = State::kFirst;
  }

  void first(char c) {
    if (is_space(c)) return;
    if (c == ']') {
      state_ = State::kDone;
    } else {
      open(c);
    }
  }

  /// After a comma: an element must follow.
  void next(char c, std::vector<RecordSpan>& spans) {
    if (is_space(c)) return;
    if (c == ']' || c == ',') return breaks("a comma without an element after it in the list", spans);
    open(c);
  }

  void open(char c) {
    state_ = State::kElement;
    begin_ = at_;
    begin_line_ = line_;
    nesting_.step(c);
  }

  void element(char c, std::vector<RecordSpan>& spans) {
    const bool separator = !nesting_.in_string() && nesting_.depth() == 1 && (c == ',' || c == ']');
    if (!separator) {
      nesting_.step(c);
      return;
    }
    spans.push_back({begin_, at_, begin_line_});
    state_ = c == ',' ? State::kNext : State::kDone;
  }

  void breaks(std::string_view why, std::vector<RecordSpan>& spans) {
    state_ = State::kBroken;
    begin_ = at_;
    spans.push_back({at_, at_, line_, why});
  }

  Nesting nesting_;
  State state_ = State::kOpening;
  std::uint64_t at_, begin_, line_ = 1, begin_line_ = 1;
};

class Whole final : public Splitter {
 public:
  explicit Whole(std::uint64_t start) : at_(start), begin_(start) {}

  void feed(std::string_view bytes, std::vector<RecordSpan>&) override {
    for (const char c : bytes) {
      if (empty_ && !is_space(c)) {
        empty_ = false;
        begin_line_ = line_;
      }
      line_ += c == '\n';
    }
    at_ += bytes.size();
  }
  void finish(std::vector<RecordSpan>& spans) override {
    if (!empty_) spans.push_back({begin_, at_, begin_line_});
    begin_ = at_;
  }
  std::uint64_t open_since() const override { return begin_; }
  std::uint64_t line() const override { return line_; }

 private:
  std::uint64_t at_, begin_, line_ = 1, begin_line_ = 1;
  bool empty_ = true;
};

/// Whether an object that is not closed on its line is a record cut short, and not one that goes on: the
/// next line begins a record of its own, where a value or a key would stand.
bool is_cut_record(std::string_view line, std::string_view rest) {
  const std::size_t next = rest.find_first_not_of(kSpace);
  if (next == std::string_view::npos || rest[next] != '{') return false;
  return std::string_view("{[:,").find(line[line.find_last_not_of(kSpace)]) == std::string_view::npos;
}

}  // namespace

std::unique_ptr<Splitter> split_lines(std::uint64_t start) { return std::make_unique<Lines>(start); }
std::unique_ptr<Splitter> split_array(std::uint64_t start) { return std::make_unique<Array>(start); }
std::unique_ptr<Splitter> split_nothing(std::uint64_t start) { return std::make_unique<Whole>(start); }

Container sniff_container(std::string_view head) {
  const std::size_t first = head.find_first_not_of(kSpace);
  if (first == std::string_view::npos) return Container::kLines;
  if (head[first] == '[') return Container::kArray;
  if (head[first] != '{') return Container::kLines;
  const std::size_t end = std::min(head.find('\n', first), head.size());
  const std::string_view line = head.substr(first, end - first);
  Nesting nesting;
  for (const char c : line) nesting.step(c);
  if (nesting.depth() == 0 && !nesting.in_string()) return Container::kLines;
  return is_cut_record(line, head.substr(end)) ? Container::kLines : Container::kWhole;
}

}  // namespace tunegate
