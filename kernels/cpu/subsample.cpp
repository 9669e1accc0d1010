#include "kernels/subsample.hpp"

#include <algorithm>
#include <cstdint>

namespace fedscape::kernels {

namespace {

void forward(const float* x, float* y, const Subsample& s, int samples) {
  const int first = s.first();
  for (int b = 0; b < samples; ++b) {
    const float* const sample = x + std::int64_t{b} * s.height * s.width * s.channels;
    for (int i = 0; i < s.height; i += s.stride) {
      for (int j = 0; j < s.width; j += s.stride, y += s.out_channels) {
        std::fill_n(y, s.out_channels, 0.0f);
        std::copy_n(sample + (std::int64_t{i} * s.width + j) * s.channels, s.channels, y + first);
      }
    }
  }
}

void backward(const float* dy, float* dx, const Subsample& s, int samples) {
  const int first = s.first();
  const std::int64_t size = std::int64_t{s.height} * s.width * s.channels;
  std::fill_n(dx, samples * size, 0.0f);
  for (int b = 0; b < samples; ++b)
    for (int i = 0; i < s.height; i += s.stride)
      for (int j = 0; j < s.width; j += s.stride, dy += s.out_channels)
        std::copy_n(dy + first, s.channels, dx + b * size + (std::int64_t{i} * s.width + j) * s.channels);
}

}  // namespace

void subsample_forward(Cpu, Stream&, const Batch& batch, const Subsample& s, Slot<const float> x, Slot<float> y) {
  for (int m = 0; m < batch.models; ++m) forward(x.row(m), y.row(m), s, batch.count(m));
}

void subsample_backward(Cpu, Stream&, const Batch& batch, const Subsample& s, Slot<const float> dy, Slot<float> dx) {
  for (int m = 0; m < batch.models; ++m) backward(dy.row(m), dx.row(m), s, batch.count(m));
}

}  // namespace fedscape::kernels
