#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include "arrow_capsule.hpp"
#include "arrow_strings.hpp"
#include "compression_name.hpp"
#include "topics.hpp"
#include "tunegate/source_reader.hpp"
#include "tunegate/token_sink.hpp"
#include "tunegate/tokenizer_file.hpp"

namespace tunegate::python {
namespace {

namespace py = pybind11;

std::shared_ptr<Tokenizer> load(const py::bytes& content) {
  const std::string_view json = content;
  const py::gil_scoped_release unlocked;
  return std::make_shared<Tokenizer>(json);
}

ArrowTable count(const Tokenizer& tokenizer, const py::object& texts) {
  const ArrowStrings column(texts);
  std::vector<std::int64_t> tokens;
  {
    const py::gil_scoped_release unlocked;
    Tokenizer::Counter counter(tokenizer);
    column.for_each([&](std::size_t, std::string_view text, bool valid) {
      tokens.push_back(valid ? static_cast<std::int64_t>(counter.count(text)) : 0);
    });
  }
  ArrowTable table;
  table.add_column("tokens", std::move(tokens));
  return table;
}

/// A class of its own, for Python knows SourceReader as the reader of batches.
struct TokenReader {
  std::unique_ptr<SourceReader> reader;

  std::unique_ptr<ArrowTable> next() {
    const auto sink = reader->next();
    return sink ? std::make_unique<ArrowTable>(static_cast<TokenSink&>(*sink).take_counts()) : nullptr;
  }
};

}  // namespace

void bind_tokens(py::module_& module) {
  const ReadOptions defaults;
  py::register_exception<TokenizerFault>(module, "TokenizerError", PyExc_ValueError);
  py::register_exception<UnsupportedTokenizer>(module, "UnsupportedTokenizer", PyExc_ValueError);

  py::class_<Tokenizer, std::shared_ptr<Tokenizer>>(module, "Tokenizer", "A tokenizer from a tokenizer.json.")
      .def(py::init(&load), py::arg("content"))
      .def("count", &count, py::arg("texts"), "Column tokens: how many each text has; 0 for a null.")
      .def(
          "encode", [](const Tokenizer& self, const std::string& text) { return self.encode(text); }, py::arg("text"),
          "The ids of a text's tokens.");

  py::class_<TokenReader>(module, "TokenReader", "Reads one source, once, as tables of token counts.")
      .def(py::init([](std::shared_ptr<Tokenizer> tokenizer, const std::string& path, const std::string& compression,
                       const bool lines, const std::int64_t first_record_id, const std::size_t threads,
                       const std::size_t max_record_bytes, const std::size_t block_bytes) {
             ReadOptions options{
                 path, compression_of(compression), lines, {}, first_record_id, threads, max_record_bytes, block_bytes};
             return TokenReader{std::make_unique<SourceReader>(std::move(options), token_sinks(std::move(tokenizer)))};
           }),
           py::arg("tokenizer").none(false), py::arg("path"), py::kw_only(), py::arg("compression") = "none",
           py::arg("lines") = false, py::arg("first_record_id") = 0, py::arg("threads") = 1,
           py::arg("max_record_bytes") = defaults.max_record_bytes, py::arg("block_bytes") = defaults.block_bytes)
      .def("next", &TokenReader::next, py::call_guard<py::gil_scoped_release>())
      .def_property_readonly("consumed", [](const TokenReader& self) { return self.reader->consumed(); })
      .def_property_readonly("records", [](const TokenReader& self) { return self.reader->records(); });
}

}  // namespace tunegate::python
