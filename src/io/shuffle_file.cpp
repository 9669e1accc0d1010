#include "fedscape/io/shuffle_file.hpp"

#include <algorithm>
#include <array>

#include "fedscape/base/check.hpp"
#include "fedscape/io/atomic_file.hpp"
#include "fedscape/io/hdf5_file.hpp"

namespace fedscape {

namespace {

constexpr const char* kFormat = "fedscape shuffle 1";
constexpr std::int64_t kMost = 10'000'000;

/// The columns of a result, by the names of their datasets.
struct Column {
  const char* name;
  double ShuffleResult::*value;
};
constexpr std::array<Column, 3> kColumns = {Column{"accuracy", &ShuffleResult::accuracy},
                                            {"loss", &ShuffleResult::loss},
                                            {"logit_difference", &ShuffleResult::difference}};

std::string csv_of(const ShuffleTable& table, const RunInfo& info) {
  std::string csv;
  for (const auto& [name, value] : info.options) csv += fmt::format("# {} = {}\n", name, value);
  csv += "ratio,probability,repeat,accuracy,loss,logit_difference\n";
  for (std::size_t r = 0; r < table.ratios.size(); ++r)
    for (std::size_t p = 0; p < table.probabilities.size(); ++p)
      for (std::size_t k = 0; k < static_cast<std::size_t>(table.repeats); ++k) {
        const ShuffleResult& result = table.at(r, p, k);
        csv += fmt::format("{},{},{},{},{},{}\n", table.ratios[r], table.probabilities[p], k, result.accuracy,
                           result.loss, result.difference);
      }
  return csv;
}

}  // namespace

double ShuffleTable::accuracy(std::size_t ratio, std::size_t probability) const {
  double sum = 0;
  for (std::size_t k = 0; k < static_cast<std::size_t>(repeats); ++k) sum += at(ratio, probability, k).accuracy;
  return sum / static_cast<double>(repeats);
}

void write_shuffle_table(const std::filesystem::path& path, const RunInfo& info, const ShuffleTable& table) {
  const auto r = std::ssize(table.ratios), p = std::ssize(table.probabilities);
  const std::size_t shuffled = table.results.size() - 1;
  FEDSCAPE_CHECK(static_cast<std::int64_t>(shuffled) == r * p * table.repeats, "{} results for {} by {} by {}",
                 shuffled, r, p, table.repeats);
  hdf5::File file = hdf5::File::create(path);
  write_info(file, info);
  file.set_text("format", kFormat);
  file.set_number("accuracy", table.unshuffled().accuracy);
  file.set_number("loss", table.unshuffled().loss);
  file.write<double>("ratio", {r}, table.ratios);
  file.write<double>("probability", {p}, table.probabilities);
  for (const Column& column : kColumns) {
    std::vector<double> values;
    for (std::size_t i = 0; i < shuffled; ++i) values.push_back(table.results[i].*column.value);
    file.write<double>(column.name, {r, p, table.repeats}, values);
  }
  file.save();
  const std::string csv = csv_of(table, info);
  replace_file(std::filesystem::path(path).replace_extension(".csv"), std::as_bytes(std::span(csv)));
}

bool is_shuffle_table(const hdf5::Group& root) {
  return root.has_attribute("format") && root.text("format") == kFormat;
}

ShuffleTable read_shuffle_table(const hdf5::Group& root) {
  FEDSCAPE_CHECK(is_shuffle_table(root), "{}: no shuffle test", root.where());
  ShuffleTable table;
  table.ratios = root.dataset("ratio").read<double>(kMost);
  table.probabilities = root.dataset("probability").read<double>(kMost);
  const Shape shape = root.dataset("accuracy").shape();
  const auto r = std::ssize(table.ratios), p = std::ssize(table.probabilities);
  FEDSCAPE_CHECK(shape.rank() == 3 && shape[0] == r && shape[1] == p && shape[2] > 0,
                 "{}: accuracies {} for {} ratios and {} probabilities", root.where(), shape.text(), r, p);
  table.repeats = shape[2];
  for (const Column& column : kColumns) {
    const hdf5::Dataset dataset = root.dataset(column.name);
    FEDSCAPE_CHECK(dataset.shape() == shape, "{}: {} expected, found {}", dataset.where(), shape.text(),
                   dataset.shape().text());
    const std::vector<double> values = dataset.read<double>(kMost);
    table.results.resize(values.size());
    for (std::size_t i = 0; i < values.size(); ++i) table.results[i].*column.value = values[i];
  }
  table.results.push_back({root.number("accuracy"), root.number("loss"), 0});
  return table;
}

}  // namespace fedscape
