#pragma once

#include "fedscape/device/stream.hpp"
#include "fedscape/ops/batch.hpp"

namespace fedscape::ops {

/// y[m,b,o] = sum over i of w[m][o,i] * x[m,b,i] + bias[m][o], and max(0, that) with relu.
/// x [M|1,B,I], w of each model [O,I], bias [O] or absent, y [M,B,O].
void linear_forward(Stream& stream, const Batch& batch, View<const float> x, Slot<const float> w,
                    Slot<const float> bias, bool relu, View<float> y);
/// dx[m,b,i] = sum over o of dy[m,b,o] * w[m][o,i].   dy [M,B,O], dx [M,B,I].
void linear_backward_data(Stream& stream, const Batch& batch, View<const float> dy, Slot<const float> w,
                          View<float> dx);
/// dw[m][o,i] = sum over b of dy[m,b,o] * x[m,b,i]; dbias[m][o] = sum over b of dy[m,b,o] unless absent.
void linear_backward_weights(Stream& stream, const Batch& batch, View<const float> x, View<const float> dy,
                             Slot<float> dw, Slot<float> dbias);

}  // namespace fedscape::ops
