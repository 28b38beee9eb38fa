#include <exception>

#include "check.hpp"

int main() {
  int failed = 0;
  for (const check::Test& test : check::tests()) {
    const int before = check::failures();
    try {
      test.run();
    } catch (const std::exception& error) {
      check::fail(test.name, 0, std::string("threw ") + error.what());
    }
    if (check::failures() > before) {
      ++failed;
      std::cerr << "FAILED " << test.name << '\n';
    }
  }
  std::cout << check::tests().size() - static_cast<std::size_t>(failed) << " passed, " << failed << " failed\n";
  return failed == 0 ? 0 : 1;
}
