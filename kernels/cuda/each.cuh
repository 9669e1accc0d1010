#pragma once

#include "fedscape/ops/batch.hpp"
#include "kernels/cuda/native.cuh"

/// Elementwise work over the real samples of a batch.
namespace fedscape::kernels {

/// A batch on the device: a model's elements are computed as far as its samples are real.
struct DeviceBatch {
  const int* counts;
  std::int64_t stride;  // elements of one model, real or not
};

/// f(m, i, j) for every real element of model m, at i of a [M,B,n] array and j of a shared one; one thread each.
template <class F>
__global__ void each_element_kernel(DeviceBatch batch, std::int64_t n, F f) {
  const std::int64_t j = element();
  const int m = blockIdx.y;
  if (j < batch.counts[m] * n) f(m, m * batch.stride + j, j);
}

template <class F>
void each_element(Stream& stream, const Batch& batch, std::int64_t n, const F& f) {
  if (n == 0) return;
  const ArenaScope scope(stream);
  const Tensor<int> counts = upload(stream, batch.counts.data(), batch.models);
  const std::int64_t stride = batch.size * n;
  each_element_kernel<<<blocks_for(stride, batch.models), kThreads, 0, queue(stream)>>>({counts.data(), stride}, n, f);
  CUDA_CHECK(cudaGetLastError());
}

}  // namespace fedscape::kernels
