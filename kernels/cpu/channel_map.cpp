#include "kernels/channel_map.hpp"

namespace fedscape::kernels {

namespace {

/// f(x, channel) for the channels of so many positions, one position behind the other.
template <class F>
void each_channel(std::int64_t positions, std::int64_t channels, const float* x, float* y, F f) {
  for (std::int64_t i = 0; i < positions; ++i, x += channels, y += channels) {
#pragma omp simd
    for (std::int64_t c = 0; c < channels; ++c) y[c] = f(x[c], c);
  }
}

}  // namespace

void map_channels(Cpu, Stream&, const Batch& batch, const ChannelMap& map, const float* x, bool x_shared, float* y) {
  const std::int64_t sample = map.positions * map.channels;
  const float *const scale = map.scale, *const shift = map.shift;
  for (int m = 0; m < batch.models; ++m) {
    const std::int64_t at = m * batch.size * sample, positions = batch.count(m) * map.positions;
    const auto each = [&](auto f) { each_channel(positions, map.channels, x + (x_shared ? 0 : at), y + at, f); };
    if (scale && shift)
      each([=](float value, std::int64_t c) { return scale[c] * value + shift[c]; });
    else if (scale)
      each([=](float value, std::int64_t c) { return scale[c] * value; });
    else if (shift)
      each([=](float value, std::int64_t c) { return value + shift[c]; });
    else
      each([=](float value, std::int64_t) { return value; });
  }
}

}  // namespace fedscape::kernels
