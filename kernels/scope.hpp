#pragma once

#include <cmath>
#include <cstdint>

#include "fedscape/base/host_device.hpp"
#include "fedscape/ops/scope.hpp"
#include "kernels/backend.hpp"

namespace fedscape::kernels {

FEDSCAPE_KERNEL(void, scope_terms, Stream& stream, ops::ScopeFusion fusion, std::int64_t length, Slot<const float> w,
                Slot<float> terms, int models);
FEDSCAPE_KERNEL(void, fused_scopes, Stream& stream, ops::ScopeFusion fusion, const float* terms, float* scopes,
                std::int64_t layers);
FEDSCAPE_KERNEL(void, align_scope, Stream& stream, ops::ScopeDivergence divergence, double weight, std::int64_t length,
                Slot<const float> w, const float* target, float* loss, Slot<float> grads, int models);

struct Scope {
  double mean, deviation;
};

inline constexpr double kPrecisionUnit = 0x1p-20;

/// NaN stays NaN.
FEDSCAPE_HOST_DEVICE inline double deviation_of(double variance) {
  const double deviation = std::sqrt(variance < 0 ? 0 : variance);  // below 0 by rounding
  return deviation < ops::kLeastDeviation ? ops::kLeastDeviation : deviation;
}

/// The scope of n weights from the sums of d and d^2, d = w - first: taken off so that the squares do not cancel where
/// the mean is far from 0.
FEDSCAPE_HOST_DEVICE inline Scope scope_of(double sum, double squares, std::int64_t n, float first) {
  const double mean = sum / static_cast<double>(n);
  return {static_cast<double>(first) + mean, deviation_of(squares / static_cast<double>(n) - mean * mean)};
}

FEDSCAPE_HOST_DEVICE inline void terms_of(ops::ScopeFusion fusion, const Scope& scope, float* terms) {
  const double mean = scope.mean, variance = scope.deviation * scope.deviation;
  double first = mean, second = scope.deviation;
  if (fusion == ops::ScopeFusion::mixture) second = variance + mean * mean;
  if (fusion == ops::ScopeFusion::precision) {
    first = kPrecisionUnit * mean / variance;
    second = kPrecisionUnit / variance;
  }
  terms[0] = static_cast<float>(first);
  terms[1] = static_cast<float>(second);
}

FEDSCAPE_HOST_DEVICE inline void fuse(ops::ScopeFusion fusion, const float* terms, float* scope) {
  const double first = static_cast<double>(terms[0]), second = static_cast<double>(terms[1]);
  double mean = first, variance = second * second;
  if (fusion == ops::ScopeFusion::mixture) variance = second - mean * mean;
  if (fusion == ops::ScopeFusion::precision) {
    mean = first / second;
    variance = kPrecisionUnit / second;
  }
  scope[0] = static_cast<float>(mean);
  scope[1] = static_cast<float>(deviation_of(variance));
}

/// The divergence and its derivative by one weight w, which is (shift + slope * (w - mean)) / n.
struct ScopePull {
  double loss, shift, slope;
};
FEDSCAPE_HOST_DEVICE inline ScopePull pull_of(ops::ScopeDivergence divergence, const Scope& now, const Scope& target) {
  const double gap = now.mean - target.mean, a = now.deviation, t = target.deviation;
  if (divergence == ops::ScopeDivergence::current_target)
    return {std::log(t / a) + (a * a + gap * gap) / (2 * t * t) - 0.5, gap / (t * t), 1 / (t * t) - 1 / (a * a)};
  const double spread = t * t + gap * gap;
  return {std::log(a / t) + spread / (2 * a * a) - 0.5, gap / (a * a), (1 - spread / (a * a)) / (a * a)};
}

}  // namespace fedscape::kernels
