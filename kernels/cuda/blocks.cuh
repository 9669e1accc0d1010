#pragma once

#include "fedscape/ops/batch.hpp"
#include "kernels/cuda/native.cuh"

/// Runs on the device what is written as blocks of threads (see kernels/product.hpp).
namespace fedscape::kernels {

/// The thread that runs: calls f for it and waits for its block.
template <class Thread>
struct ThisThread {
  Thread& thread;
  template <class F>
  FEDSCAPE_HOST_DEVICE void operator()(const F& f) const {
#if defined(__CUDA_ARCH__) || !defined(__CUDACC__)  // what nvcc makes of it for the host is never called
    f(thread, static_cast<int>(threadIdx.x));
    __syncthreads();
#endif
  }
};

/// blockIdx.x is the block of model blockIdx.y.
template <class Problem>
__global__ void __launch_bounds__(Problem::kThreads) product_kernel(const __grid_constant__ Problem problem) {
  using Block = typename Problem::Block;
  __shared__ typename Block::Shared shared;
  Block block;
  if (!problem.block(blockIdx.x, static_cast<int>(blockIdx.y), block)) return;
  typename Block::Thread thread;
  block.run(shared, ThisThread<typename Block::Thread>{thread});
}

/// The launches of one op, which share the counts of its batch, if it has one.
class Launch {
 public:
  explicit Launch(Stream& stream) : stream_(stream), scope_(stream) {}
  Launch(Stream& stream, const Batch& batch)
      : stream_(stream), scope_(stream), counts_(upload(stream, batch.counts.data(), batch.models)) {}

  Stream& stream() { return stream_; }
  const int* counts() const { return counts_.data; }
  bool tf32() const { return stream_.tf32(); }
  template <class Problem>
  void operator()(const Problem& problem, std::int64_t blocks, int models) {
    const dim3 grid = blocks_for(blocks * kThreads, models);
    product_kernel<<<grid, Problem::kThreads, 0, queue(stream_)>>>(problem);
    CUDA_CHECK(cudaGetLastError());
  }

 private:
  Stream& stream_;
  ArenaScope scope_;
  View<const int> counts_;
};

}  // namespace fedscape::kernels
