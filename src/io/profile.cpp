#include "fedscape/io/profile.hpp"

#include <sstream>

#include "fedscape/base/check.hpp"

namespace fedscape {

namespace {

constexpr std::int64_t kMostRows = 10'000;

/// A column of the table; one that stands there may be of another length.
template <class T, class Value>
void write_column(hdf5::Group& group, const char* name, const ProfileTable& table, Value&& value) {
  std::vector<T> values;
  for (const ProfileTable::Row& row : table.rows) values.push_back(value(row));
  hdf5::Dataset column = group.has_dataset(name) ? group.dataset(name) : group.make_rows<T>(name);
  column.truncate(0);
  column.append<T>(values);
}

template <class T>
std::vector<T> read_column(const hdf5::Group& group, const char* name, std::size_t rows) {
  const hdf5::Dataset column = group.dataset(name);
  FEDSCAPE_CHECK(column.shape() == Shape{static_cast<std::int64_t>(rows)}, "{}: {} rows expected, found {}",
                 column.where(), rows, column.shape().text());
  return column.read<T>(kMostRows);
}

}  // namespace

void write_profile(hdf5::Group& root, const ProfileTable& table) {
  hdf5::Group group = root.make_group("profile");
  std::string names;
  for (const ProfileTable::Row& row : table.rows)
    names += row.phase + (row.kind.empty() ? "\n" : " " + row.kind + "\n");
  group.set_text("rows", names);
  group.set_integer("ranks", table.ranks);
  group.set_integer("threads", table.threads);
  group.set_number("wall_seconds", table.wall_seconds);
  group.set_number("peak_flops", table.peaks.flops);
  group.set_number("peak_bytes", table.peaks.bytes);
  write_column<std::int64_t>(group, "calls", table, [](const auto& row) { return row.calls; });
  write_column<double>(group, "seconds", table, [](const auto& row) { return row.seconds; });
  write_column<double>(group, "flops", table, [](const auto& row) { return row.cost.flops; });
  write_column<double>(group, "bytes", table, [](const auto& row) { return row.cost.bytes; });
}

std::optional<ProfileTable> read_profile(const hdf5::Group& root) {
  if (!root.has_group("profile")) return std::nullopt;
  const hdf5::Group group = root.group("profile");
  ProfileTable table;
  table.ranks = group.integer("ranks");
  table.threads = group.integer("threads");
  table.wall_seconds = group.number("wall_seconds");
  table.peaks = {group.number("peak_flops"), group.number("peak_bytes")};
  std::istringstream names(group.text("rows"));
  for (std::string line; std::getline(names, line);) {
    const std::size_t space = line.find(' ');
    table.rows.push_back({line.substr(0, space), space == line.npos ? "" : line.substr(space + 1)});
  }
  const auto calls = read_column<std::int64_t>(group, "calls", table.rows.size());
  const auto seconds = read_column<double>(group, "seconds", table.rows.size());
  const auto flops = read_column<double>(group, "flops", table.rows.size());
  const auto bytes = read_column<double>(group, "bytes", table.rows.size());
  for (std::size_t i = 0; i < table.rows.size(); ++i) {
    table.rows[i].calls = calls[i];
    table.rows[i].seconds = seconds[i];
    table.rows[i].cost = {flops[i], bytes[i]};
  }
  return table;
}

}  // namespace fedscape
