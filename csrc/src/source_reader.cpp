#include "tunegate/source_reader.hpp"

#include <algorithm>
#include <future>
#include <utility>

#include "hash128.hpp"

namespace tunegate {
namespace {

constexpr std::size_t kChunk = 1 << 20;
constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

std::string with_thousands(std::uint64_t number) {
  std::string digits = std::to_string(number);
  for (std::size_t at = digits.size(); at > 3;) digits.insert(at -= 3, ",");
  return digits;
}

std::string too_long(std::size_t limit) {
  return "longer than " + with_thousands(limit) + " bytes, the most that a record may have";
}

}  // namespace

/// A stretch of bytes that ends with a record, and what it was parsed to.
struct SourceReader::Block {
  ByteBuffer bytes;
  std::uint64_t offset = 0;
  std::vector<RecordSpan> spans;
  std::int64_t first_record_id = 0;
  std::unique_ptr<RecordSink> sink;
  std::optional<std::size_t> breaks_at;  // the record that is no JSON, in a list
  std::string why;

  std::string_view text(const RecordSpan& span) const {
    return bytes.view().substr(span.begin - offset, span.end - span.begin);
  }

  RecordPlace place(std::size_t i) const {
    return {first_record_id + static_cast<std::int64_t>(i), static_cast<std::int64_t>(spans[i].line),
            static_cast<std::int64_t>(spans[i].begin), static_cast<std::int64_t>(spans[i].end - spans[i].begin)};
  }

  void parse(RecordParser& parser, const SinkFactory& make_sink, bool is_list, std::size_t max_record_bytes) {
    sink = make_sink(bytes.size());
    for (std::size_t i = 0; i < spans.size(); ++i) {
      const auto unreadable = read(parser, i, max_record_bytes);
      if (!unreadable) continue;
      if (is_list && unreadable->breaks_list) {
        breaks_at = i;
        why = unreadable->reason;
        return;
      }
      sink->add_unreadable(place(i), fingerprint(text(spans[i])), unreadable->reason);
    }
  }

