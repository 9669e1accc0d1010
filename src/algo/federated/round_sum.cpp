#include "src/algo/federated/round_sum.hpp"

#include <cmath>
#include <limits>

#include "fedscape/algo/federated/engine.hpp"
#include "fedscape/device/profile.hpp"
#include "fedscape/ops/exact_sum.hpp"
#include "fedscape/ops/reduce.hpp"

namespace fedscape {

namespace {

enum Scalar : std::size_t { kLoss = 0, kStop = 1, kFailures = 2, kNorm = 3, kClipped = 4 };

bool fits(double value) { return std::abs(value) <= static_cast<double>(ops::kExactLimit); }  // false for NaN
std::int64_t fixed(double value) { return std::llrint(std::ldexp(value, ops::kExactDigits)); }
double value_of(std::int64_t number) { return std::ldexp(static_cast<double>(number), -ops::kExactDigits); }

}  // namespace

RoundSum::RoundSum(Stream& stream, std::int64_t upload)
    : upload_(upload), total_(stream, {upload + static_cast<std::int64_t>(kScalars)}) {}

void RoundSum::clear(Stream& stream) {
  ops::fill(stream, std::int64_t{0}, total_.view());
  scalars_.fill(0);
  message_.clear();
}

int RoundSum::add_upload(Stream& stream, std::int64_t begin, std::span<const double> weights, View<const float> rows) {
  std::unique_lock lock(mutex_, std::defer_lock);
  in_phase(stream, Phase::waiting, "threads", [&] { lock.lock(); });
  // Uploads are read, sums of 64 bits read and written.
  const double values = static_cast<double>(rows.size()), sums = static_cast<double>(rows.shape[1]);
  const ProfileScope scope(stream, Phase::aggregation, "sum", {2 * values, 4 * values + 16 * sums});
  const int failed = ops::exact_sum(stream, weights, rows, {total_.data() + begin, {rows.shape[1]}});
  stream.synchronize();
  return failed;
}

bool RoundSum::add_loss(double share) {
  if (!fits(share)) return false;
  const std::lock_guard lock(mutex_);
  scalars_[kLoss] += fixed(share);
  return true;
}

bool RoundSum::add_norm(double share, bool clipped) {
  if (!fits(share)) return false;
  const std::lock_guard lock(mutex_);
  scalars_[kNorm] += fixed(share);
  scalars_[kClipped] += clipped;
  return true;
}

bool RoundSum::add_metrics(When when, const Metrics& metrics, std::int64_t total) {
  const double n = static_cast<double>(total);
  const std::array<double, 4> means = {metrics.loss / n, metrics.squared / n, metrics.margin / n,
                                       metrics.confidence / n};
  for (const double mean : means)
    if (!fits(mean)) return false;
  const std::lock_guard lock(mutex_);
  std::int64_t* const at = &scalars_[metrics_at(when)];
  for (std::size_t i = 0; i < means.size(); ++i) at[i] += fixed(means[i]);
  at[4] += metrics.correct;
  at[5] += metrics.correct5;
  at[6] += metrics.count;
  return true;
}

void RoundSum::fail(ClientId id, const std::string& message) {
  const std::lock_guard lock(mutex_);
  if (scalars_[kFailures]++ > 0 && failed_ <= id) return;
  failed_ = id;
  message_ = message;
}

void RoundSum::ask_to_stop() {
  const std::lock_guard lock(mutex_);
  ++scalars_[kStop];
}

void RoundSum::reduce(Stream& stream, Communicator& comm) {
  const bool failed_here = scalars_[kFailures] > 0;
  copy_to_device(stream, total_.data() + upload_, scalars_.data(), sizeof(scalars_));
  comm.sum(stream, total_.view());
  copy_to_host(stream, scalars_.data(), total_.data() + upload_, sizeof(scalars_));
  if (scalars_[kFailures] == 0) return;
  constexpr std::int64_t kNobody = std::numeric_limits<std::int64_t>::max();
  const std::int64_t mine = failed_here ? failed_ : kNobody, lowest = -comm.max(-mine);
  try {
    agree(comm, [&] { FEDSCAPE_CHECK(mine != lowest, "{}", message_); });
  } catch (const AgreedError& error) {  // the message has reached all ranks
    throw DivergedError(error.what());
  }
}

double RoundSum::loss() const { return value_of(scalars_[kLoss]); }
double RoundSum::norm() const { return value_of(scalars_[kNorm]); }
std::int64_t RoundSum::clipped() const { return scalars_[kClipped]; }
bool RoundSum::stop() const { return scalars_[kStop] > 0; }

Metrics RoundSum::metrics(When when, std::int64_t total) const {
  const std::int64_t* const at = &scalars_[metrics_at(when)];
  const double n = static_cast<double>(total);
  return {value_of(at[0]) * n, value_of(at[1]) * n, value_of(at[2]) * n, value_of(at[3]) * n, at[4], at[5], at[6]};
}

}  // namespace fedscape
