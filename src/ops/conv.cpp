#include "fedscape/ops/conv.hpp"

#include <limits>

#include "kernels/conv.hpp"
#include "src/ops/operands.hpp"

namespace fedscape::ops {

namespace {

/// One axis in 64 bits: whether the (dilated) kernel fits the padded input and no int overflows on the way.
void check_axis(const char* axis, std::int64_t size, std::int64_t kernel, std::int64_t stride, std::int64_t pad,
                std::int64_t dilation) {
  FEDSCAPE_CHECK(size >= 1 && kernel >= 1 && stride >= 1 && pad >= 0 && dilation >= 1,
                 "convolution {}: size {}, kernel {}, stride {}, padding {}, dilation {}", axis, size, kernel, stride,
                 pad, dilation);
  const std::int64_t padded = size + 2 * pad, span = dilation * (kernel - 1) + 1;
  FEDSCAPE_CHECK(padded <= std::numeric_limits<int>::max() && span <= padded,
                 "convolution {}: a kernel that spans {} does not fit {} with padding {}", axis, span, size, pad);
}

}  // namespace

void ConvShape::check() const {
  check_axis("rows", height, kernel_y, stride_y, pad_y, dilation_y);
  check_axis("columns", width, kernel_x, stride_x, pad_x, dilation_x);
  FEDSCAPE_CHECK(channels >= 1 && filters >= 1 && groups >= 1 && channels % groups == 0 && filters % groups == 0,
                 "convolution: {} groups for {} channels and {} filters", groups, channels, filters);
}

void conv_forward(Stream& stream, const ConvShape& shape, const Batch& batch, View<const float> x, Slot<const float> w,
                  Slot<const float> bias, bool relu, View<float> y) {
  shape.check();
  check_batch("conv_forward", batch);
  const Slot<const float> x_rows = input_rows("conv_forward", "x", batch, x, shape.input());
  const Slot<float> y_rows = model_rows("conv_forward", "y", batch, y, shape.output());
  kernels::dispatch(stream,
                    [&](auto on) { kernels::conv_forward(on, stream, shape, batch, x_rows, w, bias, relu, y_rows); });
}

void conv_backward_data(Stream& stream, const ConvShape& shape, const Batch& batch, View<const float> dy,
                        Slot<const float> w, View<float> dx) {
  shape.check();
  check_batch("conv_backward_data", batch);
  const Slot<const float> dy_rows = model_rows("conv_backward_data", "dy", batch, dy, shape.output());
  const Slot<float> dx_rows = model_rows("conv_backward_data", "dx", batch, dx, shape.input());
  kernels::dispatch(stream,
                    [&](auto on) { kernels::conv_backward_data(on, stream, shape, batch, dy_rows, w, dx_rows); });
}

void conv_backward_weights(Stream& stream, const ConvShape& shape, const Batch& batch, View<const float> x,
                           View<const float> dy, Slot<float> dw, Slot<float> dbias) {
  shape.check();
  check_batch("conv_backward_weights", batch);
  const Slot<const float> x_rows = input_rows("conv_backward_weights", "x", batch, x, shape.input());
  const Slot<const float> dy_rows = model_rows("conv_backward_weights", "dy", batch, dy, shape.output());
  kernels::dispatch(
      stream, [&](auto on) { kernels::conv_backward_weights(on, stream, shape, batch, x_rows, dy_rows, dw, dbias); });
}

std::int64_t conv_packed_size(Stream& stream, const ConvShape& shape, int batch_size, Precision precision) {
  FEDSCAPE_CHECK(precision != Precision::tf32, "conv_packed_size: weights are packed in float32 for tf32");
  shape.check();
  FEDSCAPE_CHECK(batch_size >= 1, "weights packed for batches of {}", batch_size);
  return kernels::dispatch(
      stream, [&](auto on) { return kernels::conv_packed_size(on, stream, shape, batch_size, precision); });
}

void conv_pack(Stream& stream, const ConvShape& shape, int batch_size, int models, Slot<const float> w,
               View<float> packed, Precision precision) {
  const Shape expected{models, conv_packed_size(stream, shape, batch_size, precision)};
  FEDSCAPE_CHECK(packed.shape == expected, "packed is {}, expected {}", packed.shape.text(), expected.text());
  kernels::dispatch(stream, [&](auto on) {
    kernels::conv_pack(on, stream, shape, batch_size, precision, models, w, {packed.data, packed.shape[1]});
  });
}

void conv_forward_packed(Stream& stream, const ConvShape& shape, const Batch& batch, View<const float> x,
                         Slot<const float> packed, Slot<const float> bias, View<const float> residual, bool relu,
                         View<float> y, Precision precision) {
  shape.check();
  check_batch("conv_forward_packed", batch);
  const Slot<const float> x_rows = input_rows("conv_forward_packed", "x", batch, x, shape.input());
  const Slot<float> y_rows = model_rows("conv_forward_packed", "y", batch, y, shape.output());
  Slot<const float> residual_rows;
  if (!residual.empty()) residual_rows = model_rows("conv_forward_packed", "residual", batch, residual, shape.output());
  kernels::dispatch(stream, [&](auto on) {
    kernels::conv_forward_packed(on, stream, shape, precision, batch, x_rows, packed, bias, residual_rows, relu,
                                 y_rows);
  });
}

}  // namespace fedscape::ops
