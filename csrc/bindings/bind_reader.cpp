#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include "arrow_capsule.hpp"
#include "compression_name.hpp"
#include "topics.hpp"
#include "tunegate/batch.hpp"
#include "tunegate/chat_check.hpp"
#include "tunegate/source_reader.hpp"

namespace tunegate::python {
namespace {

/// "best": the level in use; "none": the general parser alone; else the name of a level that the machine has.
std::optional<SimdLevel> scan_of(const std::string& name) {
  if (name == "best") return simd_level();
  if (name == "none") return std::nullopt;
  for (const SimdLevel level : {SimdLevel::kScalar, SimdLevel::kV2, SimdLevel::kV3, SimdLevel::kV4}) {
    if (level <= best_simd_level() && simd_level_name(level) == name) return level;
  }
  throw py::value_error("scan is \"" + name + "\", expected best, none or a level of this machine");
}

/// The three tables of a batch, taken out of it once and then shared.
struct Tables {
  explicit Tables(Batch& batch)
      : record_count(batch.records()),
        sample_count(batch.samples()),
        records(batch.take_records()),
        samples(batch.take_samples()),
        messages(batch.take_messages()) {}
  std::size_t record_count, sample_count;
  ArrowTable records, samples, messages;
};

std::unique_ptr<SourceReader> open_reader(const std::string& path, const std::string& compression, const bool lines,
                                          const std::string& category, const std::string& difficulty,
                                          const std::string& split, const std::optional<std::string>& default_split,
                                          const std::int64_t first_record_id, const std::size_t threads,
                                          const std::size_t max_record_bytes, const std::size_t block_bytes,
                                          const std::string& scan) {
  return std::make_unique<SourceReader>(ReadOptions{path,
                                                    compression_of(compression),
                                                    lines,
                                                    {category, difficulty, split, default_split},
                                                    first_record_id,
                                                    threads,
                                                    max_record_bytes,
                                                    block_bytes,
                                                    scan_of(scan)},
                                        [](std::size_t bytes) { return std::make_unique<Batch>(bytes); });
}

std::unique_ptr<Tables> next_tables(SourceReader& reader) {
  const auto sink = reader.next();
  return sink ? std::make_unique<Tables>(static_cast<Batch&>(*sink)) : nullptr;
}

/// Unsound records as columns.
class UnsoundColumns {
 public:
  void add(const ChatCheck::Unsound& found) {
    record_id_.push_back(found.record_id);
    line_.push_back(found.line);
    unreadable_.push_back(found.faults.unreadable);
    role_order_.push_back(found.faults.role_order);
    unknown_name_.push_back(found.faults.unknown_name);
    missing_response_.push_back(found.faults.missing_response);
    empty_turn_.push_back(found.faults.empty_turn);
  }
  ArrowTable take() {
    ArrowTable table;
    table.add_column("record_id", std::move(record_id_));
    table.add_column("line", std::move(line_));
    table.add_booleans("unreadable", std::move(unreadable_));
    table.add_booleans("role_order", std::move(role_order_));
    table.add_booleans("unknown_name", std::move(unknown_name_));
    table.add_booleans("missing_response", std::move(missing_response_));
    table.add_booleans("empty_turn", std::move(empty_turn_));
    return table;
  }

 private:
  std::vector<std::int64_t> record_id_, line_;
  BitVector unreadable_, role_order_, unknown_name_, missing_response_, empty_turn_;
};

ArrowTable unsound_chat_lines(const std::string& path, const std::string& compression, const bool lines,
                              const std::size_t threads, const std::string& scan) {
  ReadOptions options;
  options.path = path;
  options.compression = compression_of(compression);
  options.lines = lines;
  options.threads = threads;
  options.block_bytes = std::size_t{1} << 20;  // no sink is worth keeping large, and small blocks stay in the cache
  options.scan = scan_of(scan);
  SourceReader reader(std::move(options), [](std::size_t) { return std::make_unique<ChatCheck>(); });
  UnsoundColumns columns;
  while (const auto sink = reader.next()) {
    for (const auto& found : static_cast<ChatCheck&>(*sink).unsound()) columns.add(found);
  }
  return columns.take();
}

}  // namespace

void bind_reader(py::module_& module) {
  const ReadOptions defaults;
  py::register_exception<SourceError>(module, "ReadError", PyExc_OSError);

  py::class_<Tables>(module, "Batch", "The records of one stretch of a source as Arrow tables.")
      .def_readonly("record_count", &Tables::record_count)
      .def_readonly("sample_count", &Tables::sample_count)
      .def_readonly("records", &Tables::records)
      .def_readonly("samples", &Tables::samples)
      .def_readonly("messages", &Tables::messages);

  module.def(
      "read_stretch",
      [](const std::string& path, const std::string& compression, std::uint64_t offset, std::size_t length) {
        return py::bytes(read_stretch(path, compression_of(compression), offset, length));
      },
      py::arg("path"), py::arg("compression"), py::arg("offset"), py::arg("length"),
      "The decompressed bytes of a file from `offset` on.");

  module.def(
      "spool",
      [](const std::string& path, const std::string& compression, const std::string& out) {
        const Compression kind = compression_of(compression);
        const py::gil_scoped_release unlocked;
        spool(path, kind, out);
      },
      py::arg("path"), py::arg("compression"), py::arg("out"), "Write the decompressed bytes of a file to another.");

  module.def("unsound_chat_lines", &unsound_chat_lines, py::arg("path"), py::kw_only(), py::arg("compression") = "none",
             py::arg("lines") = true, py::arg("threads") = 1, py::arg("scan") = "best",
             py::call_guard<py::gil_scoped_release>(),
             "The records of a source that the checks Q101, Q103, Q104, Q105 or Q106 name, without columns of texts.");

  py::class_<SourceReader>(module, "SourceReader", "Reads one source, once, as batches in reading order.")
      .def(py::init(&open_reader), py::arg("path"), py::kw_only(), py::arg("compression") = "none",
           py::arg("lines") = false, py::arg("category") = "category", py::arg("difficulty") = "difficulty",
           py::arg("split") = "split", py::arg("default_split") = py::none(), py::arg("first_record_id") = 0,
           py::arg("threads") = 1, py::arg("max_record_bytes") = defaults.max_record_bytes,
           py::arg("block_bytes") = defaults.block_bytes, py::arg("scan") = "best")
      .def("next", &next_tables, py::call_guard<py::gil_scoped_release>())
      .def_property_readonly("consumed", &SourceReader::consumed)
      .def_property_readonly("records", &SourceReader::records);
}

}  // namespace tunegate::python
