#include "kernels/server_step.hpp"

#include <cmath>

namespace fedscape::kernels {

namespace {

using Kind = ops::ServerStep::Kind;

float next_v(Kind kind, float beta2, float v, float d) {
  const float square = d * d;
  if (kind == Kind::adagrad) return v + square;
  if (kind == Kind::adam) return beta2 * v + (1 - beta2) * square;
  const float sign = v > square ? 1.0f : (v < square ? -1.0f : 0.0f);
  return v - (1 - beta2) * square * sign;
}

}  // namespace

void server_step(Cpu, Stream&, const ops::ServerStep& rates, const float* d, float* m, float* v, float* x,
                 std::int64_t n) {
  const auto [kind, rate, beta1, beta2, tau] = rates;
  if (kind == Kind::momentum) {
    for (std::int64_t i = 0; i < n; ++i) {
      m[i] = beta1 * m[i] + d[i];
      x[i] += rate * m[i];
    }
    return;
  }
  for (std::int64_t i = 0; i < n; ++i) {
    m[i] = beta1 * m[i] + (1 - beta1) * d[i];
    v[i] = next_v(kind, beta2, v[i], d[i]);
    x[i] += rate * m[i] / (std::sqrt(v[i]) + tau);
  }
}

}  // namespace fedscape::kernels
