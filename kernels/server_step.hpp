#pragma once

#include <cmath>
#include <cstdint>

#include "fedscape/base/host_device.hpp"
#include "fedscape/ops/server_step.hpp"
#include "kernels/backend.hpp"

namespace fedscape::kernels {

FEDSCAPE_KERNEL(void, server_step, Stream& stream, const ops::ServerStep& rates, const float* d, float* m, float* v,
                float* x, std::int64_t n);

FEDSCAPE_HOST_DEVICE inline float next_v(ops::ServerStep::Kind kind, float beta2, float v, float d) {
  const float square = d * d;
  if (kind == ops::ServerStep::Kind::adagrad) return v + square;
  if (kind == ops::ServerStep::Kind::adam) return beta2 * v + (1 - beta2) * square;
  const float sign = v > square ? 1.0f : (v < square ? -1.0f : 0.0f);
  return v - (1 - beta2) * square * sign;
}

/// One parameter's step.
FEDSCAPE_HOST_DEVICE inline void momentum_element(const ops::ServerStep& rates, float d, float& m, float& x) {
  m = rates.beta1 * m + d;
  x += rates.rate * m;
}
FEDSCAPE_HOST_DEVICE inline void adaptive_element(const ops::ServerStep& rates, float d, float& m, float& v, float& x) {
  m = rates.beta1 * m + (1 - rates.beta1) * d;
  v = next_v(rates.kind, rates.beta2, v, d);
  x += rates.rate * m / (std::sqrt(v) + rates.tau);
}

}  // namespace fedscape::kernels
