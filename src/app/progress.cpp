#include "fedscape/app/progress.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <cmath>
#include <cstdio>

#include "fedscape/base/log.hpp"

namespace fedscape {

namespace {

constexpr double kTerminalSeconds = 0.2, kLogSeconds = 5;

}  // namespace

Progress::Progress(std::string_view unit, std::int64_t total, std::int64_t done, bool shown)
    : unit_(unit), total_(total), start_(done), shown_(shown), terminal_(isatty(STDERR_FILENO) != 0) {}

Progress::~Progress() { clear(); }

void Progress::update(std::int64_t done, std::string_view detail) {
  if (!shown_ || since_line_.seconds() < (terminal_ ? kTerminalSeconds : kLogSeconds)) return;
  since_line_.restart();
  const double per_unit = since_start_.seconds() / static_cast<double>(done > start_ ? done - start_ : 1);
  const std::string eta = done > start_ ? duration(per_unit * static_cast<double>(total_ - done)) : "unknown";
  const std::string line =
      fmt::format("{} {}/{} ({:.0f} %), {} left{}{}", unit_, done, total_,
                  total_ > 0 ? 100.0 * static_cast<double>(done) / static_cast<double>(total_) : 100.0, eta,
                  detail.empty() ? "" : ", ", detail);
  if (!terminal_) return log_line(line);
  std::fprintf(stderr, "\r%s\033[K", line.c_str());
  std::fflush(stderr);
  drawn_ = true;
}

void Progress::log(std::string_view line) {
  if (!shown_) return;
  clear();
  log_line(line);
}

void Progress::clear() {
  if (drawn_) std::fputs("\r\033[K", stderr);
  drawn_ = false;
}

std::string duration(double seconds) {
  const auto whole = static_cast<std::int64_t>(std::llround(seconds));
  if (whole < 60) return fmt::format("{:.{}f} s", seconds, seconds < 10 ? 1 : 0);
  if (whole < 3600) return fmt::format("{}:{:02} min", whole / 60, whole % 60);
  return fmt::format("{}:{:02}:{:02} h", whole / 3600, whole / 60 % 60, whole % 60);
}

std::string byte_count(double bytes) {
  constexpr std::array<const char*, 5> units = {"B", "kB", "MB", "GB", "TB"};
  std::size_t unit = 0;
  while (bytes >= 1000 && unit + 1 < units.size()) bytes /= 1000, ++unit;
  return fmt::format("{:.{}f} {}", bytes, unit == 0 || bytes >= 100 ? 0 : 1, units[unit]);
}

}  // namespace fedscape
