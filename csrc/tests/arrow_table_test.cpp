#include "tunegate/arrow_table.hpp"

#include <cstring>
#include <stdexcept>

#include "check.hpp"

using tunegate::ArrowTable;
using tunegate::BitVector;

namespace {

BitVector bits(std::initializer_list<bool> values) {
  BitVector vector;
  for (const bool value : values) vector.push_back(value);
  return vector;
}

ArrowTable example() {
  ArrowTable table;
  table.add_column<std::int64_t>("id", {7, -8});
  table.add_strings("text", std::vector<std::int32_t>{0, 2, 2}, std::string("ab"), bits({true, false}));
  return table;
}

template <class Adding>
bool refused(Adding adding) {
  try {
    adding();
  } catch (const std::invalid_argument&) {
    return true;
  }
  return false;
}

}  // namespace

TEST(schema_names_every_column_and_its_type) {
  ArrowSchema schema;
  example().export_schema(&schema);
  CHECK_EQ(std::string(schema.format), "+s");
  CHECK_EQ(schema.n_children, 2);
  CHECK_EQ(std::string(schema.children[0]->name), "id");
  CHECK_EQ(std::string(schema.children[0]->format), "l");
  CHECK_EQ(std::string(schema.children[1]->name), "text");
  CHECK_EQ(std::string(schema.children[1]->format), "u");
  schema.release(&schema);
  CHECK(schema.release == nullptr);
}

TEST(exported_array_outlives_its_table) {
  ArrowArray array;
  example().export_array(&array);
  CHECK_EQ(array.length, 2);
  const ArrowArray& text = *array.children[1];
  CHECK_EQ(text.null_count, 1);
  CHECK_EQ(*static_cast<const std::uint8_t*>(text.buffers[0]), 0b01);
  CHECK(std::memcmp(text.buffers[2], "ab", 2) == 0);
  CHECK_EQ(static_cast<const std::int64_t*>(array.children[0]->buffers[1])[1], -8);
  array.release(&array);
}

TEST(child_moved_out_of_its_parent_outlives_it) {
  ArrowArray array;
  example().export_array(&array);
  ArrowArray child = *array.children[0];
  array.children[0]->release = nullptr;
  array.release(&array);
  CHECK_EQ(static_cast<const std::int64_t*>(child.buffers[1])[0], 7);
  child.release(&child);
}

TEST(columns_are_exported_without_a_copy) {
  std::vector<double> values{1.5, 2.5};
  const double* memory = values.data();
  ArrowTable table;
  table.add_column("x", std::move(values));
  ArrowArray array;
  table.export_array(&array);
  CHECK(array.children[0]->buffers[1] == memory);
  array.release(&array);
}

TEST(stream_gives_its_batches_once_and_then_ends) {
  ArrowArrayStream stream;
  tunegate::export_stream(example(), {example(), example()}, &stream);
  ArrowSchema schema;
  CHECK_EQ(stream.get_schema(&stream, &schema), 0);
  schema.release(&schema);
  for (int batch = 0; batch < 2; ++batch) {
    ArrowArray array;
    CHECK_EQ(stream.get_next(&stream, &array), 0);
    CHECK(array.release != nullptr);
    array.release(&array);
  }
  ArrowArray end;
  CHECK_EQ(stream.get_next(&stream, &end), 0);
  CHECK(end.release == nullptr);
  stream.release(&stream);
}

TEST(stream_released_early_frees_its_batches) {  // the leak checker is the judge
  ArrowArrayStream stream;
  tunegate::export_stream(example(), {example(), example()}, &stream);
  stream.release(&stream);
  CHECK(stream.release == nullptr);
}

TEST(empty_columns_have_addresses_and_no_rows) {
  ArrowTable table;
  table.add_column<std::uint8_t>("code", {});
  table.add_strings("text", std::vector<std::int64_t>{0}, std::vector<char>{});
  ArrowArray array;
  table.export_array(&array);
  CHECK_EQ(array.length, 0);
  CHECK(array.children[0]->buffers[1] != nullptr);
  CHECK(array.children[1]->buffers[2] != nullptr);
  array.release(&array);
}

TEST(columns_of_unequal_length_are_refused) {
  ArrowTable table = example();
  CHECK(refused([&] { table.add_column<float>("x", {1.0f}); }));
  CHECK(refused([&] { table.add_column<float>("x", {1.0f, 2.0f}, bits({true})); }));
  CHECK(refused([&] { table.add_strings("x", std::vector<std::int32_t>{0, 1, 2}, std::string("abc")); }));
  CHECK(refused([&] { table.add_strings("x", std::vector<std::int32_t>{}, std::string()); }));
  CHECK_EQ(table.columns(), 2u);
}

TEST(bits_are_stored_least_significant_first) {
  const BitVector vector = bits({true, false, true, false, false, false, false, false, true});
  CHECK_EQ(vector.data()[0], 0b101);
  CHECK_EQ(vector.data()[1], 1);
  CHECK_EQ(vector.ones(), 3u);
  CHECK(vector[8] && !vector[7]);
}
