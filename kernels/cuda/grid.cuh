#pragma once

#include "kernels/cuda/grid.hpp"
#include "kernels/cuda/native.cuh"

/// A Grid whose threads are those of a CUDA device.
namespace fedscape::kernels {

/// What nvcc makes of a body for the host is never called.
#if defined(__CUDACC__) && !defined(__CUDA_ARCH__)
struct DeviceBlock {
  FEDSCAPE_HOST_DEVICE std::int64_t x() const { return 0; }
  FEDSCAPE_HOST_DEVICE int model() const { return 0; }
  template <class F>
  FEDSCAPE_HOST_DEVICE void each_thread(const F&) const {}
};
#else
struct DeviceBlock {
  FEDSCAPE_HOST_DEVICE std::int64_t x() const { return blockIdx.x; }
  FEDSCAPE_HOST_DEVICE int model() const { return static_cast<int>(blockIdx.y); }
  template <class F>
  FEDSCAPE_HOST_DEVICE void each_thread(const F& f) const {
    f(static_cast<int>(threadIdx.x));
    __syncthreads();
  }
};
#endif

template <class F>
__global__ void threads_kernel(std::int64_t n, F f) {
  const std::int64_t i = element();
  if (i < n) f(static_cast<int>(blockIdx.y), i);
}

template <class Body>
__global__ void blocks_kernel(Body body) {
  __shared__ typename Body::Shared shared;
  body(DeviceBlock{}, shared);
}

class DeviceGrid {
 public:
  explicit DeviceGrid(Stream& stream) : stream_(stream) {}
  Stream& stream() const { return stream_; }

  template <class T>
  View<const T> upload(const T* values, std::int64_t n) const {
    return kernels::upload(stream_, values, n);
  }
  template <class F>
  void threads(std::int64_t n, std::int64_t models, const F& f) const {
    if (n == 0 || models == 0) return;
    threads_kernel<<<blocks_for(n, models), kThreads, 0, queue(stream_)>>>(n, f);
    CUDA_CHECK(cudaGetLastError());
  }
  template <class Body>
  void blocks(std::int64_t n, std::int64_t models, const Body& body) const {
    if (n == 0 || models == 0) return;
    blocks_kernel<<<blocks_for(n * kThreads, models), kThreads, 0, queue(stream_)>>>(body);
    CUDA_CHECK(cudaGetLastError());
  }

 private:
  Stream& stream_;
};

}  // namespace fedscape::kernels
