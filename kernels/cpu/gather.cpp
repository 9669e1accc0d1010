#include "kernels/gather.hpp"

#include <algorithm>

#include "fedscape/tensor/tensor.hpp"

namespace fedscape::kernels {

namespace {

/// The channels' mean and deviation for a stretch of neighbouring pixels, whose length fills registers: loops over
/// floats are flat.
class Normalisation {
 public:
  Normalisation(Stream& stream, const Gather& g)
      : stretch_(kPixels * std::int64_t{g.channels}), values_(stream, {2, stretch_}) {
    for (std::int64_t i = 0; i < stretch_; ++i) {
      values_.data()[i] = g.mean[i % g.channels];
      values_.data()[stretch_ + i] = g.deviation[i % g.channels];
    }
  }
  /// Neighbouring pixels, the first channel first.
  template <class T>
  void apply(const T* samples, float* x, std::int64_t floats) const {
    for (; floats >= stretch_; floats -= stretch_, samples += stretch_, x += stretch_) part(samples, x, stretch_);
    part(samples, x, floats);
  }

 private:
  static constexpr std::int64_t kPixels = 64;

  template <class T>
  void part(const T* samples, float* x, std::int64_t floats) const {
    const float *const mean = values_.data(), *const deviation = mean + stretch_;
#pragma omp simd
    for (std::int64_t i = 0; i < floats; ++i) x[i] = (unit_value(samples[i]) - mean[i]) / deviation[i];
  }

  std::int64_t stretch_;
  Tensor<float> values_;
};

void reverse_pixels(float* row, int width, int channels) {
  for (int left = 0, right = width - 1; left < right; ++left, --right)
    std::swap_ranges(row + left * channels, row + (left + 1) * channels, row + right * channels);
}

/// One image: rows and columns outside the input become 0, which is the mean in normalised units.
template <class T>
void copy_image(const Gather& g, const Crop& crop, const T* image, const Normalisation& normalised, float* x) {
  const std::int64_t row = std::int64_t{g.width} * g.channels;
  if (crop.down == 0 && crop.right == 0 && !crop.flip) return normalised.apply(image, x, g.height * row);
  const int begin = std::max(0, -crop.right), end = std::min(g.width, g.width - crop.right);
  for (int y = 0; y < g.height; ++y, x += row) {
    const int from = y + crop.down;
    if (from < 0 || from >= g.height || begin >= end) {
      std::fill_n(x, row, 0.0f);
      continue;
    }
    const std::int64_t first = std::int64_t{begin} * g.channels, last = std::int64_t{end} * g.channels;
    std::fill(x, x + first, 0.0f);
    normalised.apply(image + from * row + first + crop.right * g.channels, x + first, last - first);
    std::fill(x + last, x + row, 0.0f);
    if (crop.flip) reverse_pixels(x, g.width, g.channels);
  }
}

template <class T>
void gather_samples(Stream& stream, const Gather& g, const T* samples, float* x, std::int32_t* y) {
  const std::int64_t size = std::int64_t{g.height} * g.width * g.channels;
  const ArenaScope scope(stream);
  const Normalisation normalised(stream, g);
  for (std::int64_t m = 0; m < g.models; ++m)
    for (std::int64_t i = m * g.size; i < m * g.size + g.counts[m]; ++i) {
      const Crop crop = g.keys ? crop_of(g.augment, g.keys[i]) : Crop{};
      copy_image(g, crop, samples + g.indices[i] * size, normalised, x + i * size);
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
