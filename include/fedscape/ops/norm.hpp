#pragma once

#include "fedscape/device/stream.hpp"
#include "fedscape/ops/batch.hpp"

namespace fedscape::ops {

/// Batch norm with batch statistics: y = (x - mean) / sqrt(variance + eps) * scale + shift, per channel over the real
/// samples and positions of each model. x, y [M,B,...,C] (y may be x's memory only if backward is not needed); scale
/// and shift [C], absent: 1 and 0. Writes moments [M,3,C]: mean, biased variance, 1 / sqrt(variance + eps).
void batch_norm_forward(Stream& stream, const Batch& batch, float eps, View<const float> x, Slot<const float> scale,
                        Slot<const float> shift, View<float> y, View<float> moments);
/// Gradients of batch_norm_forward; dx may alias dy. dscale, dshift are overwritten, or absent with scale and shift.
void batch_norm_backward(Stream& stream, const Batch& batch, View<const float> x, View<const float> moments,
                         Slot<const float> scale, View<const float> dy, View<float> dx, Slot<float> dscale,
                         Slot<float> dshift);
/// y = (x - mean) / sqrt(variance + eps) * scale + shift with given statistics. y may alias x.
void batch_norm_apply(Stream& stream, const Batch& batch, float eps, View<const float> x, Slot<const float> mean,
                      Slot<const float> variance, Slot<const float> scale, Slot<const float> shift, View<float> y);
/// running = (1 - momentum[m]) * running + momentum[m] * batch statistic (momentum [M], or [1] for all models, which a
/// captured step keeps), the variance unbiased by n/(n-1) with n = counts[m] * positions. Models with counts[m] = 0
/// keep theirs. moments as above, running mean and variance [C] each.
void batch_norm_update(Stream& stream, const Batch& batch, std::int64_t positions, std::span<const float> momentum,
                       View<const float> moments, Slot<float> mean, Slot<float> variance);

/// Group norm (Wu and He, ECCV 2018): moments per sample and group of C/groups adjacent channels.
/// x, y [M|1,B,...,C]; moments [M,B,groups,2]: mean and 1 / sqrt(variance + eps).
void group_norm_forward(Stream& stream, const Batch& batch, int groups, float eps, View<const float> x,
                        Slot<const float> scale, Slot<const float> shift, View<float> y, View<float> moments);
void group_norm_backward(Stream& stream, const Batch& batch, int groups, View<const float> x, View<const float> moments,
                         Slot<const float> scale, View<const float> dy, View<float> dx, Slot<float> dscale,
                         Slot<float> dshift);

}  // namespace fedscape::ops
