#include "kernels/activation.hpp"
#include "kernels/cuda/each.cuh"

namespace fedscape::kernels {

namespace {

struct ReluForward {
  float slope;
  const float* x;
  bool x_shared;
  float* y;
  __device__ void operator()(int, std::int64_t i, std::int64_t j) const {
    y[i] = leaky_relu(x[x_shared ? j : i], slope);
  }
};

struct ReluBackward {
  float slope;
  const float *y, *dy;
  float* dx;
  __device__ void operator()(int, std::int64_t i, std::int64_t) const {
    dx[i] = leaky_relu_gradient(y[i], dy[i], slope);
  }
};

struct Sum {
  const float* a;
  bool a_shared;
  const float* b;
  bool b_shared;
  float* y;
  __device__ void operator()(int, std::int64_t i, std::int64_t j) const {
    y[i] = a[a_shared ? j : i] + b[b_shared ? j : i];
  }
};

/// Over [M,B,positions,channels copied].
struct CopyChannels {
  const float* from;
  bool from_shared;
  int from_channels, from_first;
  float* to;
  int to_channels, to_first, channels;
  __device__ void operator()(int, std::int64_t i, std::int64_t j) const {
    const std::int64_t source = (from_shared ? j : i) / channels, c = i % channels;
    to[i / channels * to_channels + to_first + c] = from[source * from_channels + from_first + c];
  }
};

/// One thread per four elements: a block of random words.
__global__ void dropout_kernel(DeviceBatch batch, std::int64_t n, float p, const RngKey* keys, Purpose purpose,
                               const float* x, bool x_shared, float* y) {
  const int m = blockIdx.y;
  const std::int64_t first = element() * 4, elements = batch.counts[m] * n;
  if (first >= elements) return;
  RngKey key = keys[m];
  key.purpose = purpose;
  RngBlock words;
  philox(key, static_cast<std::uint32_t>(first / 4), words);
  const float scale = 1 / (1 - p);
#pragma unroll
  for (int k = 0; k < 4; ++k) {
    const std::int64_t j = first + k, i = m * batch.stride + j;
    if (j < elements) y[i] = uniform_of(words[k]) >= p ? x[x_shared ? j : i] * scale : 0.0f;
  }
}

}  // namespace

void leaky_relu_forward(Cuda, Stream& stream, const Batch& batch, float slope, const float* x, bool x_shared, float* y,
                        std::int64_t n) {
  each_element(stream, batch, n, ReluForward{slope, x, x_shared, y});
}

void leaky_relu_backward(Cuda, Stream& stream, const Batch& batch, float slope, const float* y, const float* dy,
                         float* dx, std::int64_t n) {
  each_element(stream, batch, n, ReluBackward{slope, y, dy, dx});
}

void dropout(Cuda, Stream& stream, const Batch& batch, float p, Purpose purpose, const RngKey* keys, const float* x,
             bool x_shared, float* y, std::int64_t n) {
  if (n == 0) return;
  const ArenaScope scope(stream);
  const Tensor<int> counts = upload(stream, batch.counts.data(), batch.models);
  const Tensor<RngKey> device_keys = upload(stream, keys, batch.models);
  const std::int64_t stride = batch.size * n;
  dropout_kernel<<<blocks_for((stride + 3) / 4, batch.models), kThreads, 0, queue(stream)>>>(
      {counts.data(), stride}, n, p, device_keys.data(), purpose, x, x_shared, y);
  CUDA_CHECK(cudaGetLastError());
}

void add(Cuda, Stream& stream, const Batch& batch, const float* a, bool a_shared, const float* b, bool b_shared,
         float* y, std::int64_t n) {
  each_element(stream, batch, n, Sum{a, a_shared, b, b_shared, y});
}

void copy_channels(Cuda, Stream& stream, const Batch& batch, const float* from, bool from_shared, int from_channels,
                   int from_first, float* to, int to_channels, int to_first, int channels, std::int64_t positions) {
  each_element(stream, batch, positions * channels,
               CopyChannels{from, from_shared, from_channels, from_first, to, to_channels, to_first, channels});
}

}  // namespace fedscape::kernels
