#pragma once

#include "kernels/cuda/grid.hpp"
#include "kernels/gather.hpp"

/// Bodies of ops/gather.hpp for a Grid.
namespace fedscape::kernels::on_grid {

/// One thread per pixel of x, all channels; x() is sample * blocks_per_sample + part of the sample. Pointers of `g` are
/// those of the grid.
template <class T>
struct GatherPixels {
  struct Shared {
    Crop crop;
  };
  Gather g;
  std::int64_t blocks_per_sample;
  const T* samples;
  float* x;
  std::int32_t* y;
  template <class Block>
  FEDSCAPE_HOST_DEVICE void operator()(const Block& block, Shared& shared) const {
    const std::int64_t sample = block.x() / blocks_per_sample, index = g.indices[sample];
    const std::int64_t pixels = std::int64_t{g.height} * g.width, part = block.x() % blocks_per_sample;
    block.each_thread([&](int t) {
      if (t == 0) shared.crop = g.keys ? crop_of(g.augment, g.keys[sample]) : Crop{};
    });
    block.each_thread([&](int t) {
      const std::int64_t pixel = part * kThreads + t;
      if (pixel == 0) y[sample] = g.labels[index];
      if (pixel < pixels)
        copy_pixel(shared.crop, static_cast<int>(pixel), samples + index * pixels * g.channels,
                   x + (sample * pixels + pixel) * g.channels);
    });
  }
  FEDSCAPE_HOST_DEVICE void copy_pixel(const Crop& crop, int pixel, const T* image, float* target) const {
    const int row = pixel / g.width + crop.down, column = pixel % g.width;
    const int from = (crop.flip ? g.width - 1 - column : column) + crop.right;
    const bool inside = row >= 0 && row < g.height && from >= 0 && from < g.width;
    const T* const source = image + (inside ? (std::int64_t{row} * g.width + from) * g.channels : 0);
    for (int c = 0; c < g.channels; ++c)
      target[c] = inside ? (unit_value(source[c]) - g.mean[c]) / g.deviation[c] : 0.0f;
  }
};

template <class Grid, class T>
void gather(const Grid& grid, Gather g, const T* samples, float* x, std::int32_t* y) {
  const std::int64_t pixels = std::int64_t{g.height} * g.width;
  if (g.n == 0 || pixels == 0) return;
  const ArenaScope scope(grid.stream());
  const Tensor<std::int32_t> indices = grid.upload(g.indices, g.n);
  const Tensor<float> mean = grid.upload(g.mean, g.channels), deviation = grid.upload(g.deviation, g.channels);
  Tensor<RngKey> keys;
  if (g.keys) keys = grid.upload(g.keys, g.n);
  g.indices = indices.data();
  g.mean = mean.data();
  g.deviation = deviation.data();
  g.keys = keys.data();
  const std::int64_t blocks_per_sample = (pixels + kThreads - 1) / kThreads;
  grid.blocks(g.n * blocks_per_sample, 1, GatherPixels<T>{g, blocks_per_sample, samples, x, y});
}

}  // namespace fedscape::kernels::on_grid
