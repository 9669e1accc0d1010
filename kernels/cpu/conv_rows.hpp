#pragma once

#include "kernels/conv.hpp"

/// Convolutions with few filters or channels, for which kernels in blocks of 16 compute much that is not there. What a
/// filter meets on one row of the input lies side by side in memory, so rows of outputs and of gradients are products
/// of matrices that are read where they are. Bits of a sample's outputs do not depend on the samples beside it.
namespace fedscape::kernels::rows {

/// Few filters: y[oy, ox, k] = sum over ky of x[oy * stride + ky, ox * stride .. + kernel_x, :] . w[k, ky, :, :].
bool serves_forward(const ConvShape& shape);
void forward(Stream& stream, const ConvShape& shape, int count, const float* x, const float* w, const float* bias,
             bool relu, float* y);

/// Few channels: what each output's gradient gives to the inputs under it is added to them.
bool serves_backward_data(const ConvShape& shape);
void backward_data(Stream& stream, const ConvShape& shape, int count, const float* dy, const float* w, float* dx);

/// Few filters: dw[k, ky, :, :] = sum over outputs of dy[oy, ox, k] times the inputs that filter k meets on row ky.
bool serves_backward_weights(const ConvShape& shape);
void backward_weights(Stream& stream, const ConvShape& shape, int count, const float* x, const float* dy, float* dw);

}  // namespace fedscape::kernels::rows
