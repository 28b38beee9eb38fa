#include "tunegate/arrow_table.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <mutex>
#include <stdexcept>

namespace tunegate {
namespace {

using Zeros = std::vector<std::uint64_t>;

/// At least `words` words of zeros, the same for all who ask.
std::shared_ptr<const Zeros> shared_zeros(std::size_t words) {
  static std::mutex mutex;
  static auto& zeros = *new std::shared_ptr<const Zeros>();  // exported columns may outlive all destructors
  const std::lock_guard lock(mutex);
  if (!zeros || zeros->size() < words)
    zeros = std::make_shared<const Zeros>(std::max(words, 2 * (zeros ? zeros->size() : 0)));
  return zeros;
}

}  // namespace

// Behind every exported struct lies one block of private data that owns all it points to. A consumer may
// move a child array out of its parent and release it later, so each child has a block of its own.
struct ArrowExport {
  using Column = ArrowTable::Column;

  struct SchemaBlock {
    std::string name;
    std::vector<ArrowSchema> children;
    std::vector<ArrowSchema*> pointers;
  };
  struct ArrayBlock {
    std::shared_ptr<const Column> column;
    std::vector<const void*> buffers;
    std::vector<ArrowArray> children;
    std::vector<ArrowArray*> pointers;
  };
  struct StreamBlock {
    ArrowTable layout;
    std::vector<ArrowTable> batches;
    std::size_t next = 0;
    std::string error{};
  };

  template <class Struct, class Block>
  static void release(Struct* exported) {
    auto* block = static_cast<Block*>(exported->private_data);
    if constexpr (requires { block->pointers; }) {
      for (Struct* child : block->pointers) {
        if (child->release != nullptr) child->release(child);
      }
    }
    delete block;
    exported->release = nullptr;
  }

  static void schema(ArrowSchema* out, const char* format, std::string name, std::size_t children) {
    auto* block = new SchemaBlock{std::move(name), std::vector<ArrowSchema>(children), {}};
    for (ArrowSchema& child : block->children) block->pointers.push_back(&child);
    *out = ArrowSchema{};
    out->format = format;
    out->name = block->name.c_str();
    out->flags = ARROW_FLAG_NULLABLE;
    out->n_children = static_cast<std::int64_t>(children);
    out->children = block->pointers.data();
    out->release = release<ArrowSchema, SchemaBlock>;
    out->private_data = block;
  }

  static ArrayBlock* array(ArrowArray* out, std::size_t rows, std::vector<const void*> buffers) {
    auto* block = new ArrayBlock{nullptr, std::move(buffers), {}, {}};
    *out = ArrowArray{};
    out->length = static_cast<std::int64_t>(rows);
    out->n_buffers = static_cast<std::int64_t>(block->buffers.size());
    out->buffers = block->buffers.data();
    out->release = release<ArrowArray, ArrayBlock>;
    out->private_data = block;
    return block;
  }

  static void column(ArrowArray* out, std::size_t rows, const std::shared_ptr<const Column>& column) {
    array(out, rows, column->buffers)->column = column;
    out->null_count = static_cast<std::int64_t>(column->nulls);
  }

  /// Runs `write`, turning an exception into the error code and text that a stream reports.
  template <class Write>
  static int guarded(StreamBlock& block, Write write) {
    try {
      write();
      return 0;
    } catch (const std::exception& error) {
      block.error = error.what();
      return ENOMEM;
    }
  }

  static StreamBlock& stream_block(ArrowArrayStream* stream) {
    return *static_cast<StreamBlock*>(stream->private_data);
  }
  static int stream_schema(ArrowArrayStream* stream, ArrowSchema* out) {
    StreamBlock& block = stream_block(stream);
    return guarded(block, [&] { block.layout.export_schema(out); });
  }
  static int stream_next(ArrowArrayStream* stream, ArrowArray* out) {
    StreamBlock& block = stream_block(stream);
    *out = ArrowArray{};
    if (block.next == block.batches.size()) return 0;
    return guarded(block, [&] {
      const ArrowTable batch = std::move(block.batches[block.next++]);
      batch.export_array(out);
    });
  }
  static const char* stream_error(ArrowArrayStream* stream) { return stream_block(stream).error.c_str(); }
};

const void* ArrowTable::no_bytes() {
  alignas(64) static const char kNothing[64] = {};
  return kNothing;
}

void ArrowTable::check_offsets(const std::string& name, std::int64_t last, std::size_t bytes) {
  if (last < 0 || static_cast<std::uint64_t>(last) != bytes) {
    throw std::invalid_argument("column " + name + ": the last offset is " + std::to_string(last) + ", not the " +
                                std::to_string(bytes) + " bytes of its texts");
  }
}

void ArrowTable::append(Column column, std::size_t rows) {
  if (!columns_.empty() && rows != rows_) {
    throw std::invalid_argument("column " + column.name + " has " + std::to_string(rows) + " rows, not " +
                                std::to_string(rows_));
  }
  rows_ = rows;
  columns_.push_back(std::make_shared<const Column>(std::move(column)));
}

void ArrowTable::append(Column column, std::size_t rows, BitVector validity) {
  if (validity.size() != 0 && validity.size() != rows) {
    throw std::invalid_argument("column " + column.name + " has " + std::to_string(rows) + " rows, but a validity of " +
                                std::to_string(validity.size()));
  }
  column.nulls = validity.size() - validity.ones();
  const void* bits = column.nulls == 0 ? nullptr : keep(column, std::move(validity));
  column.buffers.insert(column.buffers.begin(), bits);
  append(std::move(column), rows);
}

void ArrowTable::add_nulls(std::string name, const char* format, std::size_t rows) {
  auto zeros = shared_zeros(rows + 1);
  const bool is_text = std::strchr("uU", *format) != nullptr;
  Column column{std::move(name), format, rows, {zeros->data(), zeros->data()}};
  if (is_text) column.buffers.push_back(no_bytes());
  column.owners.push_back(std::move(zeros));
  append(std::move(column), rows);
}

void ArrowTable::add_booleans(std::string name, BitVector values, BitVector validity) {
  const std::size_t rows = values.size();
  Column column{std::move(name), "b"};
  column.buffers.push_back(keep(column, std::move(values)));
  append(std::move(column), rows, std::move(validity));
}

void ArrowTable::export_schema(ArrowSchema* out) const {
  ArrowExport::schema(out, "+s", "", columns_.size());
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    ArrowExport::schema(out->children[i], columns_[i]->format, columns_[i]->name, 0);
  }
}

void ArrowTable::export_array(ArrowArray* out) const {
  ArrowExport::ArrayBlock* block = ArrowExport::array(out, rows_, {nullptr});
  block->children.resize(columns_.size());
  for (ArrowArray& child : block->children) block->pointers.push_back(&child);
  out->n_children = static_cast<std::int64_t>(columns_.size());
  out->children = block->pointers.data();
  for (std::size_t i = 0; i < columns_.size(); ++i) ArrowExport::column(out->children[i], rows_, columns_[i]);
}

void export_stream(const ArrowTable& layout, std::vector<ArrowTable> batches, ArrowArrayStream* out) {
  *out = ArrowArrayStream{};
  out->get_schema = ArrowExport::stream_schema;
  out->get_next = ArrowExport::stream_next;
  out->get_last_error = ArrowExport::stream_error;
  out->release = ArrowExport::release<ArrowArrayStream, ArrowExport::StreamBlock>;
  out->private_data = new ArrowExport::StreamBlock{layout, std::move(batches)};
}

}  // namespace tunegate
