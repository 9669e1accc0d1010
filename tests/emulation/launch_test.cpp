#include <cuda_runtime.h>
#include <gtest/gtest.h>

#include <vector>

#include "tests/emulation/device_memory.hpp"

/// The emulation itself: what it lets through would let every CUDA test through.
namespace fedscape {
namespace {

struct DeviceInts {
  explicit DeviceInts(std::size_t n) : size(n) { cudaMalloc(&data, n * sizeof(int)); }
  ~DeviceInts() { cudaFree(data); }
  std::vector<int> host() const {
    std::vector<int> values(size);
    cudaMemcpyAsync(values.data(), data, size * sizeof(int), cudaMemcpyDeviceToHost, {});
    return values;
  }
  int* data = nullptr;
  std::size_t size;
};

TEST(CudaEmulation, RunsEveryThreadOfEveryBlockOnce) {
  const DeviceInts count(2 * 3 * 5 * 7);
  cudaMemsetAsync(count.data, 0, count.size * sizeof(int), {});
  emulation::run(dim3(2, 3), dim3(5, 7), 0, [&] {
    ++count.data[((blockIdx.y * gridDim.x + blockIdx.x) * blockDim.y + threadIdx.y) * blockDim.x + threadIdx.x];
  });
  EXPECT_EQ(count.host(), std::vector<int>(count.size, 1));
}

TEST(CudaEmulation, BarriersPartWhatThreadsWriteFromWhatTheyRead) {
  const DeviceInts reversed(64);
  emulation::run(dim3(1), dim3(64), 64 * sizeof(int), [&] {
    int* const shared = reinterpret_cast<int*>(emulation::dynamic_shared());
    for (int round = 0; round < 3; ++round) {
      shared[threadIdx.x] = static_cast<int>(threadIdx.x) + round;
      __syncthreads();
      reversed.data[threadIdx.x] = shared[63 - threadIdx.x];
      __syncthreads();
    }
  });
  for (int i = 0; i < 64; ++i) EXPECT_EQ(reversed.host()[static_cast<std::size_t>(i)], 63 - i + 2);
}

TEST(CudaEmulation, AMissingBarrierShows) {
  const DeviceInts reversed(64);
  emulation::run(dim3(1), dim3(64), 64 * sizeof(int), [&] {
    int* const shared = reinterpret_cast<int*>(emulation::dynamic_shared());
    shared[threadIdx.x] = static_cast<int>(threadIdx.x);
    reversed.data[threadIdx.x] = shared[63 - threadIdx.x];
  });
  EXPECT_NE(reversed.host()[0], 63);
}

TEST(CudaEmulation, ThreadsThatLeaveAreNotWaitedFor) {
  const DeviceInts sum(1);
  emulation::run(dim3(1), dim3(96), 0, [&] {
    if (threadIdx.x >= 40) return;
    __syncthreads();
    if (threadIdx.x == 0) *sum.data = 7;
  });
  EXPECT_EQ(sum.host()[0], 7);
}

TEST(CudaEmulation, ShufflesStayInTheirWarp) {
  const DeviceInts got(64);
  emulation::run(dim3(1), dim3(64), 0, [&] {
    int value = static_cast<int>(threadIdx.x);
    for (int half = 16; half > 0; half /= 2) value += __shfl_xor_sync(~0u, value, half);
    got.data[threadIdx.x] = value;
  });
  for (int i = 0; i < 64; ++i) EXPECT_EQ(got.host()[static_cast<std::size_t>(i)], i < 32 ? 496 : 496 + 32 * 32);
}

TEST(CudaEmulationDeathTest, KernelsAreGivenNoAddressesOfTheHost) {
  const DeviceInts there(1);
  int here = 0;
  const auto launch = [&](int* at) {
    emulation::launch(
        dim3(1), dim3(1), 0, {}, [](int* to) { *to = 1; }, at);
  };
  launch(there.data);
  EXPECT_EQ(there.host()[0], 1);
  EXPECT_DEATH(launch(&here), "address of the host");
}

TEST(CudaEmulationDeathTest, TheHostMayNotTouchDeviceMemory) {
  const DeviceInts one(1);
  EXPECT_DEATH(*one.data = 1, "");
}

}  // namespace
}  // namespace fedscape
