#pragma once

#include "fedscape/device/stream.hpp"
#include "fedscape/tensor/view.hpp"

namespace fedscape::ops {

/// A batch norm with fixed statistics, [filters] each; scale and shift absent: 1 and 0.
struct FixedNorm {
  float eps;
  Slot<const float> mean, variance, scale, shift;
};

/// Folds a batch norm into the weights before it: with s = scale / sqrt(variance + eps),
/// folded_w[m] = w[m] * s row by row and folded_bias[m] = (bias[m] - mean) * s + shift (bias absent: 0), in double.
/// Without a norm the weights and the bias are copied. w of each model [filters, size], folded_w [M, filters * size],
/// folded_bias [M, filters].
void fold_batch_norm(Stream& stream, const FixedNorm* norm, Slot<const float> w, Slot<const float> bias,
                     std::int64_t filters, View<float> folded_w, View<float> folded_bias);

}  // namespace fedscape::ops