 private:
  std::optional<Unreadable> read(RecordParser& parser, std::size_t i, std::size_t max_record_bytes) const {
    if (spans[i].end - spans[i].begin > max_record_bytes) return Unreadable{too_long(max_record_bytes)};
    if (!spans[i].broken.empty()) return Unreadable{std::string(spans[i].broken), true};
    return sink->add(place(i), text(spans[i]), parser);
  }
};

/// A record over the limit: hashed while it passes by.
struct SourceReader::Oversize {
  std::uint64_t begin;
  Hash128 hash;
};

SourceReader::SourceReader(ReadOptions options, SinkFactory make_sink)
    : options_(std::move(options)),
      make_sink_(std::move(make_sink)),
      source_(open_source(options_.path, options_.compression, options_.begin, options_.end)),
      buffer_offset_(options_.begin),
      next_record_id_(options_.first_record_id) {
  options_.threads = std::max<std::size_t>(1, options_.threads);
  for (std::size_t i = 0; i < options_.threads; ++i) parsers_.emplace_back(options_.fields, options_.scan);
}

SourceReader::~SourceReader() = default;

std::unique_ptr<RecordSink> SourceReader::next() {
  while (ready_.empty() && !(ended_ && spans_.empty())) parse_round();
  if (!ready_.empty()) {
    auto sink = std::move(ready_.front());
    ready_.pop_front();
    return sink;
  }
  if (cut_at_line_ > 0) {
    throw CutShort("ends in the middle of a record at line " + with_thousands(cut_at_line_) +
                   ": the file is cut short. " + with_thousands(static_cast<std::uint64_t>(records())) +
                   " records were read; nothing was judged");
  }
  return nullptr;
}

/// Looks at the first bytes and chooses the splitter.
void SourceReader::open_container() {
  std::string head;
  const auto tells = [&] {  // only an object needs the line after its first
    if (options_.lines) return head.size() >= kByteOrderMark.size();
    const std::size_t first = head.find_first_not_of(" \t\r\n\xEF\xBB\xBF");
    if (first == std::string::npos || head[first] != '{') return first != std::string::npos;
    const std::size_t end = head.find('\n', first);
    return end != std::string::npos && head.find_first_not_of(" \t\r\n", end) != std::string::npos;
  };
  while (!tells() && head.size() <= options_.max_record_bytes && read_more()) {
    head += buffer_.view();
    buffer_.clear();
  }
  if (options_.begin == 0 && head.starts_with(kByteOrderMark)) {
    buffer_offset_ = kByteOrderMark.size();
    head.erase(0, kByteOrderMark.size());
  }
  const Container container = options_.lines ? Container::kLines : sniff_container(head);
  is_list_ = container == Container::kArray;
  is_lines_ = container == Container::kLines;
  splitter_ = is_list_    ? split_array(buffer_offset_)
              : is_lines_ ? split_lines(buffer_offset_)
                          : split_nothing(buffer_offset_);
  buffer_.append(head);
  splitter_->feed(buffer_.view(), spans_);
  if (ended_ && cut_at_line_ == 0) splitter_->finish(spans_);
}

/// Appends a chunk to the buffer; false at the end of the source.
bool SourceReader::read_more() {
  std::size_t got = 0;
  try {
    got = source_->read(buffer_.room(kChunk), kChunk);
  } catch (const CutShort&) {
    cut_at_line_ = splitter_ ? splitter_->line() : 1;
  }
  buffer_.grow(got);
  ended_ = got == 0;
  return got > 0;
}

/// Drops what stands between records, and moves what has passed of a record over the limit into its hash.
void SourceReader::drop_oversize() {
  if (!oversize_) {
    if (!spans_.empty() || holds_all_ || splitter_->is_broken()) return;
    const std::uint64_t since = splitter_->open_since();
    buffer_.drop_front(since - buffer_offset_);
    buffer_offset_ = since;
    if (buffer_.size() <= options_.max_record_bytes) return;
    oversize_ = std::make_unique<Oversize>();
    oversize_->begin = since;
  }
  if (spans_.empty()) {
    oversize_->hash.add(buffer_.view());
    buffer_offset_ += buffer_.size();
    buffer_.clear();
  } else {
    end_oversize();
  }
}

void SourceReader::end_oversize() {
  const RecordSpan span = spans_.front();
  spans_.erase(spans_.begin());
  const std::size_t tail = span.end - buffer_offset_;
  oversize_->hash.add(buffer_.view().substr(0, tail));
  buffer_.drop_front(tail);
  buffer_offset_ = span.end;
  auto sink = make_sink_(0);
  sink->add_unreadable({next_record_id_++, static_cast<std::int64_t>(span.line), static_cast<std::int64_t>(span.begin),
                        static_cast<std::int64_t>(span.end - span.begin)},
                       oversize_->hash.digest(), too_long(options_.max_record_bytes));
  ready_.push_back(std::move(sink));
  oversize_.reset();
}

/// Fills the buffer until it holds a block of complete records, and cuts that off; nothing at the end, or
/// when an oversize record stands in between.
std::optional<SourceReader::Block> SourceReader::next_block() {
  if (!splitter_) open_container();
  drop_oversize();
  while (!ended_ && !splitter_->is_broken() && (spans_.empty() || buffer_.size() < options_.block_bytes)) {
    if (holds_all_ && buffer_.size() > options_.max_record_bytes) return std::nullopt;
    const std::size_t before = buffer_.size();
    if (read_more()) {
      splitter_->feed(buffer_.view().substr(before), spans_);
    } else if (cut_at_line_ == 0) {
      splitter_->finish(spans_);
    }
    drop_oversize();
    if (!ready_.empty()) break;
  }
  if (spans_.empty() || oversize_ || !ready_.empty()) return std::nullopt;
  Block block;
  const std::size_t size = spans_.back().end - buffer_offset_;
  block.offset = buffer_offset_;
  ByteBuffer rest = take_spare();
  rest.append(buffer_.view().substr(size));
  block.bytes = std::exchange(buffer_, std::move(rest));
  block.bytes.truncate(size);
  block.spans = std::move(spans_);
  block.first_record_id = next_record_id_;
  spans_.clear();
  buffer_offset_ += size;
  next_record_id_ += static_cast<std::int64_t>(block.spans.size());
  return block;
}

/// The memory of a block that was parsed: fresh pages cost more than reading into them.
ByteBuffer SourceReader::take_spare() {
  if (spare_.empty()) return {};
  ByteBuffer buffer = std::move(spare_.back());
  spare_.pop_back();
  buffer.clear();
  return buffer;
}

/// Reads one block for each thread, parses them side by side and queues their sinks in order.
void SourceReader::parse_round() {
  std::vector<Block> blocks;
  while (blocks.size() < options_.threads && ready_.empty()) {
    holds_all_ = is_list_ && !blocks.empty();
    auto block = next_block();
    if (!block) break;
    blocks.push_back(std::move(*block));
  }
  auto oversize = std::move(ready_);  // stands after the blocks read before it
  ready_.clear();
  const auto parse = [&](std::size_t i) {
    blocks[i].parse(parsers_[i], make_sink_, is_list_, options_.max_record_bytes);
  };
  std::vector<std::future<void>> others;
  for (std::size_t i = 1; i < blocks.size(); ++i) others.push_back(std::async(std::launch::async, parse, i));
  if (!blocks.empty()) parse(0);
  for (auto& other : others) other.get();
  deliver(blocks);
  for (Block& block : blocks) spare_.push_back(std::move(block.bytes));
  for (auto& sink : oversize) ready_.push_back(std::move(sink));
}

void SourceReader::deliver(std::vector<Block>& blocks) {
  for (std::size_t i = 0; i < blocks.size(); ++i) {
    if (blocks[i].breaks_at) return give_up_list(blocks, i);
    ready_.push_back(std::move(blocks[i].sink));
  }
}

/// A list that is no JSON from some element on: that element and all bytes after it are one record.
void SourceReader::give_up_list(std::vector<Block>& blocks, std::size_t broken) {
  Block& block = blocks[broken];
  const std::size_t at = *block.breaks_at;
  const std::uint64_t begin = block.spans[at].begin;
  Hash128 hash;
  hash.add(block.bytes.view().substr(begin - block.offset));
  for (std::size_t i = broken + 1; i < blocks.size(); ++i) hash.add(blocks[i].bytes.view());
  for (bool more = true; more;) {
    hash.add(buffer_.view());
    buffer_offset_ += buffer_.size();
    buffer_.clear();
    more = !ended_ && read_more();
  }
  RecordPlace place = block.place(at);
  place.byte_length = static_cast<std::int64_t>(buffer_offset_ - begin);
  block.sink->add_unreadable(place, hash.digest(), block.why + "; the list was not read beyond");
  next_record_id_ = place.record_id + 1;
  spans_.clear();
  oversize_.reset();
  ended_ = true;
  ready_.push_back(std::move(block.sink));
}

}  // namespace tunegate
