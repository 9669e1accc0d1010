#pragma once

#include <string_view>

#include "fedscape/device/device.hpp"

namespace fedscape {

/// The device for rank `nth` of a machine, by name: cpu, cuda (an Error where there is none) or auto (the CPU
/// until every layer has a CUDA kernel; then CUDA where there is a device). A build with CUDA logs one line when auto
/// falls back.
Device pick_device(std::string_view name, int nth);

}  // namespace fedscape
