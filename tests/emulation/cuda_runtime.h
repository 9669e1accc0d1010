#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <memory>
#include <type_traits>
#include <vector>

/// CUDA as far as kernels/cuda uses it, carried out on the CPU, so that its kernels run, and are tested, where there is
/// no device: a launch runs block after block; the threads of a block take turns and change at barriers only, from the
/// first to the last or, with FEDSCAPE_EMULATION=reverse, from the last to the first, so that a missing barrier shows.
/// Device memory is closed to the host between launches and copies: who touches it there dies, as on a device; so does
/// who gives a kernel an address of the host. It holds FEDSCAPE_EMULATED_MEMORY bytes. What this says nothing about:
/// speed, memory models, the bits of exp and its like, alignment, limits of registers. launches.sed turns
/// f<<<grid, block, shared, stream>>>(arguments) into a call of emulation::launch.

#define __global__
#define __device__
#define __host__
#define __forceinline__ inline
#define __launch_bounds__(...)
#define __shared__ static thread_local  // a thread of the CPU runs one block at a time
#define __align__(n) alignas(n)
#define __grid_constant__

struct dim3 {
  unsigned x = 1, y = 1, z = 1;
  dim3(unsigned nx = 1, unsigned ny = 1, unsigned nz = 1) : x(nx), y(ny), z(nz) {}
};
struct float2 {
  float x, y;
};
struct alignas(16) float4 {
  float x, y, z, w;
};
struct alignas(16) uint4 {
  unsigned x, y, z, w;
};
inline float4 make_float4(float x, float y, float z, float w) { return {x, y, z, w}; }
inline uint4 make_uint4(unsigned x, unsigned y, unsigned z, unsigned w) { return {x, y, z, w}; }

inline thread_local dim3 threadIdx, blockIdx, blockDim, gridDim;
inline constexpr int warpSize = 32;

/// What is done is done at once, unless it is captured: then it is kept, to be done when the graph is launched.
struct CUgraph_st {
  std::vector<std::function<void()>> nodes;
  bool whole = false;  // its capture has ended
};
/// A capture spreads from stream to stream by events.
struct CUevent_st {
  std::shared_ptr<CUgraph_st> captured;
};
struct CUstream_st : CUevent_st {
  CUgraph_st* graph() const { return captured && !captured->whole ? captured.get() : nullptr; }
};
using cudaStream_t = CUstream_st*;
using cudaGraph_t = CUgraph_st*;
using cudaGraphExec_t = CUgraph_st*;
using cudaEvent_t = CUevent_st*;

namespace fedscape::emulation {

void wait_for_block();
void wait_for_warp();
/// What this thread shows to its warp, and what `lane` of it showed; both are barriers of the warp.
std::uint64_t exchange(std::uint64_t shown, int lane);
int lane();

/// Runs `thread(of)` for every thread of the grid.
void run(dim3 grid, dim3 block, std::size_t shared_bytes, void (*thread)(void* of), void* of);
char* dynamic_shared();

template <class F>
void run(dim3 grid, dim3 block, std::size_t shared_bytes, F&& f) {
  run(
      grid, block, shared_bytes, [](void* of) { (*static_cast<std::remove_reference_t<F>*>(of))(); }, &f);
}

/// Does it now, or when the graph that the stream captures is launched.
template <class Work>
void in_order(cudaStream_t stream, const Work& work) {
  if (CUgraph_st* const graph = stream ? stream->graph() : nullptr)
    graph->nodes.push_back(work);
  else
    work();
}

/// Dies where an argument of a kernel holds an address of the host.
void check_argument(const void* argument, std::size_t bytes);
template <class T>
void check_argument(T argument) {
  static_assert(std::is_trivially_copyable_v<T>);
#ifndef __clang__
  __builtin_clear_padding(&argument);  // which may hold anything
  check_argument(&argument, sizeof argument);
#endif
}

template <class Kernel, class... Arguments>
void launch(dim3 grid, dim3 block, std::size_t shared_bytes, cudaStream_t stream, Kernel kernel,
            const Arguments&... arguments) {
  (check_argument(arguments), ...);
  in_order(stream, [=] { run(grid, block, shared_bytes, [&] { kernel(arguments...); }); });
}

template <class T>
T shuffle(T value, int from) {
  static_assert(sizeof(T) <= 8);
  std::uint64_t bits = 0;
  std::memcpy(&bits, &value, sizeof value);
  bits = exchange(bits, from);
  std::memcpy(&value, &bits, sizeof value);
  return value;
}

}  // namespace fedscape::emulation

inline void __syncthreads() { fedscape::emulation::wait_for_block(); }
inline void __syncwarp(unsigned = ~0u) { fedscape::emulation::wait_for_warp(); }
template <class T>
T __shfl_sync(unsigned, T value, int from, int width = warpSize) {
  const int lane = fedscape::emulation::lane();
  return fedscape::emulation::shuffle(value, lane / width * width + from % width);
}
template <class T>
T __shfl_xor_sync(unsigned, T value, int mask, int = warpSize) {
  return fedscape::emulation::shuffle(value, fedscape::emulation::lane() ^ mask);
}
template <class T>
T __shfl_down_sync(unsigned, T value, int delta, int width = warpSize) {
  const int lane = fedscape::emulation::lane(), from = lane + delta;
  return fedscape::emulation::shuffle(value, from / width == lane / width ? from : lane);
}

