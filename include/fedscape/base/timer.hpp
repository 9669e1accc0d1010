#pragma once

#include <chrono>

namespace fedscape {

/// Seconds since construction or the last restart, of a clock that never jumps.
class Timer {
 public:
  double seconds() const { return std::chrono::duration<double>(Clock::now() - start_).count(); }
  void restart() { start_ = Clock::now(); }

 private:
  using Clock = std::chrono::steady_clock;
  Clock::time_point start_ = Clock::now();
};

}  // namespace fedscape
