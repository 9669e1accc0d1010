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

FEDSCAPE_HOST_DEVICE inline float sign_of(float x) { return x > 0 ? 1.0f : (x < 0 ? -1.0f : 0.0f); }

/// One parameter's term of R; its gradient goes to `gradient`.
FEDSCAPE_HOST_DEVICE inline float sign_term(const ops::SignAlignment& alignment, float w, float wanted, float reference,
                                            float& gradient) {
  const float s = std::abs(reference) >= alignment.threshold ? sign_of(wanted) : 0.0f;
  if (alignment.kind == ops::SignAlignment::Kind::hinge) {
    const bool against = s * w < 0;
    gradient = against ? -s : 0.0f;
    return against ? -s * w : 0.0f;
  }
  if (s == 0) return gradient = 0.0f;
  const float z = alignment.slope * s * w, small = std::exp(-std::abs(z));  // never overflows
  gradient = -alignment.slope * s * (z > 0 ? small : 1.0f) / (1 + small);
  return (z < 0 ? -z : 0.0f) + std::log1p(small);
}

}  // namespace fedscape::kernels
