#include "fedscape/ops/peak.hpp"

#include <algorithm>
#include <limits>

#include "fedscape/base/check.hpp"
#include "fedscape/base/timer.hpp"
#include "fedscape/device/memory.hpp"
#include "kernels/peak.hpp"

namespace fedscape::ops {

namespace {

/// Units of work a second: `work` does `units` at a time, for `seconds` but at least three times. The best time counts:
/// a peak is what the machine can do when nobody else interrupts.
template <class Work>
double rate_of(double units, double seconds, Work&& work) {
  const Timer all;
  double best = std::numeric_limits<double>::infinity();
  for (int i = 0; i < 3 || all.seconds() < seconds; ++i) {
    const Timer timer;
    work();
    best = std::min(best, timer.seconds());
  }
  return units / best;
}

}  // namespace

double multiply_add_rate(Stream& stream, double seconds) {
  if (stream.device().kind != DeviceKind::cpu) return 0;
  constexpr std::int64_t kRounds = 100'000;  // under a millisecond: too short to be interrupted each time
  float value = 1;
  const auto work = [&] { value = kernels::multiply_adds(kernels::Cpu{}, kRounds, value); };
  rate_of(1, seconds / 4, work);  // until the core has the clock rate that wide vectors leave it
  const double rate = rate_of(static_cast<double>(kRounds * kernels::kFlopsPerRound), seconds, work);
  FEDSCAPE_CHECK(value > 0 && value < 2, "a multiply-add loop ended at {}", value);
  return rate;
}

double copy_rate(Stream& stream, View<const float> from, View<float> to, double seconds) {
  FEDSCAPE_CHECK(from.size() == to.size() && from.size() > 0, "copying {} to {}", from.shape.text(), to.shape.text());
  if (stream.device().kind != DeviceKind::cpu) return 0;
  const std::size_t bytes = static_cast<std::size_t>(from.size()) * sizeof(float);
  const auto work = [&] { copy_on_device(stream, to.data, from.data, bytes); };
  work();  // so that the pages are there
  return rate_of(2.0 * static_cast<double>(bytes), seconds, work);
}

}  // namespace fedscape::ops
