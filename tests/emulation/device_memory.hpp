#pragma once

#include <cstdint>

namespace fedscape::emulation {

/// While one lives, on any thread, the memory of the emulated device can be read and written; else it cannot.
class OpenDeviceMemory {
 public:
  OpenDeviceMemory();
  ~OpenDeviceMemory();
  OpenDeviceMemory(const OpenDeviceMemory&) = delete;
  OpenDeviceMemory& operator=(const OpenDeviceMemory&) = delete;
};

bool is_device_memory(std::uintptr_t address);

}  // namespace fedscape::emulation
