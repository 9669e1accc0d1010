#include "fedscape/device/stream.hpp"

#include <cstdlib>
#include <cstring>

#include "fedscape/base/check.hpp"
#include "fedscape/device/cuda.hpp"
#include "fedscape/device/memory.hpp"
#include "fedscape/device/mirrors.hpp"

namespace fedscape {

Stream::Stream(Device device) : device_(device), arena_(device), mirrors_(std::make_shared<Mirrors>()) {
  if (device.kind == DeviceKind::cuda)
    cuda_.reset(cuda::make_native(device));
  else
    cpu_.reset(make_cpu());
}

Stream::~Stream() = default;
void Stream::DestroyCuda::operator()(CudaNative* native) const noexcept { cuda::destroy_native(native); }

Stream::CpuNative& Stream::cpu() { return *cpu_; }
Stream::CudaNative& Stream::cuda() { return *cuda_; }

void Stream::synchronize() {
  if (cuda_) cuda::synchronize(*cuda_);
}

int cuda_device_count() { return cuda::device_count(); }

void* allocate(Device device, std::size_t bytes) {
  if (device.kind == DeviceKind::cuda) return cuda::allocate(device, bytes);
  void* const data = std::aligned_alloc(64, (bytes + 63) / 64 * 64);
  if (!data && bytes > 0) throw OutOfMemory(fmt::format("no memory for {} bytes", bytes));
  return data;
}

void deallocate(Device device, void* data) noexcept {
  if (device.kind == DeviceKind::cuda)
    cuda::deallocate(data);
  else
    std::free(data);
}

std::size_t free_bytes(Device device) { return cuda::free_bytes(device); }

void copy_to_device(Stream& stream, void* device_data, const void* host_data, std::size_t bytes) {
  if (stream.device().kind == DeviceKind::cuda) return cuda::copy(stream.cuda(), device_data, host_data, bytes, true);
  if (bytes) std::memcpy(device_data, host_data, bytes);
}
void stage_to_device(Stream& stream, void* device_data, const void* host_data, std::size_t bytes) {
  if (stream.device().kind == DeviceKind::cuda) return cuda::stage(stream.cuda(), device_data, host_data, bytes);
  if (bytes) std::memcpy(device_data, host_data, bytes);
}
void copy_to_host(Stream& stream, void* host_data, const void* device_data, std::size_t bytes) {
  if (stream.device().kind == DeviceKind::cuda) return cuda::copy(stream.cuda(), host_data, device_data, bytes, true);
  if (bytes) std::memcpy(host_data, device_data, bytes);
}
void copy_on_device(Stream& stream, void* to, const void* from, std::size_t bytes) {
  if (stream.device().kind == DeviceKind::cuda) return cuda::copy(stream.cuda(), to, from, bytes, false);
  if (bytes) std::memmove(to, from, bytes);
}

}  // namespace fedscape
