#pragma once

#include <cstdint>

#include "fedscape/ops/reduce.hpp"
#include "kernels/backend.hpp"

namespace fedscape::kernels {

FEDSCAPE_KERNEL(void, axpby, Stream& stream, float a, const float* x, float b, float* y, std::int64_t n);
FEDSCAPE_KERNEL(void, fill, Stream& stream, float value, float* x, std::int64_t n);
FEDSCAPE_KERNEL(void, fill, Stream& stream, std::int64_t value, std::int64_t* x, std::int64_t n);
FEDSCAPE_KERNEL(void, repeat_rows, Stream& stream, const float* x, std::int64_t given, float* out, std::int64_t rows,
                std::int64_t P);
/// reference may be null.
FEDSCAPE_KERNEL(ops::Moments, moments, Stream& stream, const float* x, const float* reference, std::int64_t n);
FEDSCAPE_KERNEL(double, dot, Stream& stream, const float* x, const float* y, std::int64_t n);

}  // namespace fedscape::kernels
