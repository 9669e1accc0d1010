#pragma once

#include "kernels/conv.hpp"

/// Convolutions of 3x3 filters by Winograd's F(4x4, 3x3): a quarter of the multiplications. Filters are first brought
/// to the 36 points, "packed"; one sample is one map [height, width, channels]. Sums have one order: the bits of a
/// sample's outputs do not depend on the samples beside it.
namespace fedscape::kernels::winograd {

/// Whether a shape is one of these convolutions and gains, forward and in the gradient of its weights.
bool serves(const ConvShape& shape);
/// Whether the gradient of its input gains, whose tiles are others.
bool serves_backward_data(const ConvShape& shape);

/// Floats of the packed filters.
std::int64_t packed_size(const ConvShape& shape);
/// w [filters, taps, taps, channels] for forward, or for backward_data.
void pack(const ConvShape& shape, const float* w, float* packed);
void pack_backward(const ConvShape& shape, const float* w, float* packed);

/// y = conv(x) + bias + residual (each may be null; residual may be y), and max(0, that) with relu.
void forward(Stream& stream, const ConvShape& shape, int count, const float* x, const float* packed, const float* bias,
             const float* residual, bool relu, float* y);
/// packed by pack_backward.
void backward_data(Stream& stream, const ConvShape& shape, int count, const float* dy, const float* packed, float* dx);
void backward_weights(Stream& stream, const ConvShape& shape, int count, const float* x, const float* dy, float* dw);

}  // namespace fedscape::kernels::winograd
