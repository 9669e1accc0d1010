#include "kernels/gather.hpp"

#include <algorithm>

#include "fedscape/tensor/tensor.hpp"

namespace fedscape::kernels {

namespace {

/// One row of an image: `mean` and `deviation` hold the channels' values for a whole row, so that the loop is flat.
template <class T>
void copy_row(const T* samples, const float* mean, const float* deviation, float* x, std::int64_t floats) {
#pragma omp simd
  for (std::int64_t i = 0; i < floats; ++i) x[i] = (unit_value(samples[i]) - mean[i]) / deviation[i];
}

void reverse_pixels(float* row, int width, int channels) {
  for (int left = 0, right = width - 1; left < right; ++left, --right)
    std::swap_ranges(row + left * channels, row + (left + 1) * channels, row + right * channels);
}

/// One image: rows and columns outside the input become 0, which is the mean in normalised units.
template <class T>
void copy_image(const Gather& g, const Crop& crop, const T* image, const float* mean, const float* deviation,
                float* x) {
  const std::int64_t row = std::int64_t{g.width} * g.channels;
  const int begin = std::max(0, -crop.right), end = std::min(g.width, g.width - crop.right);
  for (int y = 0; y < g.height; ++y, x += row) {
    const int from = y + crop.down;
    if (from < 0 || from >= g.height || begin >= end) {
      std::fill_n(x, row, 0.0f);
      continue;
    }
    const std::int64_t first = std::int64_t{begin} * g.channels, last = std::int64_t{end} * g.channels;
    std::fill(x, x + first, 0.0f);
    copy_row(image + from * row + first + crop.right * g.channels, mean, deviation, x + first, last - first);
    std::fill(x + last, x + row, 0.0f);
    if (crop.flip) reverse_pixels(x, g.width, g.channels);
  }
}

template <class T>
void gather_samples(Stream& stream, const Gather& g, const T* samples, float* x, std::int32_t* y) {
  const std::int64_t row = std::int64_t{g.width} * g.channels, size = g.height * row;
  const ArenaScope scope(stream);
  const Tensor<float> mean(stream, {row}), deviation(stream, {row});
  for (std::int64_t i = 0; i < row; ++i) {
    mean.data()[i] = g.mean[i % g.channels];
    deviation.data()[i] = g.deviation[i % g.channels];
  }
  for (std::int64_t i = 0; i < g.n; ++i) {
    const Crop crop = g.keys ? crop_of(g.augment, g.keys[i]) : Crop{};
    copy_image(g, crop, samples + g.indices[i] * size, mean.data(), deviation.data(), x + i * size);
    y[i] = g.labels[g.indices[i]];
  }
}

}  // namespace

void gather(Cpu, Stream& stream, const Gather& g, const std::uint8_t* samples, float* x, std::int32_t* y) {
  gather_samples(stream, g, samples, x, y);
}
void gather(Cpu, Stream& stream, const Gather& g, const float* samples, float* x, std::int32_t* y) {
  gather_samples(stream, g, samples, x, y);
}

}  // namespace fedscape::kernels
