#pragma once

#include "fedscape/ops/conv.hpp"
#include "kernels/backend.hpp"

/// Bodies of ops/conv.hpp. Row m of x, y, dy and dx is model m's [B,height,width,channels]; absent slots have data
/// null.
namespace fedscape::kernels {

using ops::ConvPass, ops::ConvShape;

FEDSCAPE_KERNEL(void, conv_forward, Stream&, const ConvShape&, const Batch&, Slot<const float> x, Slot<const float> w,
                Slot<const float> bias, bool relu, Slot<float> y);
FEDSCAPE_KERNEL(void, conv_backward_data, Stream&, const ConvShape&, const Batch&, Slot<const float> dy,
                Slot<const float> w, Slot<float> dx);
FEDSCAPE_KERNEL(void, conv_backward_weights, Stream&, const ConvShape&, const Batch&, Slot<const float> x,
                Slot<const float> dy, Slot<float> dw, Slot<float> dbias);
FEDSCAPE_KERNEL(std::int64_t, conv_packed_size, Stream&, const ConvShape&, int batch_size, Precision);
FEDSCAPE_KERNEL(void, conv_pack, Stream&, const ConvShape&, int batch_size, Precision, int models, Slot<const float> w,
                Slot<float> packed);
FEDSCAPE_KERNEL(void, conv_forward_packed, Stream&, const ConvShape&, Precision, const Batch&, Slot<const float> x,
                Slot<const float> packed, Slot<const float> bias, Slot<const float> residual, bool relu, Slot<float> y);

}  // namespace fedscape::kernels
