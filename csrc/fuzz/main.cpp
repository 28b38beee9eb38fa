#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <iterator>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

/// Sound inputs of the target.
std::vector<std::string> fuzz_seeds();

namespace {

constexpr std::string_view kPieces[] = {"\"",
                                        "\\",
                                        "\\\\",
                                        "\\\"",
                                        "\\u",
                                        "\\ud83d",
                                        "\\ude42",
                                        "{",
                                        "}",
                                        "[",
                                        "]",
                                        ":",
                                        ",",
                                        ", ",
                                        " ",
                                        "\n",
                                        "\t",
                                        "\x01",
                                        "\xFF",
                                        "\x80",
                                        "\xC3\xA9",
                                        "\xED\xA0\x80",
                                        "role",
                                        "content",
                                        "\"role\": \"user\", ",
                                        "\"messages\": ",
                                        "null",
                                        "0",
                                        "user",
                                        "assistant"};

/// Makes inputs out of seeds: bytes changed, cut and put in, stretches of other seeds, pieces of JSON.
class Mutator {
 public:
  explicit Mutator(std::uint64_t seed) : random_(seed) {}
  void add_seed(std::string seed) { seeds_.push_back(std::move(seed)); }

  std::string next() {
    std::string input = any_seed();
    for (std::size_t changes = below(5); changes > 0; --changes) change(input);
    return input;
  }

 private:
  std::size_t below(std::size_t limit) { return static_cast<std::size_t>(random_() % limit); }
  const std::string& any_seed() { return seeds_[below(seeds_.size())]; }

  std::string stretch(const std::string& text) { return text.substr(below(text.size() + 1), below(80)); }

  void change(std::string& input) {
    const std::size_t at = below(input.size() + 1);
    switch (below(5)) {
      case 0: input.insert(at, kPieces[below(std::size(kPieces))]); break;
      case 1: input.erase(at, 1 + below(16)); break;
      case 2: input.resize(at); break;
      case 3: input.insert(at, stretch(any_seed())); break;
      default:
        if (at < input.size()) input[at] = static_cast<char>(random_());
    }
  }

  std::mt19937_64 random_;
  std::vector<std::string> seeds_;
};

}  // namespace

/// Where there is no libFuzzer: ITERATIONS [SEED [FILE ...]] runs the target over mutations of our seeds and of the
/// lines of the files.
int main(int count, char** arguments) {
  const long iterations = count > 1 ? std::strtol(arguments[1], nullptr, 10) : 10000;
  Mutator mutator(count > 2 ? std::strtoull(arguments[2], nullptr, 10) : 1);
  for (std::string& seed : fuzz_seeds()) mutator.add_seed(std::move(seed));
  for (int i = 3; i < count; ++i) {
    std::ifstream file(arguments[i], std::ios::binary);
    for (std::string line; std::getline(file, line);) mutator.add_seed(line);
  }
  for (long i = 0; i < iterations; ++i) {
    const std::string input = mutator.next();
    const std::vector<std::uint8_t> exact(input.begin(), input.end());  // a read beyond the end is seen
    LLVMFuzzerTestOneInput(exact.data(), exact.size());
  }
  std::cout << iterations << " inputs went through\n";
}
