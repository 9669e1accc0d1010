#include "src/io/run_log.hpp"

#include "fedscape/io/atomic_file.hpp"

namespace fedscape {
namespace {

void write_line(std::FILE* file, const std::filesystem::path& path, const std::string& line) {
  if (std::fwrite(line.data(), 1, line.size(), file) != line.size() || std::fflush(file) != 0)
    fail_with_errno(path, "cannot be written");
}

}  // namespace

RunLog::RunLog(const std::filesystem::path& run_file) : csv_path_(run_file), json_path_(run_file) {
  csv_path_.replace_extension(".csv");
  json_path_.replace_extension(".jsonl");
}

RunLog::Stream RunLog::open(const std::filesystem::path& path) {
  Stream file(std::fopen(path.c_str(), "ab"));
  if (!file) fail_with_errno(path, "cannot be written");
  return file;
}

void RunLog::restart(const RunHistory& history) {
  columns_ = history.columns;
  std::string csv = csv_header(columns_), json;
  for (std::size_t i = 0; i < history.rows.size(); ++i) {
    csv += csv_line(history.rounds[i], history.rows[i]);
    json += json_line(columns_, history.rounds[i], history.rows[i]);
  }
  replace_file(csv_path_, std::as_bytes(std::span(csv)));
  replace_file(json_path_, std::as_bytes(std::span(json)));
  csv_ = open(csv_path_);
  json_ = open(json_path_);
}

void RunLog::append(std::int64_t round, const std::vector<double>& row) {
  write_line(csv_.get(), csv_path_, csv_line(round, row));
  write_line(json_.get(), json_path_, json_line(columns_, round, row));
}

}  // namespace fedscape
