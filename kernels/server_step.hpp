#pragma once

#include <cstdint>

#include "fedscape/ops/server_step.hpp"
#include "kernels/backend.hpp"

namespace fedscape::kernels {

FEDSCAPE_KERNEL(void, server_step, Stream& stream, const ops::ServerStep& rates, const float* d, float* m, float* v,
                float* x, std::int64_t n);

}  // namespace fedscape::kernels
