#include "kernels/channel_map.hpp"
#include "kernels/cuda/each.cuh"

namespace fedscape::kernels {

namespace {

struct MapChannels {
  const float* x;
  bool x_shared;
  const float *scale, *shift;  // null: 1, 0
  float* y;
  std::int64_t channels;
  __device__ void operator()(int, std::int64_t i, std::int64_t j) const {
    const std::int64_t c = i % channels;
    float value = x[x_shared ? j : i];
    if (scale) value *= scale[c];
    if (shift) value += shift[c];
    y[i] = value;
  }
};

}  // namespace

void map_channels(Cuda, Stream& stream, const Batch& batch, const ChannelMap& map, const float* x, bool x_shared,
                  float* y) {
  const ArenaScope scope(stream);
  const auto on_device = [&](const float* values) {
    return values ? upload(stream, values, map.channels) : Tensor<float>();
  };
  const Tensor<float> scale = on_device(map.scale), shift = on_device(map.shift);
  each_element(stream, batch, map.positions * map.channels,
               MapChannels{x, x_shared, scale.data(), shift.data(), y, map.channels});
}

}  // namespace fedscape::kernels