template <class T>
T __ldg(const T* p) {
  return *p;
}
/// Threads of a block take turns, and what they meet on is theirs alone.
template <class T>
T atomicMin(T* at, T value) {
  const T before = *at;
  *at = value < before ? value : before;
  return before;
}
inline double __dmul_rn(double a, double b) { return a * b; }
template <class A, class B>
constexpr auto min(A a, B b) {
  using T = std::common_type_t<A, B>;
  return T(b) < T(a) ? T(b) : T(a);
}
template <class A, class B>
constexpr auto max(A a, B b) {
  using T = std::common_type_t<A, B>;
  return T(a) < T(b) ? T(b) : T(a);
}

enum cudaError_t { cudaSuccess = 0, cudaErrorMemoryAllocation = 2, cudaErrorStreamCaptureUnsupported = 900 };
enum cudaMemcpyKind {
  cudaMemcpyHostToHost,
  cudaMemcpyHostToDevice,
  cudaMemcpyDeviceToHost,
  cudaMemcpyDeviceToDevice,
  cudaMemcpyDefault
};
inline constexpr unsigned cudaStreamNonBlocking = 1, cudaEventDisableTiming = 2;
enum cudaStreamCaptureMode { cudaStreamCaptureModeGlobal, cudaStreamCaptureModeThreadLocal };

inline const char* cudaGetErrorString(cudaError_t status) {
  return status == cudaSuccess                 ? "no error"
         : status == cudaErrorMemoryAllocation ? "out of memory"
                                               : "operation not permitted when stream is capturing";
}
inline cudaError_t cudaGetLastError() { return cudaSuccess; }
/// FEDSCAPE_EMULATED_DEVICES, else one.
cudaError_t cudaGetDeviceCount(int* count);
inline cudaError_t cudaSetDevice(int) { return cudaSuccess; }
struct cudaDeviceProp {
  char name[256];
};
inline cudaError_t cudaGetDeviceProperties(cudaDeviceProp* properties, int) {
  return std::snprintf(properties->name, sizeof properties->name, "CPU, emulating"), cudaSuccess;
}
inline cudaError_t cudaDeviceGetPCIBusId(char* address, int size, int device) {
  return std::snprintf(address, static_cast<std::size_t>(size), "emulated:%d", device), cudaSuccess;
}
inline cudaError_t cudaStreamCreateWithFlags(cudaStream_t* stream, unsigned) {
  return *stream = new CUstream_st, cudaSuccess;
}
inline cudaError_t cudaStreamDestroy(cudaStream_t stream) { return delete stream, cudaSuccess; }
inline cudaError_t cudaStreamSynchronize(cudaStream_t stream) {
  return stream && stream->graph() ? cudaErrorStreamCaptureUnsupported : cudaSuccess;
}
inline cudaError_t cudaStreamBeginCapture(cudaStream_t stream, cudaStreamCaptureMode) {
  return stream->captured = std::make_shared<CUgraph_st>(), cudaSuccess;
}
inline cudaError_t cudaStreamEndCapture(cudaStream_t stream, cudaGraph_t* graph) {
  *graph = new CUgraph_st(*stream->captured);
  stream->captured->whole = true;
  return cudaSuccess;
}
inline cudaError_t cudaGraphInstantiateWithFlags(cudaGraphExec_t* made, cudaGraph_t graph, unsigned long long) {
  return *made = new CUgraph_st(*graph), cudaSuccess;
}
inline cudaError_t cudaGraphLaunch(cudaGraphExec_t graph, cudaStream_t) {
  for (const auto& node : graph->nodes) node();
  return cudaSuccess;
}
inline cudaError_t cudaGraphDestroy(cudaGraph_t graph) { return delete graph, cudaSuccess; }
inline cudaError_t cudaGraphExecDestroy(cudaGraphExec_t graph) { return delete graph, cudaSuccess; }
inline cudaError_t cudaEventCreateWithFlags(cudaEvent_t* event, unsigned) {
  return *event = new CUevent_st, cudaSuccess;
}
inline cudaError_t cudaEventDestroy(cudaEvent_t event) { return delete event, cudaSuccess; }
inline cudaError_t cudaEventRecord(cudaEvent_t event, cudaStream_t stream) {
  return event->captured = stream->captured, cudaSuccess;
}
inline cudaError_t cudaStreamWaitEvent(cudaStream_t stream, cudaEvent_t event, unsigned) {
  if (event->captured && !event->captured->whole) stream->captured = event->captured;
  return cudaSuccess;
}
inline cudaError_t cudaEventSynchronize(cudaEvent_t) { return cudaSuccess; }
template <class T>
cudaError_t cudaMallocHost(T** data, std::size_t bytes) {
  return *data = static_cast<T*>(std::malloc(bytes)), *data ? cudaSuccess : cudaErrorMemoryAllocation;
}
inline cudaError_t cudaFreeHost(void* data) { return std::free(data), cudaSuccess; }
cudaError_t cudaMalloc(void** data, std::size_t bytes);
template <class T>
cudaError_t cudaMalloc(T** data, std::size_t bytes) {
  return cudaMalloc(reinterpret_cast<void**>(data), bytes);
}
cudaError_t cudaFree(void* data);
cudaError_t cudaMemcpyAsync(void* to, const void* from, std::size_t bytes, cudaMemcpyKind kind, cudaStream_t stream);
cudaError_t cudaMemsetAsync(void* to, int value, std::size_t bytes, cudaStream_t stream);
cudaError_t cudaMemGetInfo(std::size_t* free, std::size_t* total);
