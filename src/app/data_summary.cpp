#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "fedscape/io/atomic_file.hpp"
#include "src/app/checks.hpp"
#include "src/app/commands.hpp"
#include "src/app/inputs.hpp"

namespace fedscape {

namespace {

class DataSummary : public Command {
 public:
  void options(OptionTable& table) override {
    table.group("Table of clients: training samples of each class, own test samples");
    table.field("seed", seed_, "as in fl run: the same seed and options give the same clients");
    table.field("show", show_, "rows to print; 0: all");
    table.field("output", output_, "CSV file for all rows, options as comments; empty: none");
    table.add("Data", data_);
    table.add("Clients", partition_);
  }
  void check(OptionTable& table) override {
    check_options(data_, table);
    check_at_least("seed", seed_, 0);
    check_at_least("show", show_, 0);
    check_options(partition_);
  }
  int run_alone(const OptionTable& table) override;

 private:
  std::int64_t seed_ = 1, show_ = 20;
  std::string output_;
  DataOptions data_;
  PartitionOptions partition_;
};

void print_split(const char* name, const Dataset& data) {
  std::vector<std::int64_t> counts(static_cast<std::size_t>(data.classes()));
  for (const std::int32_t label : data.labels()) ++counts[static_cast<std::size_t>(label)];
  fmt::print("{}: {} samples {} of {}, {} classes: {}\n", name, data.size(), data.shape().text(), data.source(),
             data.classes(), fmt::join(counts, " "));
}

std::string csv_of(const OptionTable& table, const Clients& clients, std::span<const std::int32_t> counts,
                   int classes) {
  std::string csv;
  for (const auto& [name, value] : table.description()) csv += fmt::format("# {} = {}\n", name, value);
  csv += "client,train,test";
  for (int c = 0; c < classes; ++c) csv += fmt::format(",class_{}", c);
  for (std::size_t k = 0; k < clients.train.size(); ++k)
    csv += fmt::format(
        "\n{},{},{},{}", k, clients.train[k].size(), clients.test[k].size(),
        fmt::join(counts.subspan(k * static_cast<std::size_t>(classes), static_cast<std::size_t>(classes)), ","));
  return csv + "\n";
}

int DataSummary::run_alone(const OptionTable& table) {
  // 1. The data and who owns it.
  fmt::print("{}", table.text());
  const Dataset train = load_dataset(data_, Split::train), test = load_dataset(data_, Split::test);
  const Clients clients = deal(train, partition_, static_cast<std::uint64_t>(seed_));
  const std::vector<std::int32_t> counts = class_counts(clients.train, train.labels(), train.classes());

  // 2. In all.
  print_split("train", train);
  print_split("test", test);
  std::vector<std::size_t> sizes;
  for (const auto& samples : clients.train) sizes.push_back(samples.size());
  std::sort(sizes.begin(), sizes.end());
  fmt::print("{} clients, {} dropped (fewer than {} samples); training samples each: {} to {}, median {}, {} in all\n",
             clients.size(), clients.dropped, partition_.min_samples, sizes.front(), sizes.back(),
             sizes[sizes.size() / 2], std::accumulate(sizes.begin(), sizes.end(), std::size_t{0}));

  // 3. Client by client.
  fmt::print("{:>8} {:>7} {:>6}   training samples of class 0, 1, ...\n", "client", "train", "test");
  const std::size_t rows = show_ == 0 ? sizes.size() : std::min(sizes.size(), static_cast<std::size_t>(show_));
  const auto classes = static_cast<std::size_t>(train.classes());
  for (std::size_t k = 0; k < rows; ++k) {
    fmt::print("{:>8} {:>7} {:>6}  ", k, clients.train[k].size(), clients.test[k].size());
    for (std::size_t c = 0; c < classes; ++c) fmt::print(" {:>5}", counts[k * classes + c]);
    fmt::print("\n");
  }
  if (rows < sizes.size()) fmt::print("... {} more; --show 0 prints all\n", sizes.size() - rows);
  const std::string csv = csv_of(table, clients, counts, train.classes());
  if (!output_.empty()) replace_file(output_, std::as_bytes(std::span(csv)));
  return 0;
}

}  // namespace

std::unique_ptr<Command> make_data_summary() { return std::make_unique<DataSummary>(); }

}  // namespace fedscape
