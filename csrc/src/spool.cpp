#include <algorithm>
#include <memory>

#include "output_file.hpp"
#include "tunegate/byte_source.hpp"

namespace tunegate {

void spool(const std::string& path, Compression compression, const std::string& out) {
  constexpr std::size_t kChunk = 1 << 18;
  const auto source = open_source(path, compression);
  const auto chunk = std::make_unique_for_overwrite<char[]>(kChunk);
  OutputFile file(out);
  std::uint64_t line = 1;
  try {
    while (const std::size_t got = source->read(chunk.get(), kChunk)) {
      file.add({chunk.get(), got});
      line += static_cast<std::uint64_t>(std::count(chunk.get(), chunk.get() + got, '\n'));
    }
  } catch (const CutShort&) {
    throw CutShort("ends in the middle of a record at line " + std::to_string(line) +
                   ": the file is cut short. Nothing was written");
  }
  file.flush();
}

}  // namespace tunegate
