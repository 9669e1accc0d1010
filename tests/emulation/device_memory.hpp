#pragma once

namespace fedscape::emulation {

/// While one lives, on any thread, the memory of the emulated device can be read and written; else it cannot.
class OpenDeviceMemory {
 public:
  OpenDeviceMemory();
  ~OpenDeviceMemory();
  OpenDeviceMemory(const OpenDeviceMemory&) = delete;
  OpenDeviceMemory& operator=(const OpenDeviceMemory&) = delete;
};

}  // namespace fedscape::emulation
