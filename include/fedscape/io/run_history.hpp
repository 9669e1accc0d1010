#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "fedscape/base/fields.hpp"
#include "fedscape/io/hdf5_file.hpp"
#include "fedscape/io/safetensors.hpp"

namespace fedscape {

/// The metrics of a run: one row a round, NaN where a number was not measured.
struct RunHistory {
  std::vector<std::string> columns, units;  // without the round
  std::vector<std::int64_t> rounds;
  std::vector<std::vector<double>> rows;
};

/// "round,train_loss,..." and "1,0.5,,..." (nothing for NaN), each with its newline. Numbers read back to the same
/// bits.
std::string csv_header(const std::vector<std::string>& columns);
std::string csv_line(std::int64_t round, const std::vector<double>& row);
/// {"round":1,"train_loss":0.5,"test_loss":null} and a newline; null for what is not finite.
std::string json_line(const std::vector<std::string>& columns, std::int64_t round, const std::vector<double>& row);

/// The group "metrics" of a run file.
RunHistory read_history(const hdf5::Group& metrics);

/// What a run file says about itself.
struct RunContents {
  std::string command, build, device, seed, data_hash;
  std::int64_t round = 0, ranks = 0;
  Description options;
  RunHistory history;
  TensorFile model;  // PyTorch's names and layouts
};
RunContents read_run(const std::filesystem::path& path);

/// Exports: the model as safetensors with the options as metadata; the history as CSV, or as one JSON object of
/// options, units and columns.
void export_model(const RunContents& run, const std::filesystem::path& path);
void export_csv(const RunContents& run, const std::filesystem::path& path);
void export_json(const RunContents& run, const std::filesystem::path& path);

}  // namespace fedscape
