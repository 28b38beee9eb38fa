#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include "compression_name.hpp"
#include "topics.hpp"
#include "tunegate/contamination.hpp"
#include "tunegate/source_reader.hpp"

namespace tunegate::python {
namespace {

namespace py = pybind11;
using Fraction = std::pair<std::uint32_t, std::uint32_t>;

std::shared_ptr<ItemIndex> build_index(const std::vector<std::string>& texts, const std::size_t n,
                                       const Fraction containment, const Fraction jaccard) {
  const py::gil_scoped_release unlocked;
  const std::vector<std::string_view> views(texts.begin(), texts.end());
  const ItemOptions options{n, {containment.first, containment.second}, {jaccard.first, jaccard.second}};
  return std::make_shared<ItemIndex>(views, options);
}

std::unique_ptr<SourceReader> open_reader(std::shared_ptr<ItemIndex> index, const std::string& path,
                                          const std::string& compression, const bool lines,
                                          const std::int64_t first_record_id, const std::size_t threads,
                                          const std::size_t max_record_bytes, const std::size_t block_bytes) {
  return std::make_unique<SourceReader>(
      ReadOptions{
          path, compression_of(compression), lines, {}, first_record_id, threads, max_record_bytes, block_bytes},
      contamination_sinks(std::move(index)));
}

/// A class of its own, for Python knows SourceReader as the reader of batches.
struct ContaminationReader {
  std::unique_ptr<SourceReader> reader;

  std::unique_ptr<ArrowTable> next() {
    const auto sink = reader->next();
    return sink ? std::make_unique<ArrowTable>(static_cast<ContaminationSink&>(*sink).take_matches()) : nullptr;
  }
};

}  // namespace

void bind_contamination(py::module_& module) {
  const ReadOptions defaults;
  py::class_<ItemIndex, std::shared_ptr<ItemIndex>>(module, "ItemIndex",
                                                    "Benchmark items, to find those that samples hold.")
      .def(py::init(&build_index), py::arg("texts"), py::arg("n") = 8, py::arg("containment") = Fraction{7, 10},
           py::arg("jaccard") = Fraction{4, 5})
      .def("__len__", &ItemIndex::items)
      .def_property_readonly("items_without_words", &ItemIndex::items_without_words)
      .def_property_readonly("short_items", &ItemIndex::short_items)
      .def_property_readonly("grams", &ItemIndex::grams)
      .def_property_readonly("postings", &ItemIndex::postings);

  py::class_<ContaminationReader>(module, "ContaminationReader",
                                  "Reads one source, once, as tables of the samples that hold an item.")
      .def(py::init([](std::shared_ptr<ItemIndex> index, const std::string& path, const std::string& compression,
                       const bool lines, const std::int64_t first_record_id, const std::size_t threads,
                       const std::size_t max_record_bytes, const std::size_t block_bytes) {
             return ContaminationReader{open_reader(std::move(index), path, compression, lines, first_record_id,
                                                    threads, max_record_bytes, block_bytes)};
           }),
           py::arg("index").none(false), py::arg("path"), py::kw_only(), py::arg("compression") = "none",
           py::arg("lines") = false, py::arg("first_record_id") = 0, py::arg("threads") = 1,
           py::arg("max_record_bytes") = defaults.max_record_bytes, py::arg("block_bytes") = defaults.block_bytes)
      .def("next", &ContaminationReader::next, py::call_guard<py::gil_scoped_release>())
      .def_property_readonly("consumed", [](const ContaminationReader& self) { return self.reader->consumed(); })
      .def_property_readonly("records", [](const ContaminationReader& self) { return self.reader->records(); });
}

}  // namespace tunegate::python
