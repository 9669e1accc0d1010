#include "kernels/cuda/native.cuh"
#include "kernels/gather.hpp"

namespace fedscape::kernels {

namespace {

/// One thread per pixel of x, all channels; blockIdx.x is sample * blocks_per_sample + part of the sample. Pointers of
/// `g` are device memory.
template <class T>
__global__ void gather_kernel(Gather g, unsigned blocks_per_sample, const T* samples, float* x, std::int32_t* y) {
  const std::int64_t sample = blockIdx.x / blocks_per_sample, index = g.indices[sample];
  const std::int64_t pixels = std::int64_t{g.height} * g.width;
  const std::int64_t pixel = blockIdx.x % blocks_per_sample * std::int64_t{kThreads} + threadIdx.x;
  __shared__ Crop crop;
  if (threadIdx.x == 0) crop = g.keys ? crop_of(g.augment, g.keys[sample]) : Crop{};
  __syncthreads();
  if (pixel == 0) y[sample] = g.labels[index];
  if (pixel >= pixels) return;
  const int row = static_cast<int>(pixel / g.width) + crop.down, column = static_cast<int>(pixel % g.width);
  const int from = (crop.flip ? g.width - 1 - column : column) + crop.right;
  const bool inside = row >= 0 && row < g.height && from >= 0 && from < g.width;
  const T* const source = samples + (index * pixels + (inside ? std::int64_t{row} * g.width + from : 0)) * g.channels;
  float* const target = x + (sample * pixels + pixel) * g.channels;
  for (int c = 0; c < g.channels; ++c) target[c] = inside ? (unit_value(source[c]) - g.mean[c]) / g.deviation[c] : 0.0f;
}

template <class T>
void gather_samples(Stream& stream, Gather g, const T* samples, float* x, std::int32_t* y) {
  const std::int64_t pixels = std::int64_t{g.height} * g.width;
  if (g.n == 0 || pixels == 0) return;
  const ArenaScope scope(stream);
  const Tensor<std::int32_t> indices = upload(stream, g.indices, g.n);
  const Tensor<float> mean = upload(stream, g.mean, g.channels), deviation = upload(stream, g.deviation, g.channels);
  Tensor<RngKey> keys;
  if (g.keys) keys = upload(stream, g.keys, g.n);
  g.indices = indices.data();
  g.mean = mean.data();
  g.deviation = deviation.data();
  g.keys = keys.data();
  const dim3 one_sample = blocks_for(pixels);
  const dim3 blocks = blocks_for(g.n * one_sample.x * kThreads);
  gather_kernel<<<blocks, kThreads, 0, queue(stream)>>>(g, one_sample.x, samples, x, y);
  CUDA_CHECK(cudaGetLastError());
}

}  // namespace

void gather(Cuda, Stream& stream, const Gather& g, const std::uint8_t* samples, float* x, std::int32_t* y) {
  gather_samples(stream, g, samples, x, y);
}
void gather(Cuda, Stream& stream, const Gather& g, const float* samples, float* x, std::int32_t* y) {
  gather_samples(stream, g, samples, x, y);
}

}  // namespace fedscape::kernels
