#pragma once

#include <cmath>
#include <cstdint>

#include "fedscape/base/host_device.hpp"
#include "fedscape/ops/sign_alignment.hpp"
#include "kernels/backend.hpp"

namespace fedscape::kernels {

FEDSCAPE_KERNEL(void, align_signs, Stream& stream, const ops::SignAlignment& alignment, std::int64_t length,
                Slot<const float> w, Slot<const float> wanted, Slot<const float> reference, float* loss,
                Slot<float> grads, int models);
FEDSCAPE_KERNEL(void, signs, Stream& stream, const float* x, float* out, std::int64_t n);

/// Without branches, so that loops over it vectorise.
FEDSCAPE_HOST_DEVICE inline float sign_of(float x) { return static_cast<float>(x > 0) - static_cast<float>(x < 0); }

/// The sign that is wanted of a parameter, or 0.
FEDSCAPE_HOST_DEVICE inline float wanted_sign(const ops::SignAlignment& alignment, float wanted, float reference) {
  return std::abs(reference) >= alignment.threshold ? sign_of(wanted) : 0.0f;
}

/// One parameter's term of R; its gradient, times weight, is added to `gradient`.
FEDSCAPE_HOST_DEVICE inline float hinge_term(const ops::SignAlignment& alignment, float w, float s, float& gradient) {
  const float wrong = s * w < 0 ? s : 0.0f;
  gradient -= alignment.weight * wrong;
  return -wrong * w;
}
FEDSCAPE_HOST_DEVICE inline float logistic_term(const ops::SignAlignment& alignment, float w, float s,
                                                float& gradient) {
  if (s == 0) return 0.0f;
  const float z = alignment.slope * s * w, small = std::exp(-std::abs(z));  // never overflows
  gradient -= alignment.weight * alignment.slope * s * (z > 0 ? small : 1.0f) / (1 + small);
  return (z < 0 ? -z : 0.0f) + std::log1p(small);
}

}  // namespace fedscape::kernels
