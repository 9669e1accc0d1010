#pragma once

#include <cstddef>
#include <functional>
#include <string>

#include "fedscape/device/stream.hpp"

struct CUstream_st;

/// What the device layer asks of CUDA. Defined in kernels/cuda/stream.cu, or in src/device/no_cuda.cpp, where there
/// are no devices and anything else is an Error.
namespace fedscape::cuda {

/// Whether this build has CUDA bodies at all.
extern const bool kBuilt;
int device_count();
/// Why there is no device, for people.
std::string why_no_device();
Stream::CudaNative* make_native(Device device);
void destroy_native(Stream::CudaNative* native) noexcept;
void synchronize(Stream::CudaNative& native);
void* allocate(Device device, std::size_t bytes);
void deallocate(void* data) noexcept;
std::size_t free_bytes(Device device);
/// The CUDA stream itself, as a cudaStream_t: for libraries that queue work of their own.
CUstream_st* queue_of(Stream::CudaNative& native);
/// Makes this the calling thread's device.
void use(Device device);
/// Where the device is on the buses of its machine, and what its maker calls it.
std::string bus_address(Device device);
std::string device_name(Device device);
/// Versions of the libraries that can compute products.
std::string libraries();
/// Copies in the order of the stream's work what `from`, in the host's memory, holds now.
void stage(Stream::CudaNative& native, void* to, const void* from, std::size_t bytes);
/// Copies in the order of the stream's work; `wait`: returns when it is done. Directions follow from the addresses.
void copy(Stream::CudaNative& native, void* to, const void* from, std::size_t bytes, bool wait);

/// Work of a stream that was put together to be launched as one.
struct Graph;
/// What `work` asks of the stream, none of which is done; null where work waits for the device or sends it something.
Graph* capture(Stream::CudaNative& native, const std::function<void()>& work);
void launch(Stream::CudaNative& native, Graph& graph);
void destroy_graph(Graph* graph) noexcept;

}  // namespace fedscape::cuda
