#pragma once

#include <cstdint>

#include "fedscape/ops/batch.hpp"
#include "kernels/backend.hpp"

namespace fedscape::kernels {

/// n: elements of one sample. x_shared: x is [1,B,...] for all models.
FEDSCAPE_KERNEL(void, leaky_relu_forward, Stream& stream, const Batch& batch, float slope, const float* x,
                bool x_shared, float* y, std::int64_t n);
FEDSCAPE_KERNEL(void, leaky_relu_backward, Stream& stream, const Batch& batch, float slope, const float* y,
                const float* dy, float* dx, std::int64_t n);
/// keys [M] in host memory.
FEDSCAPE_KERNEL(void, dropout, Stream& stream, const Batch& batch, float p, Purpose purpose, const RngKey* keys,
                const float* x, bool x_shared, float* y, std::int64_t n);
FEDSCAPE_KERNEL(void, add, Stream& stream, const Batch& batch, const float* a, bool a_shared, const float* b,
                bool b_shared, float* y, std::int64_t n);
/// Arrays seen as [M|1,B,positions,channels].
FEDSCAPE_KERNEL(void, copy_channels, Stream& stream, const Batch& batch, const float* from, bool from_shared,
                int from_channels, int from_first, float* to, int to_channels, int to_first, int channels,
                std::int64_t positions);

/// NaN passes through, forward and backward: a diverged client must show.
FEDSCAPE_HOST_DEVICE inline float leaky_relu(float x, float slope) { return x < 0 ? slope * x : x; }
FEDSCAPE_HOST_DEVICE inline float leaky_relu_gradient(float y, float dy, float slope) {
  return y <= 0 ? slope * dy : dy;
}

}  // namespace fedscape::kernels
