#pragma once

#include "kernels/conv.hpp"

/// Convolution as matrix products over lowered samples (im2col), for every shape; one model, count >= 1 samples.
/// Serves the shapes for which oneDNN has no fast kernel.
namespace fedscape::kernels::lowered {

/// y = conv + bias (+ residual, which may be y), then relu; bias and residual may be null.
void forward(Stream& stream, const ConvShape& shape, int count, const float* x, const float* w, const float* bias,
             const float* residual, bool relu, float* y);
void backward_data(Stream& stream, const ConvShape& shape, int count, const float* dy, const float* w, float* dx);
void backward_weights(Stream& stream, const ConvShape& shape, int count, const float* x, const float* dy, float* dw);

}  // namespace fedscape::kernels::lowered
