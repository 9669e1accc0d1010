#pragma once

#include "kernels/conv.hpp"

/// Convolutions with operands rounded to bf16, or in two parts of it: direct, products of matrices that are read where
/// they lie in a padded copy of a sample. A linear layer is one of a map of one pixel. Bits of a sample's outputs do
/// not depend on the samples beside it.
namespace fedscape::kernels::bf16 {

/// Without groups and dilation, and with enough channels to fill tiles.
bool serves(const ConvShape& shape);

/// Floats of the packed filters.
std::int64_t packed_size(const ConvShape& shape, Precision precision);
void pack(const ConvShape& shape, Precision precision, const float* w, float* packed);

/// y = conv(x) + bias + residual (each may be null; residual may be y), and max(0, that) with relu.
void forward(Stream& stream, const ConvShape& shape, Precision precision, int count, const float* x,
             const float* packed, const float* bias, const float* residual, bool relu, float* y);

}  // namespace fedscape::kernels::bf16
