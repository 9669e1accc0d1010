#pragma once

#include "kernels/channel_map.hpp"
#include "kernels/cuda/grid.hpp"

/// Bodies of ops/channel_map.hpp for a Grid.
namespace fedscape::kernels::on_grid {

struct MapChannels {
  const float* x;
  bool x_shared;
  const float *scale, *shift;  // null: 1, 0
  float* y;
  std::int64_t channels;
  FEDSCAPE_HOST_DEVICE void operator()(int, std::int64_t i, std::int64_t j) const {
    const std::int64_t c = i % channels;
    float value = x[x_shared ? j : i];
    if (scale) value *= scale[c];
    if (shift) value += shift[c];
    y[i] = value;
  }
};

template <class Grid>
void map_channels(const Grid& grid, const Batch& batch, const ChannelMap& map, const float* x, bool x_shared,
                  float* y) {
  const ArenaScope scope(grid.stream());
  const auto uploaded = [&](const float* values) { return values ? grid.upload(values, map.channels).data : nullptr; };
  each_element(grid, batch, map.positions * map.channels,
               MapChannels{x, x_shared, uploaded(map.scale), uploaded(map.shift), y, map.channels});
}

}  // namespace fedscape::kernels::on_grid
