#include "tunegate/dedup_run.hpp"

#include <xxhash.h>

#include <algorithm>
#include <limits>
#include <numeric>
#include <stdexcept>

#include "file_state.hpp"

namespace tunegate {
namespace {

KeySettings key_settings(const DedupOptions& options) {
  Banding banding;
  if (options.mode == JoinMode::kMinHash) {
    const double threshold = static_cast<double>(options.threshold.numerator) / options.threshold.denominator;
    banding = choose_banding(threshold, options.recall);
  }
  return {options.field, options.shingles, banding, options.seed};
}

std::vector<std::uint32_t> records_of(std::span<const Contaminated> all) {
  std::vector<std::uint32_t> records;
  for (const Contaminated& found : all) records.push_back(found.record);
  return records;
}

}  // namespace

DedupRun::DedupRun(DedupOptions options) : options_(options), settings_(key_settings(options)) {
  options_.threads = std::max<std::size_t>(1, options_.threads);
  if (settings_.banding.bands > 0) hasher_ = std::make_unique<MinHasher>(settings_.banding, settings_.seed);
}

DedupRun::~DedupRun() = default;

std::uint32_t DedupRun::records() const {
  return keys_.empty() ? 0 : sources_.back().first + static_cast<std::uint32_t>(sources_.back().records);
}

void DedupRun::add_part(std::unique_ptr<RecordKeys> keys, std::vector<DedupSource> sources) {
  std::uint64_t first = records();
  first_sources_.push_back(sources_.size());
  firsts_.push_back(static_cast<std::uint32_t>(first));
  states_.push_back(sources.empty() ? FileState{} : file_state(sources.front().path));
  for (DedupSource& source : sources) {
    source.first = static_cast<std::uint32_t>(first);
    first += source.records;
    if (first > std::numeric_limits<std::uint32_t>::max()) throw std::length_error("more than 4,294,967,295 records");
    sources_.push_back(std::move(source));
  }
  keys_.push_back(std::move(keys));
}

void DedupRun::open_index(const std::string& path) {
  auto keys = std::make_unique<MappedKeys>(path, settings_);
  const bool same_threshold = keys->threshold().numerator == options_.threshold.numerator &&
                              keys->threshold().denominator == options_.threshold.denominator;
  if (!same_threshold) throw KeyFileError("was made with another threshold");
  if (keys->set_ends().size() != keys->records().size()) throw KeyFileError("holds no sets, so that it is no index");
  std::vector<DedupSource> sources;
  for (const KeySource& source : keys->sources()) {
    sources.push_back({source.name, "", false, 0, 0, source.records, source.bytes, source.lines, "", true});
  }
  index_ = keys.get();
  add_part(std::move(keys), std::move(sources));
}

void DedupRun::open_keys(const std::string& keys, const std::string& name, const std::string& path) {
  auto mapped = std::make_unique<MappedKeys>(keys, settings_);
  if (mapped->sources().size() != 1) throw KeyFileError("does not hold the keys of one stretch of a file");
  const KeySource stretch = mapped->sources().front();
  const bool goes_on = !sources_.empty() && sources_.back().path == path;
  const std::uint64_t first_line = goes_on ? sources_.back().first_line + sources_.back().lines : 0;
  if (first_line > std::numeric_limits<std::uint32_t>::max()) throw std::length_error("more than 4,294,967,295 lines");
  add_part(std::move(mapped), {{name, path, true, static_cast<std::uint32_t>(first_line), 0, stretch.records,
                                stretch.bytes, stretch.lines, ""}});
}

void DedupRun::open_source(const std::string& name, ReadOptions options) {
  options.threads = options_.threads;
  const std::string path = options.path;
  reader_ = std::make_unique<SourceReader>(std::move(options), [this](std::size_t bytes) {
    return std::make_unique<KeySink>(settings_, hasher_.get(), bytes, &crowd_room_);
  });
  add_part(std::make_unique<HeapKeys>(), {{name, path, false, 0, 0, 0, 0, 0, ""}});
}

bool DedupRun::read_more() {
  DedupSource& source = sources_.back();
  const auto sink = reader_->next();
  source.is_lines = reader_->is_lines();
  source.bytes = reader_->consumed();
  source.lines = reader_->line_breaks();
  if (!sink) {
    reader_.reset();
    return false;
  }
  auto& keys = static_cast<HeapKeys&>(*keys_.back());
  auto& filled = static_cast<KeySink&>(*sink);
  if (source.fault.empty()) source.fault = filled.reason();
  keys.append(filled);
  source.records = static_cast<std::uint32_t>(keys.records().size());
  return true;
}

const DedupSource& DedupRun::source_of(std::uint32_t record) const {
  const auto after =
      std::upper_bound(sources_.begin(), sources_.end(), record,
                       [](std::uint32_t value, const DedupSource& source) { return value < source.first; });
  return *std::prev(after);
}

const RecordKey& DedupRun::key(std::uint32_t record) const {
  const auto part =
      static_cast<std::size_t>(std::upper_bound(firsts_.begin(), firsts_.end(), record) - firsts_.begin()) - 1;
  return keys_[part]->records()[record - firsts_[part]];
}

std::vector<std::uint32_t> DedupRun::unreadable() const {
  std::vector<std::uint32_t> all;
  for (std::size_t part = 0; part < keys_.size(); ++part) {
    for (const std::uint32_t record : keys_[part]->unreadable()) all.push_back(firsts_[part] + record);
  }
  return all;
}

std::vector<std::uint32_t> DedupRun::longest_first() const {
  std::vector<std::uint32_t> sizes;
  for (const auto& keys : keys_) {
    for (const RecordKey& key : keys->records()) sizes.push_back(key.shingles);
  }
  std::vector<std::uint32_t> order(records() - first_new_);
  std::iota(order.begin(), order.end(), first_new_);
  std::stable_sort(order.begin(), order.end(), [&](std::uint32_t a, std::uint32_t b) { return sizes[a] > sizes[b]; });
  return order;
}

/// Where the texts of that field are to be found.
std::vector<RecordPart> DedupRun::parts(TextField field) const {
  std::vector<RecordPart> parts;
  for (std::size_t i = 0; i < keys_.size(); ++i) {
    RecordPart part{firsts_[i], keys_[i]->records(), path_of(i)};
    if (field == settings_.field) part.held = keys_[i]->held();
    if (keys_[i].get() == index_) {
      part.set_ends = index_->set_ends();
      part.hashes = index_->sets();
    }
    if (!part.records.empty()) parts.push_back(std::move(part));
  }
  return parts;
}

std::string DedupRun::path_of(std::size_t part) const {
  return first_sources_[part] < sources_.size() ? sources_[first_sources_[part]].path : std::string();
}

/// Old records as they were read, then the new ones as told.
std::vector<std::uint32_t> DedupRun::full_order(std::span<const std::uint32_t> order) const {
  std::vector<std::uint32_t> all(records());
  std::iota(all.begin(), all.end(), 0u);
  if (order.empty()) return all;
  if (order.size() != all.size() - first_new_) throw std::invalid_argument("an order names every new record once");
  std::copy(order.begin(), order.end(), all.begin() + first_new_);
  std::vector<bool> seen(all.size());
  for (const std::uint32_t record : all) {
    if (record >= all.size() || seen[record]) throw std::invalid_argument("an order names every new record once");
    seen[record] = true;
  }
  return all;
}

void DedupRun::find(PairScope scope, std::span<const std::uint32_t> order) {
  texts_ = std::make_unique<RecordShingles>(parts(settings_.field), settings_.field, settings_.shingles);
  std::vector<const RecordKeys*> keys;
  for (const auto& part : keys_) keys.push_back(part.get());
  found_ = std::make_unique<NearDuplicates>(std::move(keys), *texts_, settings_);
  require_unchanged();
  const JoinOptions options{options_.threshold, options_.mode,       scope,
                            first_new_,         options_.by_besides, options_.threads};
  removed_old_ = removed_old();
  found_->find(options, full_order(order), removed_old_, records_of(excluded_));
  require_unchanged();
}

void DedupRun::require_unchanged() const {
  for (std::size_t i = 0; i < keys_.size(); ++i) {
    const std::string path = path_of(i);
    if (!path.empty() && file_state(path) != states_[i]) {
      throw SourceError(sources_[first_sources_[i]].name +
                        " changed while it was read; run again when it is written completely");
    }
  }
}

/// Which old records were removed in the runs before; records to compare with all count as kept.
std::vector<std::uint8_t> DedupRun::removed_old() const {
  if (index_ == nullptr) return {};
  std::vector<std::uint8_t> removed(first_new_);
  const auto kept = index_->kept();
  for (std::size_t record = 0; record < kept.size(); ++record) removed[record] = kept[record] == 0;
  return removed;
}

/// Of the records that an index gets: which were kept.
std::vector<std::uint8_t> DedupRun::kept() const {
  std::vector<std::uint8_t> kept;
  for (std::size_t part = 0; part < keys_.size(); ++part) {
    if (!is_indexed(part)) continue;
    for (std::uint32_t at = 0; at < keys_[part]->records().size(); ++at) {
      const std::uint32_t record = firsts_[part] + at;
      kept.push_back(found_->memberships()[record].keeper == record);
    }
  }
  const std::uint32_t left_out =
      first_new_ - (index_ != nullptr ? static_cast<std::uint32_t>(index_->records().size()) : 0);
  for (const Contaminated& found : excluded_) kept[found.record - left_out] = 0;
  return kept;
}

bool DedupRun::is_indexed(std::size_t part) const { return keys_[part].get() == index_ || firsts_[part] >= first_new_; }

/// Of the places and words of a source's records: what two copies of a file have in common.
std::uint64_t DedupRun::digest(const DedupSource& source) const {
  std::vector<std::uint64_t> numbers;
  for (std::uint32_t at = 0; at < source.records; ++at) {
    const RecordKey& record = key(source.first + at);
    numbers.insert(numbers.end(), {record.offset, record.text_hash, record.length});
  }
  return XXH3_64bits(numbers.data(), numbers.size() * sizeof(std::uint64_t));
}

std::vector<std::pair<std::string, std::string>> DedupRun::known_again() const {
  std::vector<std::pair<std::string, std::string>> again;
  for (const DedupSource& source : sources_) {
    if (source.first < first_new_ || source.records == 0) continue;
    for (const DedupSource& old : sources_) {
      if (old.is_in_index && old.records == source.records && digest(old) == digest(source)) {
        again.emplace_back(source.name, old.name);
        break;
      }
    }
  }
  return again;
}

void DedupRun::exclude(std::vector<std::string> item_sources, std::vector<Contaminated> records) {
  const auto is_wrong = [&](const Contaminated& found) {
    return found.record < first_new_ || found.record >= this->records() || found.item_source >= item_sources.size();
  };
  const auto in_order = [](const Contaminated& left, const Contaminated& right) { return left.record < right.record; };
  if (std::any_of(records.begin(), records.end(), is_wrong) ||
      !std::is_sorted(records.begin(), records.end(), in_order)) {
    throw std::invalid_argument("excluded records must be new ones, by increasing number");
  }
  item_sources_ = std::move(item_sources);
  excluded_ = std::move(records);
}

std::vector<Overlap> DedupRun::compare(std::span<const RecordPair> pairs, TextField field) const {
  const RecordShingles texts(parts(field), field, settings_.shingles);
  const auto reader = texts.reader();
  SetComparer comparer;
  std::vector<Overlap> overlaps;
  for (std::size_t i = 0; i < pairs.size(); ++i) {
    if (i == 0 || pairs[i].a != pairs[i - 1].a) comparer.load(reader->shingles(pairs[i].a));
    overlaps.push_back(comparer.compare(reader->shingles(pairs[i].b)));
  }
  return overlaps;
}

void DedupRun::write_index(const std::string& path) const {
  KeyFileContent index = content();
  const auto flags = kept();
  index.kept = flags;
  index.sets = texts_.get();
  write_key_file(path, index);
}

void DedupRun::write_keys(const std::string& path) const { write_key_file(path, content()); }

KeyFileContent DedupRun::content() const {
  KeyFileContent content{settings_, options_.threshold, {}, {}, {}, nullptr};
  for (std::size_t i = 0; i < keys_.size(); ++i) {
    if (!is_indexed(i)) continue;
    const std::size_t begin = first_sources_[i], end = i + 1 < keys_.size() ? first_sources_[i + 1] : sources_.size();
    const std::uint32_t first_line = begin < end ? sources_[begin].first_line : 0;
    content.parts.push_back(
        {keys_[i].get(), static_cast<std::uint32_t>(content.sources.size()), first_line, firsts_[i]});
    for (std::size_t j = begin; j < end; ++j) {
      content.sources.push_back({sources_[j].name, sources_[j].bytes, sources_[j].lines, sources_[j].records});
    }
  }
  return content;
}

}  // namespace tunegate
