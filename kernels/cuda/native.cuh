#pragma once

#include <memory>

#include "fedscape/base/handle.hpp"
#include "fedscape/device/mirrors.hpp"
#include "fedscape/tensor/tensor.hpp"
#include "kernels/cuda/check.cuh"
#include "kernels/cuda/grid.hpp"

namespace fedscape {

namespace kernels {

/// Memory of the host from which a device copies on its own while the host goes on: two halves in turn, each used again
/// when what was copied from it has arrived.
class Staging {
 public:
  Staging();
  /// Queues a copy of what `from` holds now.
  void copy(cudaStream_t stream, void* to, const void* from, std::size_t bytes);

 private:
  static constexpr std::size_t kHalf = 1 << 18;
  Handle<std::byte*, cudaFreeHost> memory_;
  Handle<cudaEvent_t, cudaEventDestroy> arrived_[2];
  int half_ = 0;
  std::size_t used_ = 0;
};

/// Streams beside the main one, for work that one model after the other leaves most of the device idle with.
class Lanes {
 public:
  static constexpr int kCount = 8;
  Lanes();
  cudaStream_t operator[](int lane) const { return lanes_[lane].stream.get(); }

 private:
  friend class Forked;
  using Event = Handle<cudaEvent_t, cudaEventDestroy>;
  struct Lane {
    Handle<cudaStream_t, cudaStreamDestroy> stream;
    Event done;
  };
  Event begin_;
  Lane lanes_[kCount];
};

/// What the first `count` lanes are given during its life waits for what `main` had to do before, and what `main` is
/// given afterwards waits for them, also where an Error ends it. What fails at its end shows in the next call that is
/// checked.
class Forked {
 public:
  Forked(Lanes& lanes, cudaStream_t main, int count);
  ~Forked();
  Forked(const Forked&) = delete;
  Forked& operator=(const Forked&) = delete;

 private:
  Lanes& lanes_;
  cudaStream_t main_;
  int count_;
};

struct BlasPlans;  // blas.cu

}  // namespace kernels

/// What CUDA kernels keep between calls: the stream, what is on its way to the device, and library handles made when
/// first asked for.
struct Stream::CudaNative {
  explicit CudaNative(Device device);

  int index;
  Handle<cudaStream_t, cudaStreamDestroy> stream;
  kernels::Staging staging;
  bool capturing = false;  // a graph: the device does nothing meanwhile
  kernels::BlasPlans& blas();
  cudnnHandle_t dnn();
  kernels::Lanes& lanes();

 private:
  struct DestroyPlans {
    void operator()(kernels::BlasPlans*) const noexcept;
  };
  std::unique_ptr<kernels::BlasPlans, DestroyPlans> blas_;
  std::unique_ptr<kernels::Lanes> lanes_;
  Handle<cudnnHandle_t, cudnnDestroy> dnn_;  // goes before the lanes that it works on
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

/// Where the device has the n values at `values`, in the host's memory: their mirror, or a copy in the arena of the
/// caller's ArenaScope; `values` may change at once.
template <class T>
View<const T> upload(Stream& stream, const T* values, std::int64_t n) {
  const std::size_t bytes = static_cast<std::size_t>(n) * sizeof(T);
  if (const void* const mirror = stream.mirrors()->find(values, bytes)) return {static_cast<const T*>(mirror), {n}};
  const Tensor<T> copy(stream, {n});
  stage_to_device(stream, copy.data(), values, bytes);
  return copy.view();
}

}  // namespace fedscape::kernels
