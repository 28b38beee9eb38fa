#include "tunegate/byte_source.hpp"

#include <fcntl.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <vector>

namespace tunegate {
namespace {

class File final : public ByteSource {
 public:
  explicit File(const std::string& path, std::uint64_t begin = 0, std::uint64_t end = ~std::uint64_t{0})
      : descriptor_(::open(path.c_str(), O_RDONLY | O_CLOEXEC)), left_(end - begin) {
    if (descriptor_ < 0) throw SourceError(std::strerror(errno));
    if (begin > 0 && ::lseek(descriptor_, static_cast<off_t>(begin), SEEK_SET) < 0) {
      throw SourceError(std::strerror(errno));
    }
  }
  ~File() override { ::close(descriptor_); }
  File(const File&) = delete;
  File& operator=(const File&) = delete;

  std::size_t read(char* out, std::size_t size) override {
    const std::size_t wanted = std::min<std::uint64_t>(size, left_);
    for (;;) {
      const ssize_t got = ::read(descriptor_, out, wanted);
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) throw SourceError(std::strerror(errno));
      consumed_ += static_cast<std::uint64_t>(got);
      left_ -= static_cast<std::uint64_t>(got);
      return static_cast<std::size_t>(got);
    }
  }
  std::uint64_t consumed() const override { return consumed_; }

 private:
  int descriptor_;
  std::uint64_t left_;
  std::uint64_t consumed_ = 0;
};

constexpr std::size_t kInput = 1 << 18;
constexpr char kNoZstd[] = "not a sound zstd stream; fetch it again, or rename it when it is not compressed";

/// What gzip and zstd share: a window of compressed bytes over a file.
class Compressed : public ByteSource {
 public:
  explicit Compressed(const std::string& path) : file_(path), input_(kInput) {}
  std::uint64_t consumed() const override { return file_.consumed(); }

 protected:
  /// Refills an empty window; false at the end of the file.
  bool refill() {
    begin_ = 0;
    end_ = file_.read(input_.data(), input_.size());
    return end_ > 0;
  }

  File file_;
  std::vector<char> input_;
  std::size_t begin_ = 0, end_ = 0;
};

class Gzip final : public Compressed {
 public:
  explicit Gzip(const std::string& path) : Compressed(path) {
    if (inflateInit2(&stream_, 15 + 16) != Z_OK) throw std::bad_alloc();
  }
  ~Gzip() override { inflateEnd(&stream_); }
  Gzip(const Gzip&) = delete;
  Gzip& operator=(const Gzip&) = delete;

  std::size_t read(char* out, std::size_t size) override {
    stream_.next_out = reinterpret_cast<Bytef*>(out);
    stream_.avail_out = static_cast<uInt>(size);
    while (stream_.avail_out == size) {
      if (begin_ == end_ && !refill()) {
        if (inside_) throw CutShort("the gzip stream has no end");
        return 0;
      }
      step();
    }
    return size - stream_.avail_out;
  }

 private:
  void step() {
    if (!inside_) inflateReset(&stream_);
    inside_ = true;
    stream_.next_in = reinterpret_cast<Bytef*>(input_.data() + begin_);
    stream_.avail_in = static_cast<uInt>(end_ - begin_);
    const int status = inflate(&stream_, Z_NO_FLUSH);
    begin_ = end_ - stream_.avail_in;
    if (status == Z_STREAM_END) {
      inside_ = false;
    } else if (status != Z_OK && status != Z_BUF_ERROR) {
      throw SourceError("not a sound gzip stream; fetch it again, or rename it when it is not compressed");
    }
  }

  z_stream stream_{};
  bool inside_ = false;
};

class Zstd final : public Compressed {
 public:
  explicit Zstd(const std::string& path) : Compressed(path), stream_(ZSTD_createDStream()) {
    if (stream_ == nullptr) throw std::bad_alloc();
  }
  ~Zstd() override { ZSTD_freeDStream(stream_); }
  Zstd(const Zstd&) = delete;
  Zstd& operator=(const Zstd&) = delete;

  std::size_t read(char* out, std::size_t size) override {
    ZSTD_outBuffer output{out, size, 0};
    while (output.pos == 0) {
      if (begin_ == end_ && !refill()) {
        if (inside_ && !flush(output)) throw CutShort("the zstd stream has no end");
        return output.pos;
      }
      step(output);
    }
    return output.pos;
  }

 private:
  void step(ZSTD_outBuffer& output) {
    ZSTD_inBuffer input{input_.data() + begin_, end_ - begin_, 0};
    const std::size_t status = ZSTD_decompressStream(stream_, &output, &input);
    if (ZSTD_isError(status)) throw SourceError(kNoZstd);
    begin_ += input.pos;
    inside_ = status != 0;
  }

  /// Output that the decoder still holds when the file is read; false when it holds none.
  bool flush(ZSTD_outBuffer& output) {
    ZSTD_inBuffer nothing{input_.data(), 0, 0};
    const std::size_t status = ZSTD_decompressStream(stream_, &output, &nothing);
    if (ZSTD_isError(status)) throw SourceError(kNoZstd);
    inside_ = status != 0;
    return output.pos > 0 || !inside_;
  }

  ZSTD_DStream* stream_;
  bool inside_ = false;
};

}  // namespace

std::unique_ptr<ByteSource> open_source(const std::string& path, Compression compression, std::uint64_t begin,
                                        std::uint64_t end) {
  switch (compression) {
    case Compression::kGzip: return std::make_unique<Gzip>(path);
    case Compression::kZstd: return std::make_unique<Zstd>(path);
    case Compression::kNone: break;
  }
  return std::make_unique<File>(path, begin, end);
}

std::string read_stretch(const std::string& path, Compression compression, std::uint64_t offset, std::size_t length) {
  const auto source = open_source(path, compression);
  std::string chunk(kInput, '\0'), stretch;
  std::uint64_t at = 0;
  while (stretch.size() < length) {
    const std::size_t got = source->read(chunk.data(), chunk.size());
    if (got == 0) break;
    const std::uint64_t skip = offset > at ? std::min<std::uint64_t>(offset - at, got) : 0;
    stretch.append(chunk, skip, std::min<std::uint64_t>(got - skip, length - stretch.size()));
    at += got;
  }
  return stretch;
}

}  // namespace tunegate
