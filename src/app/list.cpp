#include <fmt/format.h>

#include <string>
#include <vector>

#include "fedscape/algo/evaluate.hpp"
#include "fedscape/algo/federated/catalog.hpp"
#include "fedscape/base/suggest.hpp"
#include "fedscape/data/partition.hpp"
#include "fedscape/io/load_dataset.hpp"
#include "fedscape/nn/zoo.hpp"
#include "src/app/commands.hpp"
#include "src/app/option_text.hpp"

namespace fedscape {

namespace {

using Rows = std::vector<std::pair<std::string_view, std::string_view>>;

template <class Entries>
Rows rows_of(const Entries& entries) {
  Rows rows;
  for (const auto& [name, help] : entries) rows.emplace_back(name, help);
  return rows;
}

/// The options of an algorithm or penalty, indented.
class PrintFields : public Fields {
 public:
  explicit PrintFields(std::string_view owner) : owner_(owner) {}
  void field(std::string_view name, std::int64_t& value, std::string_view help) override { print(name, value, help); }
  void field(std::string_view name, double& value, std::string_view help) override { print(name, value, help); }
  void field(std::string_view name, bool& value, std::string_view help) override { print(name, value, help); }
  void field(std::string_view name, std::string& value, std::string_view help) override { print(name, value, help); }

 private:
  template <class T>
  void print(std::string_view name, const T& value, std::string_view help) {
    fmt::print("      --{}.{} {}  {}\n", owner_, dashed(name), value, help);
  }
  std::string_view owner_;
};

template <class Entries>
void print_systems(std::string_view title, const Entries& entries) {
  fmt::print("{}\n", title);
  for (const auto& entry : entries) {
    fmt::print("  {:<12} {}\n", entry.name, entry.source);
    PrintFields fields(entry.name);
    entry.make()->options(fields);
  }
}

void print_rows(std::string_view title, const Rows& rows) {
  fmt::print("{}\n", title);
  for (const auto& [name, help] : rows) fmt::print("  {:<12} {}\n", name, help);
}

class List : public Command {
 public:
  void options(OptionTable& table) override {
    table.group("What to list");
    table.field("kind", kind_, "networks, algorithms, penalties, partitions, datasets or metrics; empty: all");
    table.positional({"kind"});
  }

  void check(OptionTable&) override {
    constexpr std::string_view kinds[] = {"networks", "algorithms", "penalties", "partitions", "datasets", "metrics"};
    for (const std::string_view kind : kinds)
      if (kind_ == kind || kind_.empty()) return;
    fail(fmt::format("list {}: there is no such kind{}", kind_, suggestion(kind_, kinds)));
  }

  int run_alone(const OptionTable&) override {
    const auto wanted = [&](std::string_view kind) { return kind_.empty() || kind_ == kind; };
    if (wanted("networks")) print_rows("networks", rows_of(zoo()));
    if (wanted("algorithms")) print_systems("algorithms", algorithms());
    if (wanted("penalties")) print_systems("penalties", penalties());
    if (wanted("partitions")) print_rows("partitions", rows_of(partitions()));
    if (wanted("datasets")) print_rows("datasets", rows_of(datasets()));
    if (wanted("metrics")) {
      fmt::print("metrics\n");
      for (const std::string_view name : metric_names()) fmt::print("  {}\n", name);
    }
    return 0;
  }

 private:
  std::string kind_;
};

}  // namespace

std::unique_ptr<Command> make_list() { return std::make_unique<List>(); }

}  // namespace fedscape
