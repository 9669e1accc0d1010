#include "fedscape/ops/optimizer.hpp"

#include <cmath>

#include "kernels/optimizer.hpp"

namespace fedscape::ops {

namespace {

void check_run(const char* op, int active, std::int64_t length, Slot<const float> slot) {
  FEDSCAPE_CHECK(active >= 0 && length >= 0 && slot.data != nullptr && (active <= 1 || slot.stride >= length),
                 "{}: {} rows of {} parameters with stride {}", op, active, length, slot.stride);
}

}  // namespace

AdamRates rates_of(const Adam& adam) {
  FEDSCAPE_CHECK(adam.step >= 1, "adam: step {}; the first is 1", adam.step);
  const auto lr = static_cast<double>(adam.lr), decay = static_cast<double>(adam.weight_decay);
  const double correction1 = 1 - std::pow(static_cast<double>(adam.beta1), adam.step);
  const double correction2 = 1 - std::pow(static_cast<double>(adam.beta2), adam.step);
  return {.beta1 = adam.beta1,
          .beta2 = adam.beta2,
          .eps = adam.eps,
          .decay_gradient = adam.decoupled ? 0.0f : adam.weight_decay,
          .keep_weight = static_cast<float>(adam.decoupled ? 1 - lr * decay : 1.0),
          .step_size = static_cast<float>(lr / correction1),
          .root_correction = static_cast<float>(std::sqrt(correction2))};
}

void sgd(Stream& stream, const Sgd& rates, int active, std::int64_t length, Slot<const float> grads, Slot<float> params,
         Slot<float> velocity) {
  check_run("sgd", active, length, grads);
  check_run("sgd", active, length, params);
  if (rates.momentum != 0) check_run("sgd", active, length, velocity);
  const Slot<float> moments = rates.momentum != 0 ? velocity : Slot<float>{};
  kernels::dispatch(stream, [&](auto on) { kernels::sgd(on, stream, rates, active, length, grads, params, moments); });
}

void adam(Stream& stream, const AdamRates& rates, int active, std::int64_t length, Slot<const float> grads,
          Slot<float> params, Slot<float> first, Slot<float> second) {
  for (const Slot<const float> slot :
       {grads, Slot<const float>(params), Slot<const float>(first), Slot<const float>(second)})
    check_run("adam", active, length, slot);
  kernels::dispatch(stream,
                    [&](auto on) { kernels::adam(on, stream, rates, active, length, grads, params, first, second); });
}

void clip_rows(Stream& stream, float max_norm, int active, View<float> grads) {
  FEDSCAPE_CHECK(grads.shape.rank() == 2 && active >= 0 && active <= grads.shape[0] && max_norm > 0,
                 "clip_rows: the first {} rows of {} to norm {}", active, grads.shape.text(), max_norm);
  kernels::dispatch(stream,
                    [&](auto on) { kernels::clip_rows(on, stream, max_norm, active, grads.data, grads.shape[1]); });
}

void ascend_rows(Stream& stream, float rho, View<const float> grads, View<float> point) {
  FEDSCAPE_CHECK(grads.shape.rank() == 2 && grads.shape == point.shape, "ascend_rows: gradients {}, points {}",
                 grads.shape.text(), point.shape.text());
  const int models = static_cast<int>(grads.shape[0]);
  kernels::dispatch(
      stream, [&](auto on) { kernels::ascend_rows(on, stream, rho, models, grads.data, point.data, grads.shape[1]); });
}

}  // namespace fedscape::ops
