#include <cstring>

#include "fedscape/device/cuda.hpp"
#include "fedscape/device/memory.hpp"
#include "kernels/cuda/native.cuh"

namespace fedscape {

namespace kernels {

namespace {

Handle<cudaEvent_t, cudaEventDestroy> make_event() {
  cudaEvent_t made = nullptr;
  CUDA_CHECK(cudaEventCreateWithFlags(&made, cudaEventDisableTiming));
  return Handle<cudaEvent_t, cudaEventDestroy>(made);
}

Handle<cudaStream_t, cudaStreamDestroy> make_stream() {
  cudaStream_t made = nullptr;
  CUDA_CHECK(cudaStreamCreateWithFlags(&made, cudaStreamNonBlocking));
  return Handle<cudaStream_t, cudaStreamDestroy>(made);
}

}  // namespace

Staging::Staging() {
  std::byte* memory = nullptr;
  CUDA_CHECK(cudaMallocHost(&memory, 2 * kHalf));
  memory_ = Handle<std::byte*, cudaFreeHost>(memory);
  for (auto& arrived : arrived_) arrived = make_event();
}

void Staging::copy(cudaStream_t stream, void* to, const void* from, std::size_t bytes) {
  if (bytes > kHalf) {
    CUDA_CHECK(cudaMemcpyAsync(to, from, bytes, cudaMemcpyHostToDevice, stream));
    CUDA_CHECK(cudaStreamSynchronize(stream));
    return;
  }
  if (used_ + bytes > kHalf) {
    CUDA_CHECK(cudaEventRecord(arrived_[half_].get(), stream));
    half_ = 1 - half_;
    used_ = 0;
    CUDA_CHECK(cudaEventSynchronize(arrived_[half_].get()));
  }
  std::byte* const staged = memory_.get() + static_cast<std::size_t>(half_) * kHalf + used_;
  std::memcpy(staged, from, bytes);
  CUDA_CHECK(cudaMemcpyAsync(to, staged, bytes, cudaMemcpyHostToDevice, stream));
  used_ += (bytes + 15) / 16 * 16;
}

Lanes::Lanes() : begin_(make_event()) {
  for (Lane& lane : lanes_) {
    lane.stream = make_stream();
    lane.done = make_event();
  }
}

Forked::Forked(Lanes& lanes, cudaStream_t main, int count) : lanes_(lanes), main_(main), count_(count) {
  CUDA_CHECK(cudaEventRecord(lanes.begin_.get(), main));
  for (int i = 0; i < count; ++i) CUDA_CHECK(cudaStreamWaitEvent(lanes[i], lanes.begin_.get(), 0));
}

Forked::~Forked() {
  for (int i = 0; i < count_; ++i) {
    const cudaEvent_t done = lanes_.lanes_[i].done.get();
    cudaEventRecord(done, lanes_[i]);
    cudaStreamWaitEvent(main_, done, 0);
  }
}

}  // namespace kernels

Stream::CudaNative::CudaNative(Device device)
    : index((cuda::use(device), device.index)), stream(kernels::make_stream()) {}  // all that follows is on that device

kernels::Lanes& Stream::CudaNative::lanes() {
  if (!lanes_) lanes_ = std::make_unique<kernels::Lanes>();
  return *lanes_;
}

}  // namespace fedscape

