#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include "arrow_capsule.hpp"
#include "topics.hpp"
#include "tunegate/dedup_output.hpp"
#include "tunegate/dedup_run.hpp"

namespace tunegate::python {
namespace {

using Fraction = std::pair<std::uint32_t, std::uint32_t>;

TextField field_of(const std::string& name) {
  const auto field = find_text_field(name);
  if (!field) throw py::value_error("field is \"" + name + "\", expected prompt, response or pair");
  return *field;
}

ShingleUnit unit_of(const std::string& name) {
  if (name == "words") return ShingleUnit::kWords;
  if (name == "characters") return ShingleUnit::kCharacters;
  throw py::value_error("unit is \"" + name + "\", expected words or characters");
}

JoinMode mode_of(const std::string& name) {
  if (name == "minhash") return JoinMode::kMinHash;
  if (name == "exact") return JoinMode::kExact;
  throw py::value_error("mode is \"" + name + "\", expected minhash or exact");
}

std::unique_ptr<DedupRun> make_run(const std::string& field, const std::string& unit, std::size_t ngram,
                                   Fraction threshold, double recall, const std::string& mode, std::uint64_t seed,
                                   std::size_t threads, bool by_besides) {
  return std::make_unique<DedupRun>(DedupOptions{field_of(field),
                                                 {unit_of(unit), ngram},
                                                 {threshold.first, threshold.second},
                                                 recall,
                                                 mode_of(mode),
                                                 seed,
                                                 threads,
                                                 by_besides});
}

void open_source(DedupRun& run, const std::string& path, bool lines, const std::optional<std::string>& name,
                 std::size_t max_record_bytes, std::size_t block_bytes, std::uint64_t begin,
                 const std::optional<std::uint64_t>& end) {
  ReadOptions options;
  options.path = path;
  options.lines = lines;
  options.max_record_bytes = max_record_bytes;
  options.block_bytes = block_bytes;
  options.begin = begin;
  options.end = end.value_or(options.end);
  run.open_source(name.value_or(path), std::move(options));
}

std::vector<std::uint32_t> as_vector(const py::object& numbers) {
  return numbers.is_none() ? std::vector<std::uint32_t>() : numbers.cast<std::vector<std::uint32_t>>();
}

ArrowTable clusters(const DedupRun& run) {
  std::vector<std::uint32_t> record, keeper, shared, united;
  const auto memberships = run.found().memberships();
  for (std::uint32_t i = 0; i < memberships.size(); ++i) {
    if (memberships[i].keeper == i) continue;
    record.push_back(i);
    keeper.push_back(memberships[i].keeper);
    shared.push_back(memberships[i].overlap.shared);
    united.push_back(memberships[i].overlap.united);
  }
  ArrowTable table;
  table.add_column("record", std::move(record));
  table.add_column("keeper", std::move(keeper));
  table.add_column("shared", std::move(shared));
  table.add_column("united", std::move(united));
  return table;
}

ArrowTable pairs(const DedupRun& run) {
  std::vector<std::uint32_t> a, b, shared, united;
  for (const Match& match : run.found().matches()) {
    a.push_back(match.a);
    b.push_back(match.b);
    shared.push_back(match.overlap.shared);
    united.push_back(match.overlap.united);
  }
  ArrowTable table;
  table.add_column("a", std::move(a));
  table.add_column("b", std::move(b));
  table.add_column("shared", std::move(shared));
  table.add_column("united", std::move(united));
  return table;
}

ArrowTable copies(const DedupRun& run) {
  std::vector<std::uint32_t> record, copy_of;
  const auto first = run.found().copy_of();
  for (std::uint32_t i = 0; i < first.size(); ++i) {
    if (first[i] == i) continue;
    record.push_back(i);
    copy_of.push_back(first[i]);
  }
  ArrowTable table;
  table.add_column("record", std::move(record));
  table.add_column("copy_of", std::move(copy_of));
  return table;
}

ArrowTable components(const DedupRun& run) {
  ArrowTable table;
  table.add_column("component", run.found().components());
  return table;
}

ArrowTable compare(const DedupRun& run, const std::vector<std::uint32_t>& a, const std::vector<std::uint32_t>& b,
                   const std::string& field) {
  if (a.size() != b.size()) throw py::value_error("a and b differ in length");
  std::vector<RecordPair> wanted;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (std::max(a[i], b[i]) >= run.records()) throw py::index_error("no such record");
    wanted.push_back({a[i], b[i]});
  }
  std::vector<std::uint32_t> shared, united;
  for (const Overlap& overlap : run.compare(wanted, field_of(field))) {
    shared.push_back(overlap.shared);
    united.push_back(overlap.united);
  }
  ArrowTable table;
  table.add_column("shared", std::move(shared));
  table.add_column("united", std::move(united));
  return table;
}

py::list sources(const DedupRun& run) {
  py::list all;
  for (const DedupSource& source : run.sources()) {
    all.append(py::make_tuple(source.name, source.first, source.records, source.is_lines, source.fault));
  }
  return all;
}

py::dict funnel(const DedupRun& run) {
  const DedupFunnel count = count_funnel(run);
  py::dict shown;
  shown["records"] = count.records;
  shown["kept"] = count.kept;
  shown["removed"] = count.removed;
  shown["contaminated"] = count.contaminated;
  shown["unreadable"] = count.unreadable;
  return shown;
}

py::dict counts(const DedupRun& run) {
  const JoinCounts& count = run.found().counts();
  py::dict shown;
  shown["copies"] = count.copies;
  shown["candidates"] = count.candidates;
  shown["verified"] = count.verified;
  shown["crowded"] = count.crowded;
  shown["has_all_pairs"] = count.has_all_pairs ? 1 : 0;
  return shown;
}

using ContaminatedTuple = std::tuple<std::uint32_t, std::uint32_t, std::uint64_t, double, double>;

void exclude(DedupRun& run, std::vector<std::string> item_sources, const std::vector<ContaminatedTuple>& records) {
  std::vector<Contaminated> all;
  for (const auto& [record, item_source, line, containment, similarity] : records) {
    all.push_back({record, item_source, line, containment, similarity});
  }
  run.exclude(std::move(item_sources), std::move(all));
}

std::uint64_t line_of(const DedupRun& run, std::uint32_t record) {
  if (record >= run.records()) throw py::index_error("no such record");
  return run.line(record);
}

}  // namespace

