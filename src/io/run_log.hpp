#pragma once

#include <cstdio>
#include <filesystem>
#include <memory>

#include "fedscape/io/run_history.hpp"

namespace fedscape {

/// The text files beside a run file, "run.csv" and "run.jsonl" beside "run.h5": a line a round, there at once.
class RunLog {
 public:
  explicit RunLog(const std::filesystem::path& run_file);
  /// Replaces both files by this history; lines are appended to it from then on.
  void restart(const RunHistory& history);
  void append(std::int64_t round, const std::vector<double>& row);

 private:
  struct Close {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };
  using Stream = std::unique_ptr<std::FILE, Close>;
  static Stream open(const std::filesystem::path& path);

  std::filesystem::path csv_path_, json_path_;
  std::vector<std::string> columns_;
  Stream csv_, json_;
};

}  // namespace fedscape
