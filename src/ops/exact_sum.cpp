#include "fedscape/ops/exact_sum.hpp"

#include <cmath>
#include <vector>

#include "kernels/exact_sum.hpp"

namespace fedscape::ops {

int exact_sum(Stream& stream, std::span<const double> weights, View<const float> rows, View<std::int64_t> total) {
  FEDSCAPE_CHECK(rows.shape.rank() == 2 && rows.shape[0] == static_cast<std::int64_t>(weights.size()) &&
                     total.shape == Shape{rows.shape[1]},
                 "exact_sum: {} weights, rows {}, total {}; expected M, [M,Q], [Q]", weights.size(), rows.shape.text(),
                 total.shape.text());
  // The power of two is exact, so scaling the weight first gives the same product bits as scaling last.
  std::vector<double> scaled(weights.begin(), weights.end());
  double magnitude = 0;
  for (double& weight : scaled) {
    magnitude += std::fabs(weight);
    weight = std::ldexp(weight, kExactDigits);
  }
  FEDSCAPE_CHECK(magnitude <= 1 + 1e-6, "exact_sum: weights of magnitude {} in all; at most 1 cannot overflow",
                 magnitude);
  return kernels::dispatch(stream, [&](auto on) {
    return kernels::exact_sum(on, stream, scaled.data(), rows.data, kExactLimit, total.data,
                              static_cast<int>(weights.size()), rows.shape[1]);
  });
}

void exact_value(Stream& stream, View<const std::int64_t> total, View<float> values) {
  FEDSCAPE_CHECK(total.shape.rank() == 1 && values.shape == total.shape, "exact_value: total {}, values {}",
                 total.shape.text(), values.shape.text());
  kernels::dispatch(stream, [&](auto on) {
    kernels::exact_value(on, stream, total.data, std::ldexp(1.0, -kExactDigits), values.data, total.size());
  });
}

}  // namespace fedscape::ops
