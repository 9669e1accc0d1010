#pragma once

#include <cmath>
#include <cstdint>

#include "fedscape/base/host_device.hpp"
#include "fedscape/ops/feature_loss.hpp"
#include "kernels/backend.hpp"

namespace fedscape::kernels {

/// dx may be null.
FEDSCAPE_KERNEL(void, contrast, Stream& stream, const Batch& batch, double weight, double temperature, const float* x,
                const float* positive, const float* negative, float* loss, float* dx, int F);
FEDSCAPE_KERNEL(void, mean_discrepancy, Stream& stream, const Batch& batch, double weight, const float* x,
                const float* y, float* loss, float* dx, int F);

FEDSCAPE_KERNEL(void, prototype_distance, Stream& stream, const Batch& batch, double weight, const float* x,
                const std::int32_t* labels, const float* prototypes, const float* known, float* loss, float* dx, int F);

FEDSCAPE_HOST_DEVICE inline double dot_of(const float* a, const float* b, int F) {
  double sum = 0;
  for (int f = 0; f < F; ++f) sum += static_cast<double>(a[f]) * static_cast<double>(b[f]);
  return sum;
}

/// cos(x, y), and its gradient at x: x_factor * x + y_factor * y.
struct Cosine {
  double value = 0, x_factor = 0, y_factor = 0;
  FEDSCAPE_HOST_DEVICE double gradient(float x, float y) const {
    return x_factor * static_cast<double>(x) + y_factor * static_cast<double>(y);
  }
};
FEDSCAPE_HOST_DEVICE inline Cosine cosine_of(const float* x, double x_square, const float* y, int F) {
  const double product = std::sqrt(x_square) * std::sqrt(dot_of(y, y, F));
  if (product == 0) return {};  // NaN goes on
  const double value = dot_of(x, y, F) / product;
  return {value, -value / x_square, 1 / product};
}

/// Contrast of one sample, and `factor` times its gradient added to dx.
FEDSCAPE_HOST_DEVICE inline double sample_contrast(const float* x, const float* positive, const float* negative,
                                                   double temperature, double factor, float* dx, int F) {
  const double square = dot_of(x, x, F);
  const Cosine u = cosine_of(x, square, positive, F), v = cosine_of(x, square, negative, F);
  const double apart = (v.value - u.value) / temperature;
  const double loss = apart > 0 ? apart + std::log1p(std::exp(-apart)) : std::log1p(std::exp(apart));
  const double slope = factor / (temperature * (1 + std::exp(-apart)));
  // The difference of two like products: exactly 0 where positive is negative.
  for (int f = 0; dx && f < F; ++f)
    dx[f] += static_cast<float>(slope * (v.gradient(x[f], negative[f]) - u.gradient(x[f], positive[f])));
  return loss;
}

FEDSCAPE_HOST_DEVICE inline double squared_distance(const float* a, const float* b, int F) {
  double sum = 0;
  for (int f = 0; f < F; ++f) {
    const double d = static_cast<double>(a[f]) - static_cast<double>(b[f]);
    sum += d * d;
  }
  return sum;
}

/// Squared distance of one sample from its prototype, and `factor` times the gradient added to dx.
FEDSCAPE_HOST_DEVICE inline double sample_distance(const float* x, const float* prototype, double factor, float* dx,
                                                   int F) {
  for (int f = 0; dx && f < F; ++f)
    dx[f] += static_cast<float>(2 * factor * (static_cast<double>(x[f]) - static_cast<double>(prototype[f])));
  return squared_distance(x, prototype, F);
}

/// Sum of the squared distances of x_i and y_i from all 2n vectors.
FEDSCAPE_HOST_DEVICE inline double distances_of(const float* x, const float* y, int n, int i, int F) {
  double sum = 0;
  for (int j = 0; j < n; ++j) {
    const std::int64_t a = std::int64_t{i} * F, b = std::int64_t{j} * F;
    sum +=
        squared_distance(x + a, x + b, F) + squared_distance(y + a, y + b, F) + 2 * squared_distance(x + a, y + b, F);
  }
  return sum;
}

/// w of mean_discrepancy, from the sum of all squared distances.
FEDSCAPE_HOST_DEVICE inline double bandwidth_of(double distances, int n) {
  const double pairs = 2.0 * n * (2.0 * n - 1);
  return (distances / pairs + 1e-8) / 4;
}

/// k at this squared distance, and its derivative by it.
FEDSCAPE_HOST_DEVICE inline double kernel_of(double distance, double bandwidth, double& slope) {
  double sum = 0, width = bandwidth;
  slope = 0;
  for (int s = 0; s < 5; ++s, width *= 2) {
    const double e = std::exp(-distance / width);
    sum += e;
    slope -= e / width;
  }
  return sum;
}

/// What row i of the double sum of mean_discrepancy is, and `factor` times that sum's gradient at x_i added to dx_i.
FEDSCAPE_HOST_DEVICE inline double discrepancy_of(const float* x, const float* y, int n, int i, double bandwidth,
                                                  double factor, float* dx, int F) {
  const std::int64_t at = std::int64_t{i} * F;
  double sum = 0;
  for (int j = 0; j < n; ++j) {
    const std::int64_t other = std::int64_t{j} * F;
    double slope_x, slope_y, unused;
    sum += kernel_of(squared_distance(x + at, x + other, F), bandwidth, slope_x) +
           kernel_of(squared_distance(y + at, y + other, F), bandwidth, unused) -
           2 * kernel_of(squared_distance(x + at, y + other, F), bandwidth, slope_y);
    // Every pair stands twice in the sum, and a squared distance changes twice as fast as its vectors are apart.
    for (int f = 0; dx && f < F; ++f) {
      const auto own = static_cast<double>(x[at + f]);
      dx[at + f] += static_cast<float>(
          4 * factor *
          (slope_x * (own - static_cast<double>(x[other + f])) - slope_y * (own - static_cast<double>(y[other + f]))));
    }
  }
  return sum;
}

}  // namespace fedscape::kernels
