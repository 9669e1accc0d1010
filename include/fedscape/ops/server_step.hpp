#pragma once

#include "fedscape/device/stream.hpp"
#include "fedscape/tensor/view.hpp"

namespace fedscape::ops {

/// One step of a server optimiser (Reddi et al., ICLR 2021) along the mean difference d, elementwise:
///   momentum: m = beta1 m + d,               x += rate m   (Hsu, Qi and Brown, 2019)
///   the others: m = beta1 m + (1 - beta1) d, x += rate m / (sqrt(v) + tau), where
///   adagrad: v += d^2      adam: v = beta2 v + (1 - beta2) d^2      yogi: v -= (1 - beta2) d^2 sign(v - d^2)
struct ServerStep {
  enum class Kind { momentum, adagrad, adam, yogi } kind = Kind::momentum;
  float rate = 1, beta1 = 0, beta2 = 0.99f, tau = 1e-3f;
};
/// d, m, v and x of one shape; v is not touched by momentum and may then be absent.
void server_step(Stream& stream, const ServerStep& rates, View<const float> d, View<float> m, View<float> v,
                 View<float> x);

}  // namespace fedscape::ops
