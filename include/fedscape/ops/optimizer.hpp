#pragma once

#include "fedscape/device/stream.hpp"
#include "fedscape/tensor/view.hpp"

namespace fedscape::ops {

/// One step of SGD as in PyTorch: g += weight_decay * w; v = momentum * v + g (v = g in the first step); g = nesterov ?
/// g + momentum * v : v; w -= lr * g. Works on `length` parameters that lie side by side in each of the first `active`
/// rows of a stack: weight decay must not reach statistics, so nn/sgd.hpp calls it for each run of trained slots.
/// velocity: absent without momentum.
struct Sgd {
  float lr = 0.1f, momentum = 0, weight_decay = 0;
  bool nesterov = false, first = false;
};
void sgd(Stream& stream, const Sgd& rates, int active, std::int64_t length, Slot<const float> grads, Slot<float> params,
         Slot<float> velocity);

/// One step of Adam (Kingma and Ba, ICLR 2015) or, with decoupled decay, AdamW (Loshchilov and Hutter, ICLR 2019), as
/// in PyTorch, on the same runs; first and second moments as params.
struct Adam {
  float lr = 1e-3f, beta1 = 0.9f, beta2 = 0.999f, eps = 1e-8f, weight_decay = 0;
  bool decoupled = false;
  int step = 1;  // counts from 1
};
/// The same with what depends on the step worked out once.
struct AdamRates {
  float beta1, beta2, eps;
  float decay_gradient, keep_weight;  // weight decay in the gradient, or 1 - lr * weight_decay on the weight
  float step_size, root_correction;   // lr / (1 - beta1^t), sqrt(1 - beta2^t)
};
AdamRates rates_of(const Adam& adam);
void adam(Stream& stream, const AdamRates& rates, int active, std::int64_t length, Slot<const float> grads,
          Slot<float> params, Slot<float> first, Slot<float> second);

/// Scales every row of grads whose norm exceeds max_norm by max_norm / (norm + 1e-6), as PyTorch does; the norm is
/// summed in double in a fixed order. grads [M,P].
void clip_rows(Stream& stream, float max_norm, int active, View<float> grads);

/// point[m] += rho * grads[m] / (norm of grads[m] + 1e-12), the norm as above. grads, point [M,P].
void ascend_rows(Stream& stream, float rho, View<const float> grads, View<float> point);

}  // namespace fedscape::ops
