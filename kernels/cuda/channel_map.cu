#include "kernels/cuda/channel_map.hpp"

#include "kernels/cuda/grid.cuh"

namespace fedscape::kernels {

void map_channels(Cuda, Stream& stream, const Batch& batch, const ChannelMap& map, const float* x, bool x_shared,
                  float* y) {
  on_grid::map_channels(DeviceGrid(stream), batch, map, x, x_shared, y);
}

}  // namespace fedscape::kernels
