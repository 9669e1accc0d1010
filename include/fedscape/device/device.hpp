#pragma once

#include <cstddef>

namespace fedscape {

enum class DeviceKind { cpu, cuda };

/// Where memory lives and work runs.
struct Device {
  DeviceKind kind = DeviceKind::cpu;
  int index = 0;
  bool operator==(const Device&) const = default;
};

/// Number of usable CUDA devices; 0 in a build without CUDA or on a machine without a driver.
int cuda_device_count();

}  // namespace fedscape
