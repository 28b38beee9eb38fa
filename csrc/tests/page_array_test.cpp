#include "tunegate/page_array.hpp"

#include <cstdint>

#include "check.hpp"

namespace {

using tunegate::PageArray;

constexpr std::size_t kHugePage = std::size_t{1} << 21;

TEST(a_page_array_is_zero_and_can_be_written_up_to_its_end) {
  for (const std::size_t size : {std::size_t{1}, std::size_t{1000}, kHugePage / 8 - 1, kHugePage / 8 + 3}) {
    const PageArray<std::uint64_t> array(size);
    CHECK_EQ(array.size(), size);
    CHECK_EQ(array[0] | array[size / 2] | array[size - 1], 0u);
    array[0] = array[size - 1] = 7;
    CHECK_EQ(array[size - 1], 7u);
  }
}

TEST(a_large_page_array_begins_where_a_huge_page_can) {
  const PageArray<std::uint8_t> array(kHugePage);
  CHECK_EQ(reinterpret_cast<std::uintptr_t>(array.data()) % kHugePage, 0u);
}

TEST(an_empty_page_array_is_none) { CHECK_EQ(PageArray<std::uint64_t>(0).size(), 0u); }

}  // namespace