namespace fedscape::cuda {

namespace {

/// Number of devices and why there are none. Without a driver the runtime reports an error and leaves the count alone.
std::pair<int, cudaError_t> count_devices() {
  int count = 0;
  const cudaError_t status = cudaGetDeviceCount(&count);
  if (status == cudaSuccess) return {count, status};
  cudaGetLastError();  // forget it, so that no later check reports it
  return {0, status};
}

/// Ends the capture: see capture().
void refuse_in_capture(const Stream::CudaNative& native) {
  if (native.capturing) fail("work that no graph can hold");
}

}  // namespace

const bool kBuilt = true;
int device_count() { return count_devices().first; }

std::string why_no_device() {
  const auto [count, status] = count_devices();
  return status == cudaSuccess ? "the driver shows no device" : cudaGetErrorString(status);
}

Stream::CudaNative* make_native(Device device) { return new Stream::CudaNative(device); }
void destroy_native(Stream::CudaNative* native) noexcept { delete native; }
void synchronize(Stream::CudaNative& native) {
  refuse_in_capture(native);
  CUDA_CHECK(cudaStreamSynchronize(native.stream.get()));
}

CUstream_st* queue_of(Stream::CudaNative& native) { return native.stream.get(); }
void use(Device device) { CUDA_CHECK(cudaSetDevice(device.index)); }

std::string bus_address(Device device) {
  char address[32] = "";
  CUDA_CHECK(cudaDeviceGetPCIBusId(address, sizeof address, device.index));
  return address;
}

std::string device_name(Device device) {
  cudaDeviceProp properties{};
  CUDA_CHECK(cudaGetDeviceProperties(&properties, device.index));
  return properties.name;
}

std::string libraries() { return fmt::format("cuBLAS {}, cuDNN {}", cublasLtGetVersion(), cudnnGetVersion()); }

void* allocate(Device device, std::size_t bytes) {
  use(device);
  void* data = nullptr;
  const cudaError_t status = cudaMalloc(&data, bytes);  // aligned to 256
  if (status == cudaErrorMemoryAllocation) {
    cudaGetLastError();
    throw OutOfMemory(fmt::format("no memory for {} bytes on CUDA device {}", bytes, device.index));
  }
  if (status != cudaSuccess) fail_call("cudaMalloc", cudaGetErrorString(status), false, __FILE__, __LINE__);
  return data;
}

void deallocate(void* data) noexcept { cudaFree(data); }

std::size_t free_bytes(Device device) {
  use(device);
  std::size_t free = 0, total = 0;
  CUDA_CHECK(cudaMemGetInfo(&free, &total));
  return free;
}

void stage(Stream::CudaNative& native, void* to, const void* from, std::size_t bytes) {
  refuse_in_capture(native);
  if (bytes > 0) native.staging.copy(native.stream.get(), to, from, bytes);
}

void copy(Stream::CudaNative& native, void* to, const void* from, std::size_t bytes, bool wait) {
  if (wait) refuse_in_capture(native);
  if (bytes > 0) CUDA_CHECK(cudaMemcpyAsync(to, from, bytes, cudaMemcpyDefault, native.stream.get()));
  if (wait) synchronize(native);
}

struct Graph {
  Handle<cudaGraphExec_t, cudaGraphExecDestroy> launchable;
};

Graph* capture(Stream::CudaNative& native, const std::function<void()>& work) {
  const cudaStream_t stream = native.stream.get();
  CUDA_CHECK(cudaStreamBeginCapture(stream, cudaStreamCaptureModeThreadLocal));
  native.capturing = true;
  bool fits = true;
  try {
    work();
  } catch (const std::exception&) {
    fits = false;  // an error of its own comes out when it is done instead
  }
  native.capturing = false;
  cudaGraph_t captured = nullptr;
  fits = cudaStreamEndCapture(stream, &captured) == cudaSuccess && fits;
  const Handle<cudaGraph_t, cudaGraphDestroy> graph(captured);
  cudaGraphExec_t launchable = nullptr;
  fits = fits && cudaGraphInstantiateWithFlags(&launchable, captured, 0) == cudaSuccess;
  cudaGetLastError();  // forget what a refused call left
  if (!fits) return nullptr;
  return new Graph{Handle<cudaGraphExec_t, cudaGraphExecDestroy>(launchable)};
}

void launch(Stream::CudaNative& native, Graph& graph) {
  CUDA_CHECK(cudaGraphLaunch(graph.launchable.get(), native.stream.get()));
}
void destroy_graph(Graph* graph) noexcept { delete graph; }

}  // namespace fedscape::cuda
