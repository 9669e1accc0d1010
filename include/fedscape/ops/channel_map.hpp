#pragma once

#include <span>

#include "fedscape/device/stream.hpp"
#include "fedscape/ops/batch.hpp"

namespace fedscape::ops {

/// A fixed map of channels, scale and shift [C] in host memory: y[..., c] = scale[c] * x[..., c] + shift[c]. Empty ones
/// are 1 and 0.
struct ChannelMap {
  std::span<const float> scale, shift;
};

/// Applies the map. x [M|1,B,...,C], y [M,B,...,C]; y may alias x.
void map_channels(Stream& stream, const Batch& batch, const ChannelMap& map, View<const float> x, View<float> y);

}  // namespace fedscape::ops
