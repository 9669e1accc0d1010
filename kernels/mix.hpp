#pragma once

#include <cstdint>

#include "kernels/backend.hpp"

namespace fedscape::kernels {

FEDSCAPE_KERNEL(void, mix, Stream& stream, const float* weights, const float* rows, float beta, float* out, int A,
                int M, std::int64_t P);

}  // namespace fedscape::kernels
