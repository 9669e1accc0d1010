#pragma once

#include "fedscape/ops/channel_map.hpp"
#include "fedscape/tensor/view.hpp"

namespace fedscape::ops {

/// A batch norm with fixed statistics, [filters] each; scale and shift absent: 1 and 0.
struct FixedNorm {
  float eps;
  Slot<const float> mean, variance, scale, shift;
};

/// Folds a batch norm, and a map of channels behind it, into the weights before them: with
/// s = scale / sqrt(variance + eps) * map.scale, folded_w[m] = w[m] * s row by row and
/// folded_bias[m] = (bias[m] - mean) * s + shift * map.scale + map.shift (bias absent: 0), in double. Without either
/// the weights and the bias are copied. w of each model [filters, size], folded_w [M, filters * size], folded_bias
/// [M, filters].
void fold_batch_norm(Stream& stream, const FixedNorm* norm, const ChannelMap& map, Slot<const float> w,
                     Slot<const float> bias, std::int64_t filters, View<float> folded_w, View<float> folded_bias);

}  // namespace fedscape::ops
