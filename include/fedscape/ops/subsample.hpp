#pragma once

#include "fedscape/device/stream.hpp"
#include "fedscape/ops/batch.hpp"

namespace fedscape::ops {

/// y[.., i, j, first + c] = x[.., i * stride, j * stride, c], zero in the other channels of y, first = (Cy - Cx) / 2.
/// x [M|1,B,H,W,Cx], y [M,B,ceil(H / stride),ceil(W / stride),Cy] with Cy >= Cx: the shortcut of ResNet, option A.
void subsample_forward(Stream& stream, const Batch& batch, int stride, View<const float> x, View<float> y);
/// The gradient at x, zero where nothing was taken.
void subsample_backward(Stream& stream, const Batch& batch, int stride, View<const float> dy, View<float> dx);

}  // namespace fedscape::ops
