#pragma once

#include <cmath>
#include <cstdint>

#include "fedscape/base/host_device.hpp"
#include "fedscape/ops/optimizer.hpp"
#include "kernels/backend.hpp"

namespace fedscape::kernels {

/// rates: in host memory.
FEDSCAPE_KERNEL(void, sgd, Stream& stream, const ops::Sgd& rates, int active, std::int64_t length,
                Slot<const float> grads, Slot<float> params, Slot<float> velocity);

FEDSCAPE_KERNEL(void, adam, Stream& stream, const ops::AdamRates& rates, int active, std::int64_t length,
                Slot<const float> grads, Slot<float> params, Slot<float> first, Slot<float> second);

FEDSCAPE_KERNEL(void, clip_rows, Stream& stream, float max_norm, int active, float* grads, std::int64_t P);
FEDSCAPE_KERNEL(void, ascend_rows, Stream& stream, float rho, int models, const float* grads, float* point,
                std::int64_t P);

/// One parameter's step of SGD; velocity null: no momentum.
FEDSCAPE_HOST_DEVICE inline void sgd_element(const ops::Sgd& rates, float gradient, float& weight, float* velocity) {
  float g = gradient + rates.weight_decay * weight;
  if (velocity) {
    const float v = rates.first ? g : rates.momentum * *velocity + g;
    *velocity = v;
    g = rates.nesterov ? g + rates.momentum * v : v;
  }
  weight -= rates.lr * g;
}

FEDSCAPE_HOST_DEVICE inline void adam_element(const ops::AdamRates& rates, float gradient, float& weight, float& first,
                                              float& second) {
  const float g = gradient + rates.decay_gradient * weight;
  first = rates.beta1 * first + (1 - rates.beta1) * g;
  second = rates.beta2 * second + (1 - rates.beta2) * g * g;
  const float denominator = std::sqrt(second) / rates.root_correction + rates.eps;
  weight = rates.keep_weight * weight - rates.step_size * (first / denominator);
}

/// The factor of a row of this norm; a norm that is NaN clips nothing, so that the NaN goes on.
FEDSCAPE_HOST_DEVICE inline float clip_factor(double squared_norm, float max_norm) {
  const double norm = std::sqrt(squared_norm);
  return norm > static_cast<double>(max_norm) ? static_cast<float>(static_cast<double>(max_norm) / (norm + 1e-6))
                                              : 1.0f;
}

FEDSCAPE_HOST_DEVICE inline float ascent_factor(double squared_norm, float rho) {
  return static_cast<float>(static_cast<double>(rho) / (std::sqrt(squared_norm) + 1e-12));
}

}  // namespace fedscape::kernels
