#include "fedscape/io/run_history.hpp"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <sstream>

#include "fedscape/base/check.hpp"
#include "fedscape/io/atomic_file.hpp"
#include "fedscape/io/model_file.hpp"

namespace fedscape {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::int64_t kMostRounds = 1 << 28;

Json number(double value) { return std::isfinite(value) ? Json(value) : Json(nullptr); }

void write_text(const std::filesystem::path& path, const std::string& text) {
  replace_file(path, std::as_bytes(std::span(text)));
}

}  // namespace

std::string csv_header(const std::vector<std::string>& columns) {
  std::string line = "round";
  for (const std::string& column : columns) line += "," + column;
  return line + "\n";
}

std::string csv_line(std::int64_t round, const std::vector<double>& row) {
  std::string line = std::to_string(round);
  for (const double value : row) line += std::isnan(value) ? "," : fmt::format(",{}", value);
  return line + "\n";
}

std::string json_line(const std::vector<std::string>& columns, std::int64_t round, const std::vector<double>& row) {
  Json line{{"round", round}};
  for (std::size_t i = 0; i < columns.size(); ++i) line[columns[i]] = number(row[i]);
  return line.dump() + "\n";
}

RunHistory read_history(const hdf5::Group& metrics) {
  RunHistory history;
  history.rounds = metrics.dataset("round").read<std::int64_t>(kMostRounds);
  history.rows.resize(history.rounds.size());
  std::istringstream columns(metrics.text("columns"));
  for (std::string column; std::getline(columns, column);) {
    const hdf5::Dataset dataset = metrics.dataset(column);
    const std::vector<double> values = dataset.read<double>(kMostRounds);
    FEDSCAPE_CHECK(values.size() == history.rounds.size(), "{}: {} rounds expected, found {}", dataset.where(),
                   history.rounds.size(), values.size());
    for (std::size_t i = 0; i < values.size(); ++i) history.rows[i].push_back(values[i]);
    history.units.push_back(dataset.text("unit"));
    history.columns.push_back(column);
  }
  return history;
}

RunContents read_run(const std::filesystem::path& path) {
  RunContents run;
  hdf5::read_file(path, [&](const hdf5::Group& root) {
    run = RunContents{};
    run.command = root.text("command");
    run.build = root.text("build");
    run.device = root.text("device");
    run.seed = root.text("seed");
    run.data_hash = root.text("data_hash");
    run.round = root.integer("round");
    run.ranks = root.integer("ranks");
    const hdf5::Group options = root.group("options");
    for (const std::string& name : options.attributes()) run.options.emplace_back(name, options.text(name));
    if (root.has_group("metrics")) run.history = read_history(root.group("metrics"));
    run.model = read_state_dict(root.group("model"));
  });
  return run;
}

void export_model(const RunContents& run, const std::filesystem::path& path) {
  TensorFile file = run.model;
  file.metadata = {{"format", "pt"},
                   {"command", run.command},
                   {"build", run.build},
                   {"seed", run.seed},
                   {"round", std::to_string(run.round)}};
  for (const auto& [name, value] : run.options) file.metadata.emplace_back("option." + name, value);
  write_safetensors(path, file);
}

void export_csv(const RunContents& run, const std::filesystem::path& path) {
  const RunHistory& history = run.history;
  std::string text = csv_header(history.columns);
  for (std::size_t i = 0; i < history.rows.size(); ++i) text += csv_line(history.rounds[i], history.rows[i]);
  write_text(path, text);
}

void export_json(const RunContents& run, const std::filesystem::path& path) {
  const RunHistory& history = run.history;
  Json out{{"command", run.command}, {"build", run.build},         {"device", run.device}, {"ranks", run.ranks},
           {"seed", run.seed},       {"data_hash", run.data_hash}, {"round", run.round}};
  for (const auto& [name, value] : run.options) out["options"][name] = value;
  out["units"] = Json::object();
  out["metrics"] = {{"round", history.rounds}};
  for (std::size_t c = 0; c < history.columns.size(); ++c) {
    out["units"][history.columns[c]] = history.units[c];
    Json& column = out["metrics"][history.columns[c]] = Json::array();
    for (const std::vector<double>& row : history.rows) column.push_back(number(row[c]));
  }
  write_text(path, out.dump(1, ' ', false, Json::error_handler_t::replace) + "\n");
}

}  // namespace fedscape
