#pragma once

#include <cstdint>

#include "fedscape/device/stream.hpp"

/// Dense building blocks that the CPU kernels share.
namespace fedscape::kernels {

enum class Transpose : char { no = 'N', yes = 'T' };

/// C = A B + beta C, row-major: A [rows,inner], B [inner,columns], C [rows,columns], each with the distance of its
/// stored rows; a transposed operand is stored [inner,rows] or [columns,inner].
void multiply(std::int64_t rows, std::int64_t columns, std::int64_t inner, const float* a, std::int64_t a_stride,
              Transpose a_transpose, const float* b, std::int64_t b_stride, Transpose b_transpose, float beta, float* c,
              std::int64_t c_stride);

/// y[r,c] += bias[c] (unless null), then max(0, that) with relu. NaN stays NaN.
void add_bias(std::int64_t rows, std::int64_t columns, const float* bias, bool relu, float* y);
/// sums[c] = sum over r of x[r,c].
void sum_rows(Stream& stream, std::int64_t rows, int columns, const float* x, float* sums);

}  // namespace fedscape::kernels
