#pragma once
#include <iostream>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

/// The smallest test runner that serves: TEST(name) { CHECK(expression); CHECK_EQ(actual, expected); }
///
/// A failed check is printed with its place and counted; the test goes on. main.cpp runs every test of
/// every file linked into the program.
namespace check {

struct Test {
  const char* name;
  void (*run)();
};

inline std::vector<Test>& tests() {
  static std::vector<Test> all;
  return all;
}

inline int& failures() {
  static int count = 0;
  return count;
}

struct Registration {
  Registration(const char* name, void (*run)()) { tests().push_back({name, run}); }
};

template <class T>
std::string shown(const T& value) {
  std::ostringstream out;
  if constexpr (requires { out << +value; }) {
    out << +value;  // a std::uint8_t prints as a number
  } else if constexpr (requires { out << value; }) {
    out << value;
  } else if constexpr (requires { value.has_value(); }) {
    return value.has_value() ? shown(*value) : "(nothing)";
  } else {
    out << "(a value)";
  }
  return out.str();
}

inline void fail(const char* file, int line, const std::string& what) {
  ++failures();
  std::cerr << file << ':' << line << ": " << what << '\n';
}

template <class Actual, class Expected>
void equal(const Actual& actual, const Expected& expected, const char* text, const char* file, int line) {
  if (!(actual == expected)) fail(file, line, text + (" is " + shown(actual)) + ", not " + shown(expected));
}

}  // namespace check

#define TEST(name)                                                      \
  static void test_##name();                                            \
  static const check::Registration register_##name{#name, test_##name}; \
  static void test_##name()

#define CHECK(...)                                                                                 \
  do {                                                                                             \
    if (!static_cast<bool>(__VA_ARGS__)) check::fail(__FILE__, __LINE__, "not so: " #__VA_ARGS__); \
  } while (false)

#define CHECK_EQ(actual, expected) check::equal((actual), (expected), #actual, __FILE__, __LINE__)
