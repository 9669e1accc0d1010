#pragma once

#include "fedscape/ops/pool.hpp"
#include "kernels/backend.hpp"

/// Bodies of ops/pool.hpp. Row m of x, y, dy and dx is model m's [B, y, x, channel].
namespace fedscape::kernels {

using ops::PoolShape;

/// The maps of an adaptive pooling.
struct AdaptiveShape {
  int height, width, out_height, out_width, channels;
};

FEDSCAPE_KERNEL(void, max_pool_forward, Stream&, const PoolShape&, const Batch&, Slot<const float> x, Slot<float> y);
FEDSCAPE_KERNEL(void, max_pool_backward, Stream&, const PoolShape&, const Batch&, Slot<const float> x,
                Slot<const float> y, Slot<const float> dy, Slot<float> dx);
FEDSCAPE_KERNEL(void, average_pool_forward, Stream&, const PoolShape&, const Batch&, Slot<const float> x,
                Slot<float> y);
FEDSCAPE_KERNEL(void, average_pool_backward, Stream&, const PoolShape&, const Batch&, Slot<const float> dy,
                Slot<float> dx);
FEDSCAPE_KERNEL(void, adaptive_pool_forward, Stream&, const AdaptiveShape&, const Batch&, Slot<const float> x,
                Slot<float> y);
FEDSCAPE_KERNEL(void, adaptive_pool_backward, Stream&, const AdaptiveShape&, const Batch&, Slot<const float> dy,
                Slot<float> dx);

}  // namespace fedscape::kernels