void bind_dedup(py::module_& module) {
  const ReadOptions defaults;
  py::register_exception<KeyFileError>(module, "KeyFileError", PyExc_ValueError);

  py::class_<DedupRun>(module, "NearDuplicates", "Finds the near-duplicates among the records of plain files.")
      .def(py::init(&make_run), py::kw_only(), py::arg("field") = "pair", py::arg("unit") = "words",
           py::arg("ngram") = 5, py::arg("threshold") = Fraction{4, 5}, py::arg("recall") = 0.9999,
           py::arg("mode") = "minhash", py::arg("seed") = 1, py::arg("threads") = 1, py::arg("by_besides") = false)
      .def_property_readonly(
          "banding", [](const DedupRun& run) { return std::make_pair(run.banding().bands, run.banding().rows); })
      .def("open_index", &DedupRun::open_index, py::arg("path"), py::call_guard<py::gil_scoped_release>())
      .def("open_keys", &DedupRun::open_keys, py::arg("keys"), py::arg("name"), py::arg("path"),
           py::call_guard<py::gil_scoped_release>())
      .def("open_source", &open_source, py::arg("path"), py::kw_only(), py::arg("lines") = false,
           py::arg("name") = py::none(), py::arg("max_record_bytes") = defaults.max_record_bytes,
           py::arg("block_bytes") = 1 << 20, py::arg("begin") = 0, py::arg("end") = py::none())
      .def("read_more", &DedupRun::read_more, py::call_guard<py::gil_scoped_release>())
      .def_property_readonly("consumed", &DedupRun::consumed)
      .def("end_old", &DedupRun::end_old)
      .def_property_readonly("records", &DedupRun::records)
      .def_property_readonly("first_new", &DedupRun::first_new)
      .def_property_readonly("sources", &sources)
      .def("unreadable", &DedupRun::unreadable)
      .def("known_again", &DedupRun::known_again)
      .def("longest_first", &DedupRun::longest_first)
      .def("line", &line_of, py::arg("record"))
      .def(
          "find",
          [](DedupRun& run, const std::string& scope, const py::object& order) {
            if (scope != "keepers" && scope != "all") throw py::value_error("scope is neither keepers nor all");
            const auto numbers = as_vector(order);
            const py::gil_scoped_release unlocked;
            run.find(scope == "all" ? PairScope::kAll : PairScope::kKeepers, numbers);
          },
          py::kw_only(), py::arg("scope") = "keepers", py::arg("order") = py::none())
      .def("pairs", &pairs, "Columns a, b, shared, united: the matches of records that stand for themselves.")
      .def("clusters", &clusters, "Columns record, keeper, shared, united: the records that have a keeper.")
      .def("copies", &copies, "Columns record, copy_of: the records whose words are those of another.")
      .def("components", &components, "Column component: the least record that each record is linked to.")
      .def("compare", &compare, py::arg("a"), py::arg("b"), py::arg("field"))
      .def("funnel", &funnel)
      .def("counts", &counts)
      .def("write_records", &write_records, py::arg("kept"), py::arg("removed"), py::arg("why"),
           py::call_guard<py::gil_scoped_release>())
      .def("write_pairs", &write_pairs, py::arg("path"), py::call_guard<py::gil_scoped_release>())
      .def("exclude", &exclude, py::arg("item_sources"), py::arg("records"))
      .def("write_keys", &DedupRun::write_keys, py::arg("path"), py::call_guard<py::gil_scoped_release>())
      .def("write_index", &DedupRun::write_index, py::arg("path"), py::call_guard<py::gil_scoped_release>());
}

}  // namespace tunegate::python
