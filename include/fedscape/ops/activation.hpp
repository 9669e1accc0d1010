#pragma once

#include "fedscape/device/stream.hpp"
#include "fedscape/ops/batch.hpp"

namespace fedscape::ops {

/// y = x where x > 0, else slope * x; slope 0 is ReLU. x, y [M|1,B,...]; y may alias x.
void leaky_relu_forward(Stream& stream, const Batch& batch, float slope, View<const float> x, View<float> y);
/// dx = dy where y > 0, else slope * dy (slope >= 0, so y tells where x was positive). dx may alias dy.
void leaky_relu_backward(Stream& stream, const Batch& batch, float slope, View<const float> y, View<const float> dy,
                         View<float> dx);

/// y = x / (1 - p) where uniform(keys[m] with this purpose, position in the model's batch) >= p, else 0; the same for
/// backward, so one function serves both. x [M|1,B,...], y [M,B,...]; y may alias x.
void dropout(Stream& stream, const Batch& batch, float p, Purpose purpose, std::span<const RngKey> keys,
             View<const float> x, View<float> y);

/// y = a + b. a, b [M|1,B,...], y [M,B,...]; y may alias either.
void add(Stream& stream, const Batch& batch, View<const float> a, View<const float> b, View<float> y);

/// Copies `channels` channels of every position: to[..., to_first + c] = from[..., from_first + c], for concatenation
/// and its gradient. from [M|1,B,...,Cf], to [M,B,...,Ct].
void copy_channels(Stream& stream, const Batch& batch, View<const float> from, int from_first, View<float> to,
                   int to_first, int channels);

}  // namespace fedscape::ops
