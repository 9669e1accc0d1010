#pragma once

#include <cstdint>

#include "fedscape/ops/batch.hpp"
#include "kernels/backend.hpp"

namespace fedscape::kernels {

/// Samples seen as [positions,channels]. scale, shift: in host memory, null where absent.
struct ChannelMap {
  std::int64_t channels, positions;
  const float *scale, *shift;
};
FEDSCAPE_KERNEL(void, map_channels, Stream& stream, const Batch& batch, const ChannelMap& map, const float* x,
                bool x_shared, float* y);

}  // namespace fedscape::kernels
