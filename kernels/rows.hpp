#pragma once

#include <cstdint>

#include "fedscape/base/host_device.hpp"
#include "fedscape/tensor/view.hpp"

namespace fedscape::kernels {

/// slot.row(m), for the device as well.
template <class T>
FEDSCAPE_HOST_DEVICE T* row_of(const Slot<T>& slot, std::int64_t m) {
  return slot.data ? slot.data + m * slot.stride : nullptr;
}

}  // namespace fedscape::kernels
