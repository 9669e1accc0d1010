#pragma once

#include "fedscape/ops/batch.hpp"
#include "kernels/backend.hpp"

/// Bodies of ops/norm.hpp. Row m of x, y, dy and dx is model m's [B, positions, C]; absent slots have data null.
namespace fedscape::kernels {

FEDSCAPE_KERNEL(void, batch_norm_forward, Stream&, const Batch&, std::int64_t positions, int C, float eps,
                Slot<const float> x, Slot<const float> scale, Slot<const float> shift, Slot<float> y,
                Slot<float> moments);
FEDSCAPE_KERNEL(void, batch_norm_backward, Stream&, const Batch&, std::int64_t positions, int C, Slot<const float> x,
                Slot<const float> moments, Slot<const float> scale, Slot<const float> dy, Slot<float> dx,
                Slot<float> dscale, Slot<float> dshift);
FEDSCAPE_KERNEL(void, batch_norm_apply, Stream&, const Batch&, std::int64_t positions, int C, float eps,
                Slot<const float> x, Slot<const float> mean, Slot<const float> variance, Slot<const float> scale,
                Slot<const float> shift, Slot<float> y);
FEDSCAPE_KERNEL(void, batch_norm_update, Stream&, const Batch&, std::int64_t positions, int C,
                std::span<const float> momentum, Slot<const float> moments, Slot<float> mean, Slot<float> variance);
FEDSCAPE_KERNEL(void, group_norm_forward, Stream&, const Batch&, std::int64_t positions, int C, int groups, float eps,
                Slot<const float> x, Slot<const float> scale, Slot<const float> shift, Slot<float> y,
                Slot<float> moments);
FEDSCAPE_KERNEL(void, group_norm_backward, Stream&, const Batch&, std::int64_t positions, int C, int groups,
                Slot<const float> x, Slot<const float> moments, Slot<const float> scale, Slot<const float> dy,
                Slot<float> dx, Slot<float> dscale, Slot<float> dshift);

}  // namespace fedscape::kernels
