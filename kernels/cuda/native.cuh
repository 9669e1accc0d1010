#pragma once

#include "fedscape/base/handle.hpp"
#include "fedscape/tensor/tensor.hpp"
#include "kernels/cuda/check.cuh"
#include "kernels/cuda/grid.hpp"

namespace fedscape {

/// What CUDA kernels keep between calls: the stream, and library handles made when first asked for.
struct Stream::CudaNative {
  explicit CudaNative(int device_index);

  int index;
  Handle<cudaStream_t, cudaStreamDestroy> stream;
  cublasHandle_t blas();
  cudnnHandle_t dnn();

 private:
  Handle<cublasHandle_t, cublasDestroy> blas_;
  Handle<cudnnHandle_t, cudnnDestroy> dnn_;
};

}  // namespace fedscape

namespace fedscape::kernels {

inline cudaStream_t queue(Stream& stream) { return stream.cuda().stream.get(); }

/// Blocks of kThreads for n elements of each of `models` models; blockIdx.y is the model.
inline dim3 blocks_for(std::int64_t n, std::int64_t models = 1) {
  const std::int64_t blocks = (n + kThreads - 1) / kThreads;
  FEDSCAPE_CHECK(blocks < (std::int64_t{1} << 31) && models <= 65535, "{} elements of {} models in one launch", n,
                 models);
  return dim3(static_cast<unsigned>(blocks), static_cast<unsigned>(models));
}

/// Position of this thread inside one model.
__device__ inline std::int64_t element() { return blockIdx.x * std::int64_t{blockDim.x} + threadIdx.x; }

/// A copy of a host array in the arena of the caller's ArenaScope. The copy is staged before this returns, so `values`
/// may change at once.
template <class T>
Tensor<T> upload(Stream& stream, const T* values, std::int64_t n) {
  Tensor<T> copy(stream, {n});
  const std::size_t bytes = static_cast<std::size_t>(n) * sizeof(T);
  CUDA_CHECK(cudaMemcpyAsync(copy.data(), values, bytes, cudaMemcpyHostToDevice, queue(stream)));
  return copy;
}

}  // namespace fedscape::kernels
