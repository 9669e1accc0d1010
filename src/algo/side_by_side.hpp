#pragma once

#include <atomic>
#include <cstdint>
#include <string_view>

#include "fedscape/device/device.hpp"
#include "fedscape/device/memory.hpp"

/// How many models a thread has side by side on a device.
namespace fedscape {

/// Those of `floats` values each that each of `threads` has room for in half of the free memory; the other half is left
/// to what a step needs besides. May be none.
std::int64_t models_that_fit(Device device, std::int64_t floats, int threads);

/// Half of `models`, to go on with where there was no room for so many; throws the lack where they are one. Says so the
/// first time, as `said` tells; `what` they are: "clients".
int halved(int models, std::string_view what, const OutOfMemory& lack, std::atomic<bool>& said);

}  // namespace fedscape
