#pragma once

#include <cmath>

#include "fedscape/base/host_device.hpp"
#include "fedscape/ops/batch.hpp"
#include "kernels/backend.hpp"

/// Bodies of ops/norm.hpp. Row m of x, y, dy and dx is model m's [B, positions, C]; absent slots have data null.
namespace fedscape::kernels {

FEDSCAPE_KERNEL(void, batch_norm_forward, Stream&, const Batch&, std::int64_t positions, int C, float eps,
                Slot<const float> x, Slot<const float> scale, Slot<const float> shift, Slot<float> y,
                Slot<float> moments);
FEDSCAPE_KERNEL(void, batch_norm_backward, Stream&, const Batch&, std::int64_t positions, int C, Slot<const float> x,
                Slot<const float> moments, Slot<const float> scale, Slot<const float> dy, Slot<float> dx,
                Slot<float> dscale, Slot<float> dshift);
FEDSCAPE_KERNEL(void, batch_norm_apply, Stream&, const Batch&, std::int64_t positions, int C, float eps,
                Slot<const float> x, Slot<const float> mean, Slot<const float> variance, Slot<const float> scale,
                Slot<const float> shift, Slot<float> y);
FEDSCAPE_KERNEL(void, batch_norm_update, Stream&, const Batch&, std::int64_t positions, int C,
                std::span<const float> momentum, Slot<const float> moments, Slot<float> mean, Slot<float> variance);
FEDSCAPE_KERNEL(void, group_norm_forward, Stream&, const Batch&, std::int64_t positions, int C, int groups, float eps,
                Slot<const float> x, Slot<const float> scale, Slot<const float> shift, Slot<float> y,
                Slot<float> moments);
FEDSCAPE_KERNEL(void, group_norm_backward, Stream&, const Batch&, std::int64_t positions, int C, int groups,
                Slot<const float> x, Slot<const float> moments, Slot<const float> scale, Slot<const float> dy,
                Slot<float> dx, Slot<float> dscale, Slot<float> dshift);

/// Parameters that may be absent.
FEDSCAPE_HOST_DEVICE inline float or_one(const float* values, int c) { return values ? values[c] : 1.0f; }
FEDSCAPE_HOST_DEVICE inline float or_zero(const float* values, int c) { return values ? values[c] : 0.0f; }

FEDSCAPE_HOST_DEVICE inline float inverse_deviation(double variance, float eps) {
  return static_cast<float>(1 / std::sqrt(variance + eps));
}

/// With given statistics: y = (x - mean) * factor + shift.
FEDSCAPE_HOST_DEVICE inline float fixed_factor(float variance, float eps, float scale) {
  return static_cast<float>(scale / std::sqrt(double{variance} + eps));
}

/// dx = factor * dy - offset - (x - mean) * slope.
struct NormGradient {
  float factor, offset, slope;
};
/// Of a channel, from the sums of dy and of dy * (x - mean) * inverse over its n elements.
FEDSCAPE_HOST_DEVICE inline NormGradient batch_norm_gradient(float inverse, float scale, double by_one, double by_x,
                                                             double n) {
  const double k = double{inverse} * scale;
  return {static_cast<float>(k), static_cast<float>(k * by_one / n), static_cast<float>(k * inverse * by_x / n)};
}
/// The part that all channels of a group of n elements share, from these sums times the channels' scales; factor is
/// inverse * scale.
FEDSCAPE_HOST_DEVICE inline NormGradient group_norm_gradient(float inverse, double by_one, double by_x, double n) {
  const double k = inverse;
  return {inverse, static_cast<float>(k * by_one / n), static_cast<float>(k * k * by_x / n)};
}

/// A running statistic and what a batch of n elements moves it to.
struct RunningRate {
  float keep, rate, unbiased;
  FEDSCAPE_HOST_DEVICE RunningRate(float rate_in, double n)
      : keep(1 - rate_in), rate(rate_in), unbiased(static_cast<float>(n > 1 ? n / (n - 1) : 1)) {}
  FEDSCAPE_HOST_DEVICE float mean(float old, float now) const { return keep * old + rate * now; }
  FEDSCAPE_HOST_DEVICE float variance(float old, float now) const { return keep * old + rate * (now * unbiased); }
};

}  // namespace fedscape::kernels
