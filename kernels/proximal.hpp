#pragma once

#include <cstdint>

#include "fedscape/ops/proximal.hpp"
#include "kernels/backend.hpp"

namespace fedscape::kernels {

FEDSCAPE_KERNEL(void, proximal, Stream& stream, ops::Proximal kind, float weight, std::int64_t length,
                Slot<const float> w, Slot<const float> reference, float* loss, Slot<float> grads, int models);

}  // namespace fedscape::kernels
