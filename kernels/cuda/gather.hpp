#pragma once

#include "kernels/cuda/grid.hpp"
#include "kernels/gather.hpp"

/// Bodies of ops/gather.hpp for a Grid.
namespace fedscape::kernels::on_grid {

/// One thread per pixel of x, all channels; x() is the model's sample * blocks_per_sample + part of the sample.
/// Pointers of `g` are those of the grid.
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
    const std::int64_t b = block.x() / blocks_per_sample, part = block.x() % blocks_per_sample;
    if (b >= g.counts[block.model()]) return;
    const std::int64_t sample = std::int64_t{block.model()} * g.size + b, index = g.indices[sample];
    const std::int64_t pixels = std::int64_t{g.height} * g.width;
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
  if (pixels == 0) return;
  const ArenaScope scope(grid.stream());
  const std::int64_t n = std::int64_t{g.models} * g.size;
  g.counts = grid.upload(g.counts, g.models).data;
  g.indices = grid.upload(g.indices, n).data;
  g.mean = grid.upload(g.mean, g.channels).data;
  g.deviation = grid.upload(g.deviation, g.channels).data;
  if (g.keys) g.keys = grid.upload(g.keys, n).data;
  const std::int64_t blocks_per_sample = (pixels + kThreads - 1) / kThreads;
  grid.blocks(g.size * blocks_per_sample, g.models, GatherPixels<T>{g, blocks_per_sample, samples, x, y});
}

}  // namespace fedscape::kernels::on_grid
