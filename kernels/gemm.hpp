#pragma once

#include "fedscape/ops/batch.hpp"
#include "kernels/backend.hpp"

/// Bodies of ops/gemm.hpp. Row m of x, y, dy and dx is model m's [B,I] or [B,O]; absent slots have data null.
namespace fedscape::kernels {

FEDSCAPE_KERNEL(void, linear_forward, Stream&, const Batch&, int I, int O, Slot<const float> x, Slot<const float> w,
                Slot<const float> bias, bool relu, Slot<float> y);
FEDSCAPE_KERNEL(void, linear_backward_data, Stream&, const Batch&, int I, int O, Slot<const float> dy,
                Slot<const float> w, Slot<float> dx);
FEDSCAPE_KERNEL(void, linear_backward_weights, Stream&, const Batch&, int I, int O, Slot<const float> x,
                Slot<const float> dy, Slot<float> dw, Slot<float> dbias);

}  // namespace fedscape::kernels
