#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "fedscape/base/timer.hpp"

namespace fedscape {

/// How far a long job is and when it will end, on stderr: one line rewritten on a terminal, else a line every few
/// seconds. Ranks that show nothing pass shown = false.
class Progress {
 public:
  /// `done` of `total` units were finished before this start and do not count for the estimate.
  Progress(std::string_view unit, std::int64_t total, std::int64_t done, bool shown);
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;
  ~Progress();

  void update(std::int64_t done, std::string_view detail = "");
  /// A line that stays.
  void log(std::string_view line);

 private:
  void clear();
  std::string unit_;
  std::int64_t total_, start_;
  bool shown_, terminal_, drawn_ = false;
  Timer since_start_, since_line_;
};

/// "3.2 s", "4:05 min", "2:10:00 h".
std::string duration(double seconds);
/// "512 B", "1.5 MB" (powers of 10).
std::string byte_count(double bytes);

}  // namespace fedscape
