#pragma once

#include <cstdint>

#include "fedscape/base/host_device.hpp"
#include "fedscape/ops/proximal.hpp"
#include "kernels/backend.hpp"

namespace fedscape::kernels {

FEDSCAPE_KERNEL(void, proximal, Stream& stream, ops::Proximal kind, float weight, std::int64_t length,
                Slot<const float> w, Slot<const float> reference, float* loss, Slot<float> grads, int models);

/// h(d) of one parameter, d away from its reference; weight * h'(d) is added to grad.
FEDSCAPE_HOST_DEVICE inline double squared_term(float d, float weight, float& grad) {
  grad += weight * d;
  return 0.5 * static_cast<double>(d) * static_cast<double>(d);
}
FEDSCAPE_HOST_DEVICE inline double smooth_l1_term(float d, float weight, float& grad) {
  const float bounded = d < -1.0f ? -1.0f : (d > 1.0f ? 1.0f : d);  // NaN stays
  grad += weight * bounded;
  return static_cast<double>(bounded) * (static_cast<double>(d) - 0.5 * static_cast<double>(bounded));
}

}  // namespace fedscape::kernels
