#pragma once

#include <cstddef>

#include "fedscape/base/check.hpp"
#include "fedscape/device/device.hpp"

namespace fedscape {

class Stream;

/// There is no room for so much on the device. Who asked for many models side by side may ask for fewer.
class OutOfMemory : public Error {
 public:
  using Error::Error;
};

/// `bytes` bytes on the device, aligned to 64, contents unspecified; OutOfMemory names the size when there is no room.
void* allocate(Device device, std::size_t bytes);
/// Frees what allocate returned; null is allowed. Never throws.
void deallocate(Device device, void* data) noexcept;

/// Bytes of a CUDA device that nobody holds.
std::size_t free_bytes(Device device);

/// Copies between host memory and the stream's device; on return the destination holds the data.
void copy_to_device(Stream& stream, void* device_data, const void* host_data, std::size_t bytes);
void copy_to_host(Stream& stream, void* host_data, const void* device_data, std::size_t bytes);
/// The same in the order of the stream's work: `host_data` may change at once, the destination holds it when that work
/// gets there.
void stage_to_device(Stream& stream, void* device_data, const void* host_data, std::size_t bytes);
/// Copies on the stream's device, in the order of its work.
void copy_on_device(Stream& stream, void* to, const void* from, std::size_t bytes);

}  // namespace fedscape
